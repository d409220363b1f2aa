import { afterEach, describe, expect, test } from 'bun:test';
import { keptPort } from '../../../bin/testing/agent-process.ts';
import { parseRule } from '../../data/alerts/parse-rule.ts';
import { NetworkRates } from '../../data/rates/network-rates.ts';
import { USAGE_COLUMNS } from '../../data/schema/process-columns.ts';
import { rejectionOf } from '../../kit/bytes/hostile.fixture.ts';
import type { RunningAgent } from '../agent/agent.ts';
import { selfSigned } from './certificates.fixture.ts';
import { agentHere, nowMicros, sourceOf, until } from './remote.fixture.ts';
import type { RemoteSource } from './remote-source.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;
const LONG_MILLIS = 60_000;
const agents: RunningAgent[] = [];
const sources: RemoteSource[] = [];

afterEach(async () => {
  for (const source of sources.splice(0)) source.close();
  for (const agent of agents.splice(0)) await agent.stop();
});

function start(options: Parameters<typeof agentHere>[0] = {}): RunningAgent {
  const agent = agentHere(options);
  agents.push(agent);
  return agent;
}

function connect(port: number, options: Parameters<typeof sourceOf>[1] = {}): RemoteSource {
  const source = sourceOf(port, options);
  sources.push(source);
  return source;
}

describe('an agent of this machine', () => {
  test(
    'tells every section, with its own time, over TLS and with a token',
    async () => {
      const pair = await selfSigned();
      const { port } = start({ pair, token: 'secret' });
      const source = connect(port, { pair, token: 'secret' });
      expect(await source.firstContact).toBeUndefined();
      const want = {
        ...{ machine: true, disks: true, network: true, processDetail: process.pid },
        machineProcesses: { visiblePids: [process.pid], columns: USAGE_COLUMNS },
      };
      const first = await source.sample(want, FOR_EVER);
      expect(first.errors).toEqual([]);
      expect(first.header.epoch).toBeGreaterThan(0);
      expect(first.machine?.cpu.value?.times.count).toBeGreaterThan(1);
      expect(first.machine?.memory.value?.totalBytes).toBeGreaterThan(1e6);
      const { processes, usage } = first.machineProcesses!;
      const own = processes.find(process.pid);
      expect(processes.names[own]).not.toBe('');
      expect(usage.readBytes[own]).toBeGreaterThanOrEqual(0);
      expect(first.machineProcesses?.texts?.users[own]).not.toBeUndefined();
      expect(first.processDetail?.process.pid).toBe(process.pid);
      expect(first.processDetail?.threads.length).toBeGreaterThan(0);
      expect(first.network?.owners.slots.count).toBeGreaterThan(0);
      const serial = processes.slots.serial[own];
      const second = await source.sample(want, FOR_EVER);
      expect(second.header.monotonicMicros).toBeGreaterThanOrEqual(first.header.monotonicMicros);
      expect(second.machineProcesses?.processes.slots.serial[own]).toBe(serial);
      const rates = new NetworkRates();
      if (second.network !== undefined) rates.update(second.network, second.header);
      expect(source.status).toMatchObject({
        ...{ phase: 'live', isEncrypted: true, hasToken: true, protocol: 'socktop.v2' },
        ...{ notice: undefined, reason: undefined },
      });
      expect(source.status.latencyMicros).toBeGreaterThan(0);
      expect(source.capabilities?.hasToken).toBe(true);
    },
    LONG_MILLIS,
  );

  test('that wants another token is not asked again by itself', async () => {
    const { port } = start({ token: 'secret' });
    const source = connect(port, { token: 'wrong' });
    expect(await source.firstContact).toMatchObject({
      ...{ code: 'HTTP_401', message: 'the agent needs another token (HTTP 401)' },
    });
    const none = connect(port);
    expect(await none.firstContact).toMatchObject({ message: 'the agent needs a token (HTTP 401)' });
    expect(source.status).toMatchObject({ phase: 'lost', nextTryMillis: undefined });
    expect((await source.sample({ machine: true }, FOR_EVER)).errors).toMatchObject([{ code: 'LOST' }]);
  });

  test('is told from what else may listen there, each in its own words', async () => {
    const pair = await selfSigned();
    const reason = async (source: RemoteSource): Promise<string> =>
      (await source.firstContact)?.message ?? '';
    expect(await reason(connect(start({ pair }).port))).toContain('does it need wss://?');
    expect(await reason(connect(start().port, { pair }))).toContain('does not speak TLS');
    const web = Bun.serve({ port: 0, fetch: () => new Response('hello') });
    expect(await reason(connect(web.port ?? 0))).toBe('not an agent (HTTP 200)');
    await web.stop(true);
    const headers = { long: 'x'.repeat(20_000) };
    const wordy = Bun.serve({ port: 0, fetch: () => new Response('', { headers }) });
    expect(await reason(connect(wordy.port ?? 0))).toContain('response headers are too long');
    await wordy.stop(true);
    const forbidding = Bun.serve({ port: 0, fetch: () => new Response('', { status: 403 }) });
    expect(await reason(connect(forbidding.port ?? 0))).toContain('try an IP address (HTTP 403)');
    await forbidding.stop(true);
    const other = Bun.listen({
      ...{ hostname: '127.0.0.1', port: 0 },
      socket: { open: (socket) => void socket.write('SSH-2.0-x\r\n'), data: () => undefined },
    });
    expect(await reason(connect(other.port))).toBe('not an agent');
    other.stop(true);
    // Another kind of WebSocket, and a server that answers everybody with the same.
    const replies = ['Sec-WebSocket-Protocol: chat', 'Sec-WebSocket-Accept: AAAA'].map(
      (line) => `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${line}\r\n\r\n`,
    );
    for (const reply of replies) {
      const switching = Bun.listen({
        ...{ hostname: '127.0.0.1', port: 0 },
        socket: { data: (socket) => void socket.write(reply) },
      });
      expect(await reason(connect(switching.port))).toBe('not an agent: it opens no WebSocket');
      switching.stop(true);
    }
    const closing = Bun.listen({
      ...{ hostname: '127.0.0.1', port: 0, tls: { cert: pair.certificatePem, key: pair.keyPem } },
      socket: { data: (socket) => void socket.end() },
    });
    expect(await reason(connect(closing.port, { pair }))).toBe('connection closed by the other end');
    closing.stop(true);
  });

  test('says why it cannot tell something, and tells the rest', async () => {
    const { port } = start();
    const source = connect(port);
    const snapshot = await source.sample({ machine: true, processDetail: 4_000_000, journal: 1 }, FOR_EVER);
    expect(snapshot.machine).toBeDefined();
    expect(snapshot.processDetail).toBeUndefined();
    expect(snapshot.errors.map(({ code }) => code)).toEqual(['ESRCH', 'NO_TOKEN']);
  });
});

