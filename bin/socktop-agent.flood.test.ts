import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { AgentProcess } from './testing/agent-process.ts';
import { clientFrame, Opcode, upgradeRequest } from './testing/hostile-clients.ts';
import { OriginalClient } from './testing/original-client.ts';

const TOKEN = 'flood-test-token';
/** Far more than the agent takes from one connection, and what 0.1 answered to the last one. */
const COUNT = 2000;

let agent: AgentProcess;

beforeAll(async () => {
  agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN } });
});

afterAll(async () => {
  await agent?.close();
});

/** What comes back, until the agent closes the connection. */
function answersTo(send: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = connect(agent.port, '127.0.0.1', () => send(socket));
    socket.on('data', (part) => parts.push(part));
    // The agent does not read the rest, so its end may come as a reset.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')));
  });
}

/** The same request many times over, without waiting for an answer. */
function pipelined(request: string): Promise<string> {
  return answersTo((socket) => socket.write(request.repeat(COUNT)));
}

/** Frames behind one another on a WebSocket. */
function framed(opcode: number, payload: string, protocol?: string): Promise<string> {
  return answersTo((socket) => {
    socket.write(upgradeRequest(TOKEN, protocol));
    const frames = Buffer.concat(Array<Buffer>(COUNT).fill(clientFrame(opcode, Buffer.from(payload))));
    socket.once('data', () => socket.write(frames));
  });
}

/** Final ones: 100 is none. */
function statusesIn(answers: string): number[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)]
    .map((match) => Number(match[1]))
    .filter((status) => status !== 100);
}

describe('of requests that are sent without waiting one is answered', () => {
  const body = '{"request":"get_metrics"}';
  const requests: Record<string, readonly [head: string, body?: string]> = {
    'the state': ['GET /healthz HTTP/1.1\r\nHost: x'],
    'the state, kept alive': ['GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: keep-alive'],
    'the state, by HTTP/1.0': ['GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\nHost: x'],
    'the head of it': ['HEAD /healthz HTTP/1.1\r\nHost: x'],
    metrics: [`GET /metrics?token=${TOKEN} HTTP/1.1\r\nHost: x`],
    'metrics without the token': ['GET /metrics HTTP/1.1\r\nHost: x'],
    'a WebSocket without the token': [
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket',
    ],
    nothing: ['GET / HTTP/1.1\r\nHost: x'],
    'a host that is none': ['GET /healthz HTTP/1.1\r\nHost: [x'],
    'two hosts': ['GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x'],
    'no host': ['GET /healthz HTTP/1.1'],
    'the options': ['OPTIONS /healthz HTTP/1.1\r\nHost: x'],
    'a body': [`POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}`, body],
    'a body in chunks': ['POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked', '1\r\na\r\n0\r\n\r\n'],
    'a body that is asked for': [
      `POST /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${body.length}`,
      body,
    ],
    'a body that is too long': ['POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999'],
  };
  for (const [name, [head, content = '']] of Object.entries(requests)) {
    test(name, async () => {
      // The server below may add one for what it takes for broken.
      expect(statusesIn(await pipelined(`${head}\r\n\r\n${content}`)).length).toBeLessThanOrEqual(2);
    });
  }

  test('and who waits is told that the connection ends', async () => {
    for (const [path, status] of [
      ['/healthz', 200],
      [`/metrics?token=${TOKEN}`, 200],
      ['/metrics', 401],
      ['/nothing', 404],
    ] as const) {
      const answer = await answersTo((socket) => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
      expect([path, ...statusesIn(answer)]).toEqual([path, status]);
      expect(answer).toMatch(/^connection: close\r$/im);
    }
  });
});

describe('a client with the token that does not wait', () => {
  for (const protocol of ['socktop.v2', undefined]) {
    for (const text of ['{}', '', '[', 'get_nothing', '{"id":1,"request":"get_metrics"}', 'get_disks']) {
      test(`is refused: ${protocol ?? 'original'} '${text}'`, async () => {
        const answers = await framed(Opcode.TEXT, text, protocol);
        expect(answers).toContain('too many requests that wait for an answer');
      });
    }
  }

  test('is refused for pings and pongs, however long', async () => {
    for (const payload of ['', 'p'.repeat(125)]) {
      for (const opcode of [Opcode.PING, Opcode.PONG]) {
        expect(await framed(opcode, payload)).toContain('too many pings');
      }
    }
  });

  test('and may send some pings at once', async () => {
    const pings = Buffer.concat(Array<Buffer>(20).fill(clientFrame(Opcode.PING, Buffer.from('here'))));
    const answers = await answersTo((socket) => {
      let pongs = '';
      socket.write(upgradeRequest(TOKEN));
      socket.once('data', () => socket.write(pings));
      socket.on('data', (part) => {
        pongs += part.toString('latin1');
        if (pongs.split('here').length === 21) socket.end();
      });
    });
    expect(answers).not.toContain('too many');
  });

  test('and the others are answered', async () => {
    const client = await OriginalClient.open(agent.port, { token: TOKEN });
    expect(await client.json('get_disks')).toBeArray();
    client.close();
  });
});
