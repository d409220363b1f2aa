import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { AgentProcess } from './testing/agent-process.ts';
import { clientFrame, Opcode, upgradeRequest } from './testing/hostile-clients.ts';
import { OriginalClient } from './testing/original-client.ts';

const TOKEN = 'flood-test-token';
/** Far more than the agent takes from one connection, and what 0.1 answered to the last one. */
const COUNT = 2000;
/** After this time a connection that the agent leaves open is closed here. */
const PATIENCE_MILLIS = 15_000;

/** One for each kind of test: an address that shows wrong tokens is not looked at for a moment. */
let agent: AgentProcess;

async function startAgent(): Promise<void> {
  agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN } });
}

async function closeAgent(): Promise<void> {
  await agent?.close();
}

/** What comes back until the agent closes the connection, or until it is enough. */
function answersTo(
  send: (socket: Socket) => void,
  isEnough: (answers: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let answers = '';
    const socket = connect(agent.port, '127.0.0.1');
    socket.on('error', reject);
    socket.on('connect', () => {
      // The agent does not read the rest, so its end may come as a reset.
      socket.off('error', reject);
      socket.on('error', () => socket.destroy());
      send(socket);
    });
    socket.on('data', (part) => {
      answers += part.toString('latin1');
      if (isEnough(answers)) socket.destroy();
    });
    socket.setTimeout(PATIENCE_MILLIS, () => socket.destroy());
    socket.on('close', () => resolve(answers));
  });
}

/** Final ones: 100 is none. */
function statusesIn(answers: string): number[] {
  const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
  return statuses.filter((status) => status !== 100);
}

/** The statuses of the same request many times over, without waiting for an answer. */
async function pipelined(request: string): Promise<number[]> {
  const isTooMuch = (answers: string): boolean => statusesIn(answers).length > 2;
  return statusesIn(await answersTo((socket) => socket.write(request.repeat(COUNT)), isTooMuch));
}

/** What comes back to frames behind one another on a WebSocket; the last one ends it. */
function framed(opcode: number, payload: string, protocol?: string): Promise<string> {
  const frames = Array<Buffer>(COUNT).fill(clientFrame(opcode, Buffer.from(payload)));
  const all = Buffer.concat([...frames, clientFrame(Opcode.CLOSE, Buffer.alloc(0))]);
  return answersTo((socket) => {
    socket.write(upgradeRequest(TOKEN, protocol));
    socket.once('data', () => socket.write(all));
  });
}

describe('of requests that are sent without waiting one is answered', () => {
  beforeAll(startAgent);
  afterAll(closeAgent);

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
      expect((await pipelined(`${head}\r\n\r\n${content}`)).length).toBeLessThanOrEqual(2);
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
  beforeAll(startAgent);
  afterAll(closeAgent);

  for (const protocol of ['socktop.v2', undefined]) {
    for (const text of ['{}', '', '[', 'get_nothing', '{"id":1,"request":"get_metrics"}', 'get_disks']) {
      test(`is refused: ${protocol ?? 'original'} '${text}'`, async () => {
        const answers = await framed(Opcode.TEXT, text, protocol);
        expect(answers).toContain('too many pending requests');
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
