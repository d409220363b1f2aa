import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { AgentProcess } from './testing/agent-process.ts';
import {
  type Attack,
  again,
  clientFrame,
  noise,
  Opcode,
  rawWebSocket,
  silentConnections,
} from './testing/hostile-clients.ts';
import { OriginalClient } from './testing/original-client.ts';

const TOKEN = 'hostile-test-token';
const ATTACK_MILLIS = 6000;
const LIMIT_MILLIS = 60_000;
const POLL_MILLIS = 100;
/** The client's own patience; the machine may be loaded by the attack itself. */
const REPLY_MILLIS = 3000;
const GROWTH_LIMIT_BYTES = 160 << 20;
/** However many events there are. */
const LINES_LIMIT = 400;

let agent: AgentProcess;

beforeAll(async () => {
  agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN } });
});

afterAll(async () => {
  await agent?.close();
});

function residentBytes(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** Polls as the client does while an attack goes on; fails where a reply is missed. */
async function beside(start: () => Attack | Promise<Attack>, mayOthersCome = true): Promise<void> {
  const linesBefore = agent.lines.length;
  const client = await OriginalClient.open(agent.port, { token: TOKEN });
  await client.ask('get_processes');
  const attack = await start();
  const startBytes = residentBytes();
  let mostBytes = 0;
  let slowestMillis = 0;
  let replies = 0;
  try {
    const until = performance.now() + ATTACK_MILLIS;
    while (performance.now() < until) {
      for (const request of ['get_metrics', 'get_disks', 'get_processes']) {
        const asked = performance.now();
        const late = Bun.sleep(REPLY_MILLIS).then(() => 'late' as const);
        const answer = await Promise.race([client.ask(request), late]);
        expect(answer).not.toBe('late');
        slowestMillis = Math.max(slowestMillis, performance.now() - asked);
        replies++;
      }
      mostBytes = Math.max(mostBytes, residentBytes());
      await Bun.sleep(POLL_MILLIS);
    }
    if (mayOthersCome) {
      const another = await OriginalClient.open(agent.port, { token: TOKEN });
      await another.ask('get_disks');
      another.close();
    }
  } finally {
    attack.end();
    client.close();
  }
  const lines = agent.lines.length - linesBefore;
  const grownMegabytes = (mostBytes - startBytes) / 2 ** 20;
  process.stderr.write(
    `${replies} replies, slowest ${slowestMillis.toFixed(0)} ms, +${grownMegabytes.toFixed(1)} MiB, ${lines} log lines\n`,
  );
  expect(replies).toBeGreaterThan(10);
  expect(mostBytes - startBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
  expect(lines).toBeLessThan(LINES_LIMIT);
}

/** Upgraded connections again and again, each with what `once` sends. */
function upgradedAgain(bytes: () => Buffer): Attack {
  return again(agent.port, (socket) => {
    socket.write(
      `GET /ws?token=${TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    socket.once('data', () => socket.write(bytes()));
  });
}

describe('the well-behaved client misses no reply beside', () => {
  const cases: readonly (readonly [name: string, start: () => Attack | Promise<Attack>])[] = [
    [
      'a gzip bomb, in a frame that is not compressed and in one that says it is',
      () => {
        const bomb = gzipSync(Buffer.alloc(64 << 20));
        let isCompressed = false;
        return upgradedAgain(() => {
          isCompressed = !isCompressed;
          return clientFrame(Opcode.BINARY, bomb.subarray(0, 4096), { isCompressed });
        });
      },
    ],
    ['frames of 16 MB', () => upgradedAgain(() => clientFrame(Opcode.TEXT, Buffer.alloc(16 << 20, 'x')))],
    [
      'a frame in parts without end',
      () => {
        const part = clientFrame(Opcode.CONTINUATION, Buffer.alloc(1024, 'x'), { isLast: false });
        const first = clientFrame(Opcode.TEXT, Buffer.alloc(1024, 'x'), { isLast: false });
        return upgradedAgain(() => Buffer.concat([first, ...Array<Buffer>(2000).fill(part)]));
      },
    ],
    [
      'half frames',
      () => upgradedAgain(() => clientFrame(Opcode.TEXT, Buffer.from('get_'), { saidLength: 4000 })),
    ],
    ['half requests', () => again(agent.port, (socket) => socket.write('GET /metrics HTTP/1.1\r\nHo'), 500)],
    ['5,000 silent TCP connections', () => silentConnections(agent.port, 5000)],
    ['random bytes', () => again(agent.port, noise)],
    [
      'floods of pings',
      () =>
        upgradedAgain(() =>
          Buffer.concat(Array<Buffer>(5000).fill(clientFrame(Opcode.PING, Buffer.from('ping')))),
        ),
    ],
    ['bodies that are too long', () => again(agent.port, (socket) => socket.write(tooLong()))],
  ];
  for (const [name, start] of cases) {
    test(name, () => beside(start), LIMIT_MILLIS);
  }

  test(
    'clients that never read',
    async () => {
      const attack = async (): Promise<Attack> => {
        const sockets = await Promise.all(Array.from({ length: 20 }, () => rawWebSocket(agent.port, TOKEN)));
        const requests = Buffer.concat(
          Array<Buffer>(16).fill(clientFrame(Opcode.TEXT, Buffer.from('get_processes'))),
        );
        const timer = setInterval(() => {
          for (const socket of sockets) {
            if (!socket.destroyed) socket.write(requests);
          }
        }, 20);
        for (const socket of sockets) {
          socket.on('error', () => socket.destroy());
          socket.pause();
        }
        return {
          end() {
            clearInterval(timer);
            for (const socket of sockets) socket.destroy();
          },
        };
      };
      await beside(attack);
      expect(agent.lines.some((line) => line.includes('too many requests that wait for an answer'))).toBe(
        true,
      );
    },
    LIMIT_MILLIS,
  );

  // The last one: for some seconds afterwards this address is not listened to.
  test(
    'wrong tokens at full speed',
    () => {
      const wrong = 'GET /ws?token=wrong HTTP/1.1\r\nHost: x\r\n\r\n';
      return beside(() => again(agent.port, (socket) => socket.end(wrong), 16), false);
    },
    LIMIT_MILLIS,
  );
});

function tooLong(): Buffer {
  return Buffer.from(
    `POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n${'x'.repeat(1 << 20)}`,
  );
}