describe('a connection that ends', () => {
  test(
    'is found again, and another agent there is another epoch',
    async () => {
      const port = keptPort();
      start({ port });
      const source = connect(port);
      const { header } = await source.sample({ machine: true }, FOR_EVER);
      await agents.pop()?.stop();
      await until(source, () => source.status.phase === 'lost');
      expect(source.status.reason).toBe('connection closed by the agent');
      expect(source.status.answeredMillis).toBeLessThanOrEqual(Date.now());
      const lost = await source.sample({ machine: true }, FOR_EVER);
      expect(lost).toMatchObject({ header: { epoch: header.epoch }, errors: [{ code: 'LOST' }] });
      await until(source, () => source.status.reason?.includes('refused') === true);
      await Bun.sleep(2);
      start({ port });
      await until(source, () => source.status.phase === 'live');
      const after = await source.sample({ machine: true, machineProcesses: { visiblePids: [] } }, FOR_EVER);
      expect(after.header.epoch).not.toBe(header.epoch);
      expect(after.errors).toEqual([]);
      expect(source.status).toMatchObject({ nextTryMillis: undefined, reason: undefined });
    },
    LONG_MILLIS,
  );

  test(
    'is tried at once when asked for',
    async () => {
      const port = keptPort();
      start({ port });
      const source = connect(port);
      await source.firstContact;
      await agents.pop()?.stop();
      // After some failures the delays are seconds.
      const waitsMillis = (): number => (source.status.nextTryMillis ?? 0) - Date.now();
      await until(source, () => waitsMillis() > 3000);
      const plannedMillis = source.status.nextTryMillis!;
      start({ port });
      source.retry();
      await until(source, () => source.status.phase === 'live');
      expect(Date.now()).toBeLessThan(plannedMillis);
    },
    LONG_MILLIS,
  );

  test('leaves nothing waiting when the source is closed', async () => {
    const source = connect(start().port);
    await source.firstContact;
    const pending = source.sample({ network: true, machine: true }, FOR_EVER);
    source.close();
    source.close();
    expect(await rejectionOf(pending)).toBe('CLOSED');
    expect(await rejectionOf(source.sample({ machine: true }, FOR_EVER))).toBe('CLOSED');
  });
});

test('a deadline ends the waiting, and what comes late answers the next call', async () => {
  const source = connect(start().port);
  await source.firstContact;
  expect(await rejectionOf(source.sample({ machineProcesses: { visiblePids: [] } }, nowMicros()))).toBe(
    'DEADLINE',
  );
  const { machineProcesses } = await source.sample({ machineProcesses: { visiblePids: [] } }, FOR_EVER);
  expect(machineProcesses?.processes.find(process.pid)).toBeGreaterThanOrEqual(0);
});

test('rules that the agent watches by come with what else is asked for; an agent without any is asked once', async () => {
  const rule = parseRule('memory>0', 'any');
  if ('error' in rule) throw new Error(rule.error);
  const alerts = { ...{ rules: [rule.rule], exec: undefined, webhookUrl: undefined }, runProgram: neverRun };
  const watched = connect(start({ alerts }).port);
  const { alerts: told } = await watched.sample({ machine: true, alerts: true }, FOR_EVER);
  expect(told?.alerts).toMatchObject([{ name: 'any', text: 'memory>0', unit: 'percent' }]);
  const source = connect(start().port);
  for (const requests of [2, 3, 4]) {
    const { alerts: none, errors } = await source.sample({ machine: true, alerts: true }, FOR_EVER);
    expect([none, errors]).toEqual([undefined, []]);
    // One of them is for the capabilities; the first sample asks for two things.
    expect(source.meter.requests).toBe(requests + 1);
  }
});

function neverRun(): never {
  throw new TypeError('nothing is to be run');
}
