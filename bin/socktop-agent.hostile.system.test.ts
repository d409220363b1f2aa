import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { AgentProcess } from './testing/agent-process.ts';
import {
  type Attack,
  again,
  clientFrame,
  flood,
  noise,
  Opcode,
  rawWebSocket,
  silentConnections,
  upgradeRequest,
} from './testing/hostile-clients.ts';
import { OriginalClient } from './testing/original-client.ts';

const TOKEN = 'hostile-test-token';
const ATTACK_MILLIS = 6000;
const LIMIT_MILLIS = 60_000;
const POLL_MILLIS = 100;
/** A reply that takes longer is not waited for. */
const REPLY_MILLIS = 10_000;
/** The slowest reply, though the machine is loaded by the attack itself. */
const SLOWEST_LIMIT_MILLIS = 1000;
const GROWTH_LIMIT_BYTES = 64 << 20;
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
  const startBytes = residentBytes();
  const attack = await start();
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
  expect(slowestMillis).toBeLessThan(SLOWEST_LIMIT_MILLIS);
  expect(mostBytes - startBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
  expect(lines).toBeLessThan(LINES_LIMIT);
}

/** Upgraded connections again and again, each with what `once` sends. */
function upgradedAgain(bytes: () => Buffer): Attack {
  return again(agent.port, (socket) => {
    socket.write(upgradeRequest(TOKEN));
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

  for (const connections of [1, 4, 32]) {
    for (const path of ['/healthz', `/metrics?token=${TOKEN}`, '/nothing']) {
      const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const name = `${path.split('?', 1)[0]} without waiting, on ${connections} connections at once`;
      test(name, () => beside(() => flood(agent.port, { connections, bytes })), LIMIT_MILLIS);
    }
    for (const [protocol, texts] of [
      ['socktop.v2', ['{}']],
      ['socktop.v2', ['', '{"id":1,"request":"get_nothing"}', '[', 'x']],
      ['socktop.v2', ['{"id":1,"request":"get_metrics"}', '{"id":2,"request":"get_processes","full":true}']],
      [undefined, ['{}', 'get_nothing', '']],
      [undefined, ['get_metrics', 'get_disks', 'get_process_metrics:1']],
    ] as const) {
      const bytes = Buffer.concat(texts.map((text) => clientFrame(Opcode.TEXT, Buffer.from(text))));
      const opening = upgradeRequest(TOKEN, protocol);
      test(
        `${protocol ?? 'original'} requests '${texts.join("', '")}' without waiting, on ${connections} connections`,
        () => beside(() => flood(agent.port, { connections, opening, bytes })),
        LIMIT_MILLIS,
      );
    }
  }

  for (const [name, bytes] of [
    ['long pings', clientFrame(Opcode.PING, Buffer.alloc(125, 'p'))],
    ['empty pings', clientFrame(Opcode.PING, Buffer.alloc(0))],
    ['pongs', clientFrame(Opcode.PONG, Buffer.alloc(125, 'p'))],
    ['empty parts of a frame', clientFrame(Opcode.TEXT, Buffer.alloc(0), { isLast: false })],
  ] as const) {
    const opening = upgradeRequest(TOKEN);
    test(
      `${name} without end on 60 connections that read nothing`,
      () => beside(() => flood(agent.port, { connections: 60, opening, bytes })),
      LIMIT_MILLIS,
    );
  }

  test(
    'half a frame in each of 1,000 connections, which stay',
    () =>
      beside(async () => {
        const half = clientFrame(Opcode.TEXT, Buffer.alloc(4000, 'x'), { saidLength: 4090 });
        const sockets = await Promise.all(
          Array.from({ length: 1000 }, () => rawWebSocket(agent.port, TOKEN)),
        );
        for (const socket of sockets) {
          socket.on('error', () => socket.destroy());
          socket.write(half);
        }
        return {
          end() {
            for (const socket of sockets) socket.destroy();
          },
        };
      }),
    LIMIT_MILLIS,
  );

  test(
    'scrapes that are never read, one for each of 64 connections, again and again',
    () => {
      const scrape = `GET /metrics?token=${TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n`;
      return beside(() =>
        again(
          agent.port,
          (socket) => {
            socket.pause();
            socket.write(scrape);
            setTimeout(() => socket.destroy(), 200);
          },
          64,
        ),
      );
    },
    LIMIT_MILLIS,
  );

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
      expect(agent.lines.some((line) => line.includes('too many pending requests'))).toBe(true);
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
