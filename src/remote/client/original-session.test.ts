import { afterEach, describe, expect, test } from 'bun:test';
import { CpuUsage } from '../../data/rates/cpu-rates.ts';
import { machinePercent, ProcessCpu } from '../../data/rates/process-rates.ts';
import type { OriginalMetrics, OriginalProcess } from '../wire/original-metrics.ts';
import type { OriginalReply } from '../wire/original-protocol.ts';
import { encodeOriginalReply } from '../wire/original-reply.fixture.ts';
import { sourceOf, until } from './remote.fixture.ts';
import type { RemoteSource } from './remote-source.ts';
import { type PeerSocket, WebSocketPeer } from './web-socket-peer.fixture.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;
const METRICS: OriginalMetrics = {
  ...{ sampled_at_ms: 1_700_000_000_000, cpu_total: 25, cpu_per_core: [10, 40], hostname: 'old-1' },
  ...{ mem_total: 1000, mem_used: 400, swap_total: 0, swap_used: 0, cpu_temp_c: 51.5 },
  ...{ disks: [], top_processes: [], process_count: undefined },
  networks: [
    { name: 'lo', received: 5, transmitted: 5 },
    { name: 'eth0', received: 100, transmitted: 200 },
  ],
  gpus: [
    {
      ...{ name: 'GeForce', vendor: 'NVIDIA', utilization_gpu_pct: 3, temp_c: 40 },
      ...{ mem_used_bytes: 1, mem_total_bytes: 2 },
    },
  ],
};
const PROCESSES: readonly OriginalProcess[] = [
  { pid: 1, name: 'init', cpu_usage: 0, mem_bytes: 100 },
  { pid: 7, name: 'busy', cpu_usage: 50, mem_bytes: 200 },
];

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** An agent of the original protocol that answers as it is told. */
async function peerWith(
  reply: (request: string) => OriginalReply | undefined,
): Promise<{ readonly source: RemoteSource; readonly asked: string[]; readonly peer: WebSocketPeer }> {
  const asked: string[] = [];
  const received = (text: string, socket: PeerSocket): void => {
    asked.push(text);
    const answer = reply(text);
    if (answer === undefined) return;
    const frame = encodeOriginalReply(answer);
    if (typeof frame === 'string') socket.text(frame);
    else socket.binary(frame);
  };
  const peer = await WebSocketPeer.listen({ isV2: false, received });
  const source = sourceOf(peer.port);
  open.push(source, peer);
  return { source, asked, peer };
}

function usual(request: string): OriginalReply | undefined {
  if (request === 'get_metrics') return { reply: 'get_metrics', metrics: METRICS };
  if (request === 'get_processes') {
    return { reply: 'get_processes', processes: { process_count: 9, rows: PROCESSES } };
  }
  return undefined;
}

