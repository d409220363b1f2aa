/**
 * A process of the pictures: takes its part from the variable STAGE_PART, waits for a line on standard input, then
 * listens and talks until it is ended. The first line of a conversation, from the one who began it, says how fast the
 * other side is to send and how.
 */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import type { Call, Listener, Pace, Part } from './screenshot-cast.ts';

const TICK_MILLIS = 50;
const RETRY_MILLIS = 300;
const CHUNK = new Uint8Array(1 << 20).fill(120);

/** Rate as a share of what was agreed; `phase` sets conversations apart. Never the same twice, always alike. */
function paceAt(pace: Pace, seconds: number, phase: number): number {
  const wave = Math.sin((seconds + phase) / 5) * 0.6 + Math.sin((seconds + phase) / 1.9) * 0.3;
  switch (pace) {
    case 'steady':
      return 1;
    case 'wave':
      return Math.max(0.05, 1 + wave);
    case 'burst':
      return wave > 0.35 ? 2.5 : 0.02;
  }
}

/** Sends until the socket closes; what the socket does not take is not caught up with. */
function sendAt(socket: Socket, bytesPerSecond: number, pace: Pace, phase: number): void {
  let owed = 0;
  const timer = setInterval(() => {
    owed += (bytesPerSecond * paceAt(pace, performance.now() / 1000, phase) * TICK_MILLIS) / 1000;
    const bytes = Math.min(Math.floor(owed), CHUNK.length);
    owed -= bytes;
    if (bytes > 0 && !socket.writableNeedDrain) socket.write(CHUNK.subarray(0, bytes));
  }, TICK_MILLIS);
  socket.on('close', () => clearInterval(timer));
}

function answer(socket: Socket): void {
  let head = '';
  // Whoever began has gone away: the conversation is over.
  socket.on('error', () => socket.destroy());
  const readHead = (chunk: Uint8Array): void => {
    head += Buffer.from(chunk).toString('latin1');
    const end = head.indexOf('\n');
    if (end < 0) return;
    socket.off('data', readHead);
    socket.resume();
    const { asks, pace, phase } = JSON.parse(head.slice(0, end));
    sendAt(socket, Number(asks), pace, Number(phase));
  };
  socket.on('data', readHead);
}

function begin(call: Call, phase: number): void {
  const { address: host, port, from, sends, asks, pace, lastsMillis } = call;
  const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) });
  socket.on('connect', () => {
    socket.write(`${JSON.stringify({ asks, pace, phase })}\n`);
    sendAt(socket, sends, pace, phase);
    if (lastsMillis !== undefined)
      setTimeout(() => socket.end(), lastsMillis * (0.5 + ((phase * 7) % 10) / 10));
  });
  socket.resume();
  // The other side may not be there yet, or have ended: again, in a moment.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => setTimeout(begin, RETRY_MILLIS, call, phase + 1));
}

function listen({ protocol, address, port }: Listener): void {
  if (protocol === 'udp') createSocket('udp4').bind(port, address);
  else createServer(answer).listen(port, address);
}

function play(part: Part): void {
  part.listeners.forEach(listen);
  let phase = part.name.length;
  for (const call of part.calls) for (let n = 0; n < call.count; n++) begin(call, phase++ * 3);
}

const part: Part = JSON.parse(process.env['STAGE_PART'] ?? '{"name":"actor","listeners":[],"calls":[]}');
writeFileSync('/proc/self/comm', part.name);
process.stdin.once('data', () => play(part));
process.stdout.write('ready\n');
