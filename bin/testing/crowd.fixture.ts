/**
 * Processes with rows in every view, on loopback addresses that nobody else uses. Ends when its standard input does.
 *
 *   crowd.fixture.ts TAG COUNT       the leader, TAG-00: 40 listening ports, 16 connections; starts the others
 *   crowd.fixture.ts TAG member N    TAG-N: a listening port; number 7 talks to itself without end
 *
 * Each prints one JSON line when it is ready: the leader all PIDs, a member its own.
 */
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { linesOf } from './traffic.ts';

const LEADER_PORTS = 40;
const LEADER_CONNECTIONS = 16;
const TALKATIVE = 7;
const TALK_MILLIS = 50;

const [tag = '', mode = '', number = '0'] = process.argv.slice(2);
const block = `127.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`;

function named(place: number): void {
  writeFileSync('/proc/self/comm', `${tag}-${String(place).padStart(2, '0')}`);
}

function listening(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.once('error', reject);
  });
}

async function lead(count: number): Promise<readonly number[]> {
  named(0);
  for (let i = 1; i <= LEADER_PORTS; i++) {
    const port = await listening(`${block}.${i}`);
    if (i <= LEADER_CONNECTIONS) await connected(`${block}.${i}`, port);
  }
  const members = Array.from({ length: count - 1 }, (_, i) => {
    return Bun.spawn([process.execPath, import.meta.path, tag, 'member', String(i + 1)], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    });
  });
  await Promise.all(members.map((member) => linesOf(member.stdout).next()));
  return [process.pid, ...members.map((member) => member.pid)];
}

async function join(place: number): Promise<readonly number[]> {
  named(place);
  const port = await listening(`${block}.1`);
  if (place === TALKATIVE) {
    const socket = await connected(`${block}.1`, port);
    const words = new Uint8Array(4096);
    setInterval(() => socket.write(words), TALK_MILLIS);
  }
  return [process.pid];
}

const pids = mode === 'member' ? await join(Number(number)) : await lead(Number(mode));
process.stdout.write(`${JSON.stringify(pids)}\n`);
for await (const _chunk of Bun.stdin.stream());
process.exit(0);
