import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { untilInState, untilRuns } from '../platforms/linux/testdata/test-slices.fixture.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { OriginalClient, type OriginalFrame } from './testing/original-client.ts';

/** The original's number: a payload of more bytes is compressed. */
const GZIP_ABOVE_BYTES = 768;
/** By default a sample of processes answers for 1.5 s. */
const PAST_PROCESSES_TTL_MILLIS = 1600;
const TOKEN = 'changeme';
const isRoot = process.geteuid?.() === 0;

interface Metrics {
  readonly sampled_at_ms: number;
  readonly cpu_total: number;
  readonly cpu_per_core: readonly number[];
  readonly mem_total: number;
  readonly mem_used: number;
  readonly swap_total: number;
  readonly swap_used: number;
  readonly hostname: string;
  readonly cpu_temp_c: number | null;
  readonly disks: readonly Disk[];
  readonly networks: readonly {
    readonly name: string;
    readonly received: number;
    readonly transmitted: number;
  }[];
  readonly top_processes: readonly { readonly pid: number; readonly name: string }[];
  readonly gpus: readonly object[] | null;
  readonly process_count: number | null;
}

interface Disk {
  readonly name: string;
  readonly total: number;
  readonly available: number;
  readonly temperature: number | null;
  readonly is_partition: boolean;
}

interface Detail {
  readonly pid: number;
  readonly name: string;
  readonly cpu_usage: number;
  readonly child_processes: readonly Detail[];
  readonly threads: readonly Record<string, unknown>[];
  readonly [field: string]: unknown;
}

let agent: AgentProcess;
let client: OriginalClient;

beforeAll(async () => {
  agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN } });
  client = await OriginalClient.open(agent.port, { token: TOKEN });
});

afterAll(async () => {
  client?.close();
  await agent?.close();
});

function meminfo(field: string): number {
  return (
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024
  );
}

function run(...command: readonly string[]): string {
  return Bun.spawnSync([...command]).stdout.toString();
}

/** Received and transmitted bytes of an interface. */
function netDev(name: string): readonly [number, number] {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((candidate) => candidate.trim().startsWith(`${name}:`));
  const fields = (line ?? '').split(':')[1]?.trim().split(/\s+/).map(Number) ?? [];
  return [fields[0]!, fields[8]!];
}

function expectEncoding({ isText, isGzip, payload }: OriginalFrame): void {
  expect([isGzip, payload.length > GZIP_ABOVE_BYTES]).toEqual(
    payload.length > GZIP_ABOVE_BYTES ? [true, true] : [false, false],
  );
  if (isGzip) expect(isText).toBe(false);
}

describe('get_metrics', () => {
  test('has every field, and the kernel’s figures', async () => {
    const before = netDev('lo');
    const frame = await client.ask('get_metrics');
    expectEncoding(frame);
    const metrics = JSON.parse(frame.payload.toString()) as Metrics;
    const after = netDev('lo');
    expect(Object.keys(metrics).sort()).toEqual(
      [
        ...['sampled_at_ms', 'cpu_total', 'cpu_per_core', 'mem_total', 'mem_used', 'swap_total', 'swap_used'],
        ...['hostname', 'cpu_temp_c', 'disks', 'networks', 'top_processes', 'gpus', 'process_count'],
      ].sort(),
    );
    expect(Math.abs(metrics.sampled_at_ms - Date.now())).toBeLessThan(10_000);
    expect(metrics.hostname).toBe(hostname());
    expect(metrics.mem_total).toBe(meminfo('MemTotal'));
    expect(metrics.swap_total).toBe(meminfo('SwapTotal'));
    const used = meminfo('MemTotal') - meminfo('MemAvailable');
    expect(Math.abs(metrics.mem_used - used) / metrics.mem_total).toBeLessThan(0.05);
    expect(metrics.cpu_per_core.length).toBe(readFileSync('/proc/stat', 'utf8').match(/^cpu\d/gm)!.length);
    for (const share of [metrics.cpu_total, ...metrics.cpu_per_core]) {
      expect(share >= 0 && share <= 100).toBe(true);
    }
    const loopback = metrics.networks.find(({ name }) => name === 'lo')!;
    expect(loopback.received >= before[0] && loopback.received <= after[0]).toBe(true);
    expect(loopback.transmitted >= before[1] && loopback.transmitted <= after[1]).toBe(true);
  });

  test('shows disks and top processes where they are fresh anyway', async () => {
    const other = await OriginalClient.open(agent.port, { token: TOKEN });
    await client.processes();
    await client.ask('get_disks');
    await Bun.sleep(300);
    const metrics = await other.json<Metrics>('get_metrics');
    expect(metrics.top_processes.length).toBeGreaterThan(1);
    expect(metrics.top_processes.length).toBeLessThanOrEqual(50);
    expect(metrics.process_count).toBeGreaterThan(1);
    // Who asks for all processes takes those in the metrics for all there are, and the original panics over it.
    expect((await client.json<Metrics>('get_metrics')).top_processes).toEqual([]);
    other.close();
  });

  test('shares of CPU are those of /proc/stat over the same time', async () => {
    const ticks = (): readonly [number, number] => {
      const [user, nice, system, idle, iowait, irq, softirq, steal] = /^cpu +(.*)$/m
        .exec(readFileSync('/proc/stat', 'utf8'))![1]!
        .split(' ')
        .map(Number) as number[];
      const busy = user! + nice! + system! + irq! + softirq! + steal!;
      return [busy, busy + idle! + iowait!];
    };
    // Whatever the moments of the agent's samples were, they lie between our own readings.
    await client.ask('get_metrics');
    await Bun.sleep(300);
    const first = ticks();
    await client.ask('get_metrics');
    const second = ticks();
    await Bun.sleep(1000);
    const third = ticks();
    const { cpu_total } = await client.json<Metrics>('get_metrics');
    const fourth = ticks();
    const least = (100 * (third[0] - second[0] - 1)) / (fourth[1] - first[1] + 1);
    const most = (100 * (fourth[0] - first[0] + 1)) / (third[1] - second[1] - 1);
    expect([cpu_total >= least, cpu_total <= most]).toEqual([true, true]);
  });
});

