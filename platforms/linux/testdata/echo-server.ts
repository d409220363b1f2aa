// A server in a process of its own: answers every connection's first bytes with as many and one more, and ends it.
// Says its port on a line of its own, and ends when standard input does.
const listener = Bun.listen({
  hostname: '127.0.0.1',
  port: 0,
  allowHalfOpen: true,
  socket: {
    data(socket, data) {
      socket.write(new Uint8Array(data.length + 1));
      // Not closed before the client's end has come: of a closed socket that waits for it the kernel keeps a remnant
      // once its own end is acknowledged alone, which a client does that lets 40 ms pass.
      socket.shutdown();
    },
    end(socket) {
      socket.end();
    },
  },
});
process.stdout.write(`${listener.port}\n`);
await Bun.stdin.text();
process.exit(0);
export {};