describe('an agent of the original', () => {
  test('is served with what it has', async () => {
    const { source, peer } = await peerWith(usual);
    expect(await source.firstContact).toBeUndefined();
    const want = { machine: true, machineProcesses: { visiblePids: [] }, network: true };
    const { header, machine, machineProcesses, errors } = await source.sample(want, FOR_EVER);
    expect(header.hostName).toBe('old-1');
    expect(machine?.memory.value).toMatchObject({ totalBytes: 1000, usedBytes: 400, swapTotalBytes: 0 });
    expect(machine?.memory.value?.freeBytes).toBeNaN();
    expect(machine?.cpu.value).toMatchObject({ onlineCount: 2, load1: undefined, uptimeSeconds: undefined });
    expect(machine?.sensors.value?.cpu?.celsius).toBe(51.5);
    expect(machine?.gpus.value).toMatchObject([{ name: 'GeForce', vendor: 'nvidia', utilizationPercent: 3 }]);
    const { slots, names, isUplink, rxBytes } = machine!.networks.value!;
    const eth0 = [...slots.rows.subarray(0, slots.count)].find((slot) => names[slot] === 'eth0')!;
    expect([isUplink[eth0], rxBytes[eth0]]).toEqual([1, 100]);
    const facts = { processCount: 9, coreCount: 2, memoryTotalBytes: 1000, isCpuTimeWhole: false };
    expect(machineProcesses).toMatchObject(facts);
    const { processes } = machineProcesses!;
    expect([processes.threads[processes.find(7)], processes.uid[processes.find(7)]]).toEqual([-1, -1]);
    expect(errors).toMatchObject([{ code: 'ENOTSUP' }]);
    expect(source.status).toMatchObject({ phase: 'live', protocol: 'original' });
    expect(source.status.notice).toContain('original agent');
    // The offer that it passed over ends a connection by the rules of the API: the second is without.
    expect(peer.handshakes).toHaveLength(2);
    expect(peer.handshakes[1]).not.toContain('socktop.v2');
  });

  test('tells shares, which come out again as it told them', async () => {
    let sampledMillis = 1_700_000_000_000;
    const { source } = await peerWith((request) => {
      sampledMillis += 20;
      return request === 'get_metrics'
        ? { reply: 'get_metrics', metrics: { ...METRICS, sampled_at_ms: sampledMillis } }
        : usual(request);
    });
    const cpu = new CpuUsage();
    const processCpu = new ProcessCpu();
    for (let i = 0; i < 3; i++) {
      await Bun.sleep(20);
      const { header, machine, machineProcesses } = await source.sample(
        { machine: true, machineProcesses: { visiblePids: [] } },
        FOR_EVER,
      );
      cpu.update(machine!.cpu.value!.times);
      processCpu.update(machineProcesses!.processes, machineProcesses!.monotonicMicros, header);
      if (i === 0) continue;
      const slot = machineProcesses!.processes.find(7);
      expect(machinePercent(processCpu.corePercent[slot]!, 2)).toBeCloseTo(50, 3);
    }
    expect([...cpu.percent.subarray(0, 3)].map(Math.round)).toEqual([25, 10, 40]);
  });

  test('whose clock is set while it tells has the shares and rates that it tells', async () => {
    // By an hour back, by a year on, to where it stood still, and to before 1970.
    const steps = [0, -3_600_000, 31_536_000_000, 0, -2e12];
    let asked = 0;
    const { source } = await peerWith((request) => {
      if (request !== 'get_metrics') return usual(request);
      const sampled_at_ms = Math.max(0, 1_700_000_000_000 + 20 * asked + steps[asked++ % steps.length]!);
      return { reply: 'get_metrics', metrics: { ...METRICS, sampled_at_ms } };
    });
    const cpu = new CpuUsage();
    let lastMicros = 0;
    for (let i = 0; i < 12; i++) {
      await Bun.sleep(5);
      const { machine, errors } = await source.sample({ machine: true }, FOR_EVER);
      expect(errors).toEqual([]);
      expect(machine!.monotonicMicros).toBeGreaterThan(lastMicros);
      // Never by the step of the clock.
      if (i > 0) expect(machine!.monotonicMicros - lastMicros).toBeLessThan(60e6);
      lastMicros = machine!.monotonicMicros;
      cpu.update(machine!.cpu.value!.times);
      if (i > 0) expect(Math.round(cpu.total)).toBe(25);
    }
  });

  test('that ends the connection without an answer perhaps wants a token', async () => {
    const peer = await WebSocketPeer.listen({
      ...{ isV2: false, received: (_text: string, socket: PeerSocket) => socket.end() },
    });
    const source = sourceOf(peer.port);
    open.push(source, peer);
    const error = await source.firstContact;
    expect(error?.message).toContain('token');
  });

  test('is another epoch after each connection: it does not say whether it was restarted', async () => {
    const { source, peer } = await peerWith(usual);
    const { header } = await source.sample({ machine: true }, FOR_EVER);
    for (const { socket } of peer.sockets) socket.destroy();
    await until(source, () => source.status.phase === 'lost');
    source.retry();
    await until(source, () => source.status.phase === 'live');
    expect((await source.sample({ machine: true }, FOR_EVER)).header.epoch).not.toBe(header.epoch);
  });
});