test('get_disks is what df says, each file system once', async () => {
  const disks = await client.json<Disk[]>('get_disks');
  expect(new Set(disks.map(({ name }) => name)).size).toBe(disks.length);
  const df = run('df', '-B1', '--output=source,size,avail').split('\n').slice(1);
  const known = df.map((line) => line.trim().split(/\s+/));
  for (const disk of disks) {
    expect(Object.keys(disk).sort()).toEqual(['available', 'is_partition', 'name', 'temperature', 'total']);
    const row = known.find(([source]) => source?.endsWith(`/${disk.name}`));
    if (row === undefined) continue;
    expect(disk.total).toBe(Number(row[1]));
    expect(Math.abs(disk.available - Number(row[2])) / disk.total).toBeLessThan(0.02);
  }
});

describe('get_processes', () => {
  test('is protobuf that another decoder reads, all processes and no threads', async () => {
    const resident = (): number =>
      Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * pageSize();
    const pids = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const before = new Set(pids());
    const residentBefore = resident();
    const { count, rows } = await client.processes();
    const lasting = pids().filter((pid) => before.has(pid));
    const shown = new Map(rows.map((row) => [String(row.pid), row]));
    expect(count).toBe(rows.length);
    expect(lasting.filter((pid) => !shown.has(pid))).toEqual([]);
    expect(rows.every(({ cpuUsage }) => cpuUsage >= 0 && cpuUsage <= 100)).toBe(true);
    const own = shown.get(String(process.pid))!;
    expect(own.name).toBe(readFileSync('/proc/self/comm', 'utf8').trim());
    const bounds = [residentBefore, resident()];
    expect(own.memBytes).toBeGreaterThan(Math.min(...bounds) * 0.8);
    expect(own.memBytes).toBeLessThan(Math.max(...bounds) * 1.2);
  });

  test('a busy process has the share that its clock says', async () => {
    const busy = Bun.spawn(['sh', '-c', 'while :; do :; done'], { stdout: 'ignore' });
    try {
      const used = (): number => {
        const fields = readFileSync(`/proc/${busy.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
        return (Number(fields[11]) + Number(fields[12])) / clockTicks();
      };
      const now = (): readonly [number, number] => [performance.now() / 1000, used()];
      await client.processes();
      await Bun.sleep(PAST_PROCESSES_TTL_MILLIS);
      const first = now();
      await client.processes();
      const second = now();
      await Bun.sleep(PAST_PROCESSES_TTL_MILLIS);
      const third = now();
      const { rows } = await client.processes();
      const fourth = now();
      const shown = rows.find(({ pid }) => pid === busy.pid)!.cpuUsage;
      const cores = navigator.hardwareConcurrency;
      const share = (seconds: number, ofSeconds: number): number => (100 * seconds) / ofSeconds / cores;
      // User and system time are rounded, each by itself.
      const tick = 2 / clockTicks();
      expect(shown).toBeGreaterThan(0);
      expect(shown).toBeGreaterThanOrEqual(share(third[1] - second[1] - tick, fourth[0] - first[0]));
      expect(shown).toBeLessThanOrEqual(share(fourth[1] - first[1] + tick, third[0] - second[0]));
    } finally {
      busy.kill('SIGKILL');
      await busy.exited;
    }
  });

  test.skipIf(!isRoot)(
    'is not compressed where it is short (needs root for a namespace of few processes)',
    async () => {
      const few = await AgentProcess.start({ prefix: ['unshare', '--pid', '--fork', '--mount-proc'] });
      const lonely = await OriginalClient.open(few.port);
      try {
        const frame = await lonely.ask('get_processes');
        expect([frame.isText, frame.isGzip]).toEqual([false, false]);
        const { rows } = await lonely.processes();
        expect(rows.map(({ pid, name }) => [pid, name])).toEqual([[1, 'socktop-agent']]);
      } finally {
        lonely.close();
        // unshare passes no signal on, and ends with its child.
        for (const pid of childrenOf(few.pid)) process.kill(pid, 'SIGTERM');
        await few.close();
      }
    },
  );
});

describe('one process', () => {
  test('in depth is what /proc says', async () => {
    const child = Bun.spawn(['sh', '-c', 'sleep 60 & wait'], { cwd: '/tmp', stdout: 'ignore' });
    try {
      while (childrenOf(child.pid).length === 0) await Bun.sleep(5);
      await untilRuns(childrenOf(child.pid)[0]!, 'sleep 60');
      await untilInState(child.pid, 'S');
      const look = () =>
        client.json<{ process: Detail; cached_at: number }>(`get_process_metrics:${child.pid}`);
      let { process: detail, cached_at } = await look();
      // Children are as fresh as the table of processes.
      while (detail.child_processes.length === 0) ({ process: detail, cached_at } = await look());
      expect(Math.abs(cached_at - Date.now() / 1000)).toBeLessThan(10);
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const ofStatus = (name: string): number =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
      expect(detail).toMatchObject({
        pid: child.pid,
        name: 'sh',
        command: 'sh -c sleep 60 & wait',
        parent_pid: process.pid,
        user_id: process.getuid?.(),
        group_id: process.getgid?.(),
        thread_count: 1,
        fd_count: readdirSync(`/proc/${child.pid}/fd`).length,
        status: 'Sleeping',
        working_directory: '/tmp',
        executable_path: readlinkSync(`/proc/${child.pid}/exe`),
        virtual_mem_bytes: ofStatus('VmSize') * 1024,
      });
      const started = Number(run('ps', '-o', 'etimes=', '-p', String(child.pid)));
      expect(Math.abs(Number(detail['start_time']) - (Date.now() / 1000 - started))).toBeLessThan(3);
      expect(detail.threads).toHaveLength(1);
      expect(Object.keys(detail.threads[0]!).sort()).toEqual(
        ['cpu_time_system', 'cpu_time_user', 'name', 'status', 'tid'].sort(),
      );
      expect(detail.child_processes.map(({ name }) => name)).toEqual(['sleep']);
      expect(detail.child_processes[0]).toMatchObject({ command: 'sleep 60', group_id: process.getgid?.() });
      expect(detail.child_processes[0]!['virtual_mem_bytes']).toBeGreaterThan(0);
    } finally {
      for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL');
      child.kill('SIGKILL');
      await child.exited;
    }
  });

  test('that is not there is an error in one line', async () => {
    const error = await client.json<Record<string, unknown>>('get_process_metrics:4000000');
    expect(error).toMatchObject({ request: 'get_process_metrics', pid: 4_000_000 });
    expect(error['error']).toBe('Process 4000000 not found');
  });

  test('has a journal, or an error that says why not', async () => {
    const journal = await client.json<Record<string, unknown>>(`get_journal_entries:${process.pid}`);
    if ('error' in journal) {
      expect(journal).toMatchObject({ request: 'get_journal_entries', pid: process.pid });
    } else {
      expect(Object.keys(journal).sort()).toEqual(
        ['cached_at', 'entries', 'notice', 'total_count', 'truncated'].sort(),
      );
      expect(Array.isArray(journal['entries'])).toBe(true);
    }
  });
});

describe('the conversation', () => {
  test('replies come in the order of the requests', async () => {
    for (const request of [
      'get_processes',
      'get_disks',
      'nonsense',
      'get_metrics',
      'get_process_metrics:1',
    ]) {
      client.send(request);
    }
    expect((await client.next()).payload[0]).not.toBe(0x7b);
    expect((await client.next()).payload.toString()).toStartWith('[');
    expect(JSON.parse((await client.next()).payload.toString())).toMatchObject({ code: 'BAD_REQUEST' });
    expect(JSON.parse((await client.next()).payload.toString())).toHaveProperty('cpu_total');
    expect(JSON.parse((await client.next()).payload.toString())).toHaveProperty('process.pid', 1);
  });

  test('without a token there is no journal', async () => {
    const open = await AgentProcess.start();
    const guest = await OriginalClient.open(open.port);
    try {
      expect(await guest.json(`get_journal_entries:${process.pid}`)).toMatchObject({ code: 'NO_TOKEN' });
    } finally {
      guest.close();
      await open.close();
    }
  });
});

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function pageSize(): number {
  return Number(run('getconf', 'PAGESIZE'));
}

function clockTicks(): number {
  return Number(run('getconf', 'CLK_TCK'));
}
