import { release } from 'node:os';
import { OpError } from '../../src/kit/errors/op-error.ts';
import type { Family, Side, VethNetwork } from './veth-network.ts';
import { type KnownReport, KnownTraffic } from './veth-traffic.ts';

/**
 * What a tier that polls can know of a case: `long` connections are there when it looks; `brief` ones come and go
 * between two looks, but their processes stay; of `flash` ones the processes come and go as well.
 */
export type Lifetime = 'long' | 'brief' | 'flash';

interface CaseBasics {
  readonly name: string;
  readonly family: Family;
  /** What the client sends at most; 0: as fast as it goes. */
  readonly bytesPerSecond: number;
  /** Where the server is; the client is on the other side. */
  readonly server: Side;
  readonly lifetime: Lifetime;
}

export interface TcpCase extends CaseBasics {
  readonly protocol: 'tcp';
  readonly connections: number;
  /** Of each connection. */
  readonly bytes: number;
  readonly bytesBack: number;
  readonly order: 'half' | 'server' | 'client';
  readonly doesFork: boolean;
  /** 0: as fast as they go. */
  readonly perSecond: number;
}

export interface UdpCase extends CaseBasics {
  readonly protocol: 'udp';
  readonly datagrams: number;
  readonly bytes: number;
  readonly isConnected: boolean;
}

export type TrafficCase = TcpCase | UdpCase;

/** Bytes of one end, both directions. */
export interface Bytes {
  readonly up: number;
  readonly down: number;
}

/** One end of a case: a process, or a server with its children, among which the bytes of a connection move. */
export interface End {
  readonly side: Side;
  readonly role: 'client' | 'server';
  readonly pids: readonly number[];
  readonly payload: Bytes;
  /** IP bytes, headers included. */
  readonly ip: Bytes;
  /**
   * IP bytes, the same both ways at most, that passed this end when its socket was gone and TIME_WAIT answered the
   * peer's FIN, in steps of one segment: no socket has them.
   */
  readonly ownerless: { readonly mostBytes: number; readonly stepBytes: number };
  /** IP bytes sent that this kernel shows to no program attached to a control group. */
  readonly hiddenBytes: number;
}

/** What really passed. */
export interface CaseTruth {
  readonly spec: TrafficCase;
  readonly client: End;
  readonly server: End;
  readonly elapsedMillis: number;
}

/** Across two refreshes at least, with the interval of the tests. */
export const LONG_SECONDS = 1.4;
const LONG_TCP = {
  protocol: 'tcp',
  lifetime: 'long',
  connections: 1,
  bytes: 20_000_000,
  bytesBack: 5_000_000,
  order: 'half',
  doesFork: false,
  perSecond: 0,
  bytesPerSecond: 20_000_000 / LONG_SECONDS,
} as const;
const SHORT_TCP = {
  ...LONG_TCP,
  lifetime: 'brief',
  connections: 1000,
  bytes: 3000,
  bytesBack: 7000,
  perSecond: 1000 / LONG_SECONDS,
  bytesPerSecond: 0,
} as const;
const UDP = {
  protocol: 'udp',
  lifetime: 'long',
  datagrams: 4000,
  bytes: 1000,
  bytesPerSecond: 4_000_000 / LONG_SECONDS,
} as const;

/** Everything that the exactness of a tier is shown with. */
export const CASES: readonly TrafficCase[] = [
  { ...LONG_TCP, name: 'TCP v4', family: 4, server: 'far' },
  { ...LONG_TCP, name: 'TCP v6', family: 6, server: 'near' },
  { ...UDP, name: 'UDP v4, connected', family: 4, server: 'far', isConnected: true },
  { ...UDP, name: 'UDP v4, not connected', family: 4, server: 'far', isConnected: false },
  { ...UDP, name: 'UDP v6, connected', family: 6, server: 'near', isConnected: true },
  { ...UDP, name: 'UDP v6, not connected', family: 6, server: 'far', isConnected: false },
  {
    ...LONG_TCP,
    name: 'forking server',
    family: 4,
    server: 'near',
    connections: 2,
    bytes: 1_000_000,
    bytesBack: 2_000_000,
    doesFork: true,
    bytesPerSecond: 1_000_000 / LONG_SECONDS,
  },
  { ...SHORT_TCP, name: '1,000 short, client here', family: 4, server: 'far' },
  { ...SHORT_TCP, name: '1,000 short, server here', family: 6, server: 'near' },
  {
    ...SHORT_TCP,
    name: '200 short, close() at once',
    family: 4,
    server: 'far',
    lifetime: 'flash',
    connections: 200,
    order: 'client',
    perSecond: 2000,
  },
  {
    ...LONG_TCP,
    name: 'client within an interval',
    family: 4,
    server: 'far',
    lifetime: 'flash',
    bytes: 300_000,
    bytesBack: 100_000,
    order: 'server',
    bytesPerSecond: 0,
  },
];

/** The same traffic, in so many times the time; what is as fast as it goes stays as it is. */
export function slowedDown<T extends TrafficCase>(spec: T, times: number): T {
  const perSecond = spec.protocol === 'tcp' ? { perSecond: spec.perSecond / times } : {};
  return { ...spec, ...perSecond, bytesPerSecond: spec.bytesPerSecond / times };
}

