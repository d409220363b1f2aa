/** Connects to each HOST PORT in turn, and prints the code of each error, or `open`. */
import { connect } from 'node:net';

const words = process.argv.slice(2);
const codes: string[] = [];
for (let i = 0; i < words.length; i += 2) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: words[i]!, port: Number(words[i + 1]) });
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  socket.once('connect', () => resolve('open'));
  codes.push(await promise);
}
process.stdout.write(JSON.stringify(codes));
process.exit(0);
