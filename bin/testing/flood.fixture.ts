/**
 * Floods a port until it is killed: its number, how many connections at once, what each sends first and is answered (may
 * be empty), and what it then sends over and over without reading; the last two in hexadecimal.
 */
import { connect } from 'node:net';

const CHUNK_BYTES = 200_000;

const [port, connections] = process.argv.slice(2, 4).map(Number);
const [opening, part] = process.argv.slice(4, 6).map((text) => Buffer.from(text, 'hex'));
const chunk = Buffer.concat(Array<Buffer>(Math.ceil(CHUNK_BYTES / part!.length)).fill(part!));

function next(): void {
  const socket = connect(port!, '127.0.0.1');
  const send = (): void => {
    if (socket.destroyed) return;
    // One chunk for each connection in turn.
    if (socket.write(chunk)) setImmediate(send);
    else socket.once('drain', send);
  };
  const begin = (): void => {
    socket.pause();
    send();
  };
  socket.on('connect', () => {
    if (opening!.length === 0) begin();
    else socket.write(opening!);
  });
  if (opening!.length > 0) socket.once('data', begin);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => setTimeout(next, 1));
}

for (let i = 0; i < connections!; i++) next();