const IP_HEADER = { 4: 20, 6: 40 } as const;
/** TCP header with timestamps, as it is on all segments but SYN and SYN-ACK. */
const TCP_HEADER = 32;

/** SYN-ACK with maximum segment size, SACK, timestamps and window scale. */
const SYN_ACK_V6_BYTES = 80;
/** Before, the kernel took the listener that sends an IPv6 SYN-ACK for another socket than its packet's own. */
const SYN_ACK_SHOWN_RELEASE = [6, 6] as const;

/** What the ends need of a network. */
export type TrafficNetwork = Pick<VethNetwork, 'address' | 'command' | 'wire'>;

/** Runs both ends to their end. Rejects with `TRAFFIC` and the words of both where one of them fails. */
export async function runCase(spec: TrafficCase, network: TrafficNetwork): Promise<CaseTruth> {
  const clientSide = spec.server === 'near' ? 'far' : 'near';
  const address = network.address(spec.server, spec.family);
  const server = new KnownTraffic(
    (argv) => network.command(spec.server, argv),
    ...serverArguments(spec, address),
  );
  let client: KnownTraffic | undefined;
  try {
    const port = await server.port();
    const start = performance.now();
    client = new KnownTraffic(
      (argv) => network.command(clientSide, argv),
      ...clientArguments(spec, address, port),
    );
    const ofClient = await client.reports();
    const elapsedMillis = performance.now() - start;
    return { spec, ...endsOf(spec, ofClient, await server.reports()), elapsedMillis };
  } catch (thrown) {
    throw await failureOf(spec, thrown, { client, server });
  } finally {
    client?.kill();
    server.kill();
  }
}

/** The end that is asked first often fails for no other reason than that the other one is gone. */
async function failureOf(
  spec: TrafficCase,
  cause: unknown,
  ends: Readonly<Record<'client' | 'server', KnownTraffic | undefined>>,
): Promise<OpError> {
  const words: string[] = [];
  for (const [role, end] of Object.entries(ends)) {
    const complaint = await end?.complaint();
    if (complaint) words.push(`${role}: ${complaint}`);
  }
  if (words.length === 0) words.push(cause instanceof Error ? cause.message : String(cause));
  return new OpError({
    op: `run ${spec.name}`,
    code: 'TRAFFIC',
    message: `${spec.name}: ${words.join('; ')}`,
    cause,
  });
}

function serverArguments(spec: TrafficCase, address: string): (string | number)[] {
  if (spec.protocol === 'udp') return ['udp-serve', address, spec.datagrams];
  const { connections, bytes, bytesBack, order, doesFork } = spec;
  return ['tcp-serve', address, connections, bytes, bytesBack, order, doesFork ? 'fork' : 'alone'];
}

function clientArguments(spec: TrafficCase, address: string, port: number): (string | number)[] {
  if (spec.protocol === 'udp') {
    const how = spec.isConnected ? 'connected' : 'unconnected';
    return ['udp-send', address, port, spec.datagrams, spec.bytes, how, rateOf(spec)];
  }
  const { connections, bytes, bytesBack, order, perSecond } = spec;
  return [
    'tcp-send',
    address,
    port,
    connections,
    bytes,
    bytesBack,
    order,
    Math.round(perSecond),
    rateOf(spec),
    1,
  ];
}

function rateOf({ bytesPerSecond }: TrafficCase): number {
  return Math.round(bytesPerSecond);
}

function hiddenBytesOf(spec: TrafficCase): number {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const [shownMajor, shownMinor] = SYN_ACK_SHOWN_RELEASE;
  const isShown = major > shownMajor || (major === shownMajor && minor >= shownMinor);
  return spec.protocol === 'tcp' && spec.family === 6 && !isShown ? spec.connections * SYN_ACK_V6_BYTES : 0;
}

function endsOf(
  spec: TrafficCase,
  client: readonly KnownReport[],
  server: readonly KnownReport[],
): Pick<CaseTruth, 'client' | 'server'> {
  const stepBytes = IP_HEADER[spec.family] + TCP_HEADER;
  const isAbandoned = spec.protocol === 'tcp' && spec.order === 'client';
  const ipOfServer = { up: sum(server, 'ipSentBytes'), down: sum(server, 'ipReceivedBytes') };
  return {
    client: {
      side: spec.server === 'near' ? 'far' : 'near',
      role: 'client',
      pids: client.map(({ pid }) => pid),
      payload: { up: sum(client, 'sentBytes'), down: sum(client, 'receivedBytes') },
      // Nothing is lost on the way, and the server stays to the end.
      ip: { up: ipOfServer.down, down: ipOfServer.up },
      ownerless: { mostBytes: isAbandoned ? spec.connections * stepBytes : 0, stepBytes },
      hiddenBytes: 0,
    },
    server: {
      side: spec.server,
      role: 'server',
      pids: server.map(({ pid }) => pid),
      payload: { up: sum(server, 'sentBytes'), down: sum(server, 'receivedBytes') },
      ip: ipOfServer,
      ownerless: { mostBytes: 0, stepBytes },
      hiddenBytes: hiddenBytesOf(spec),
    },
  };
}

type Countable = 'sentBytes' | 'receivedBytes' | 'ipSentBytes' | 'ipReceivedBytes';

function sum(reports: readonly KnownReport[], what: Countable): number {
  return reports.reduce((total, report) => total + report[what], 0);
}
