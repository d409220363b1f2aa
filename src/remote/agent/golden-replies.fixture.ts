import type { MachineCollector, NetworkCollector, Platform } from '../../data/sample/platform.ts';
import { gunzipWithin, isGzip } from '../../kit/bytes/gzip-member.ts';
import { GOLDEN_USERS, GoldenMachine } from '../../programs/golden-machine.fixture.ts';
import { GoldenNetwork } from '../../programs/golden-network.fixture.ts';
import type { Frame } from '../wire/original-protocol.ts';
import { readV2Frame, v2Frame } from '../wire/v2-frame.ts';
import { readV2Request } from '../wire/v2-request.ts';
import { AnswerSource } from './answers/answer-source.ts';
import { OriginalAnswers } from './answers/original-answers.ts';
import { CapabilityAnswers, V2Answers } from './answers/v2-answers.ts';
import { MetricsPage } from './metrics/metrics-page.ts';
import { AgentSamples } from './samples/agent-samples.ts';

const INFLATED_LIMIT_BYTES = 1 << 24;
const PID = 1000;
const TTL_MILLIS = 250;
const OPTIONS = {
  ...{ metricsTtlMillis: TTL_MILLIS, processesTtlMillis: TTL_MILLIS, disksTtlMillis: TTL_MILLIS },
  ...{ gpus: true, temperatures: true, sniff: false },
};

/** An answer as it is kept: its name and its text, bytes as hexadecimal. */
export type GoldenReply = readonly [name: string, text: string];

/** The made-up machine and network as an agent asks them. */
class GoldenPlatform implements Platform {
  readonly machine = new GoldenMachine();
  readonly network = new GoldenNetwork();
  readonly host = {
    ...{ hostName: 'web-1', bootId: 'boot', bootWallMillis: Date.UTC(2024, 0, 1) },
    ...{ clockTicksPerSecond: 100, pageSizeBytes: 4096 },
  };
  readonly signaller = { send: () => 'not-permitted' as const };

  monotonicMicros(): number {
    return this.machine.world.monotonicMicros;
  }

  openMachine(): MachineCollector {
    const { machine } = this;
    return {
      collectMachine: () => machine.machine(),
      collectDisks: () => Promise.resolve(machine.world.disks()),
      // Between two samples of processes time goes by, also where a reply waits for a second one.
      collectProcesses: () => {
        machine.step();
        const section = machine.processes();
        const commandLines = section.processes.names.map((name, i) => `/usr/bin/${name} --number ${i}`);
        return Promise.resolve({ ...section, commandLines });
      },
      collectProcess: (pid) => {
        machine.step();
        return Promise.resolve(machine.processDetail(pid));
      },
      collectJournal: (pid) => Promise.resolve(machine.journal(pid)),
      close: () => undefined,
    };
  }

  openNetwork(): NetworkCollector {
    const { network } = this;
    return {
      tier: 'netlink',
      collect: () => Promise.resolve(network.collect()),
      drainClosings: () => undefined,
      drainWithinMillis: () => Number.POSITIVE_INFINITY,
      commandLine: (pid) => network.commandLine(pid),
      cgroup: (pid) => network.cgroup(pid),
      close: () => undefined,
    };
  }

  tierReports(): [] {
    return [];
  }

  userName(uid: number): string {
    return GOLDEN_USERS[uid] ?? String(uid);
  }
}

/** Every reply of both protocols and both formats of /metrics; the wall clock has to stand still meanwhile. */
export async function goldenReplies(): Promise<GoldenReply[]> {
  const platform = new GoldenPlatform();
  const samples = new AgentSamples(platform, OPTIONS);
  try {
    return [...(await repliesOf(platform, samples)), ...metricsPages()];
  } finally {
    samples.close();
  }
}

async function repliesOf(platform: GoldenPlatform, samples: AgentSamples): Promise<GoldenReply[]> {
  const source = new AnswerSource(samples, true);
  const replies: GoldenReply[] = [];
  const original = new OriginalAnswers(source);
  const peer = { hasAskedProcesses: false };
  for (const request of [
    ...['get_disks', 'get_metrics', 'get_processes', 'get_metrics', 'get_processes'],
    ...[`get_process_metrics:${PID}`, `get_journal_entries:${PID}`, 'get_nothing'],
  ]) {
    platform.machine.step();
    const place = replies.length + 1;
    replies.push([
      `original-${place}-${request.replace(/:.*/, '')}`,
      textOf(await original.answer(request, peer)),
    ]);
  }
  const identity = { version: '1.2.3', platformName: 'linux' };
  const v2 = new V2Answers(source, new CapabilityAnswers(platform, identity, OPTIONS, source));
  const position = { sequence: 0 };
  for (const [at, fields] of V2_FIELDS.entries()) {
    for (let i = 0; i < 2; i++) platform.machine.step();
    const request = readV2Request(JSON.stringify({ id: at + 1, ...fields }));
    if ('error' in request) throw request.error;
    const frame = v2Frame(request.id, await v2.answer(request, position));
    const { isJson, bytes } = readV2Frame(frame, INFLATED_LIMIT_BYTES);
    replies.push([`v2-${at + 1}-${fields.request}`, isJson ? jsonText(bytes) : hexText(bytes)]);
  }
  return replies;
}

const V2_FIELDS = [
  ...[{ request: 'get_metrics' }, { request: 'get_disks' }, { request: 'get_processes' }],
  ...[{ request: 'get_processes' }, { request: 'get_processes', full: true }, { request: 'get_network' }],
  ...[{ request: 'get_network' }, { request: 'get_processes' }],
  ...[
    { request: 'get_process_metrics', pid: PID },
    { request: 'get_journal_entries', pid: PID },
  ],
];

/** The page twice, so that its counters are those of two samples. */
function metricsPages(): GoldenReply[] {
  const machine = new GoldenMachine();
  const network = new GoldenNetwork();
  const page = new MetricsPage();
  const agent = { version: '1.2.3', clientCount: 4, cpuMicros: 1_500_000 };
  const formats = ['text', 'openmetrics'] as const;
  return formats.map((format) => {
    machine.step();
    const snapshot = { ...machine.snapshot(), network: network.step().section };
    const bytes = page.encode({ snapshot, isNetworkWanted: true, agent }, format);
    return [`metrics-${format}`, new TextDecoder().decode(bytes)];
  });
}

function textOf(frame: Frame): string {
  if (typeof frame === 'string') return `${frame}\n`;
  const bytes = isGzip(frame) ? gunzipWithin(frame, INFLATED_LIMIT_BYTES) : frame;
  return bytes[0] === 0x7b || bytes[0] === 0x5b ? jsonText(bytes) : hexText(bytes);
}

function jsonText(bytes: Uint8Array): string {
  return `${new TextDecoder().decode(bytes)}\n`;
}

function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replaceAll(/.{1,100}/g, '$&\n');
}
