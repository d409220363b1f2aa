// A server in a process of its own: answers every connection's first bytes with as many and one more, then closes it.
// Says its port on a line of its own, and ends when standard input does.
const listener = Bun.listen({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    data(socket, data) {
      socket.end(new Uint8Array(data.length + 1));
    },
  },
});
process.stdout.write(`${listener.port}\n`);
await Bun.stdin.text();
process.exit(0);
export {};
