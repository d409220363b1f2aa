import type { Bytes, CaseTruth, End } from './veth-cases.ts';
import type { Basis, Shown } from './veth-monitor.ts';
import type { Session } from './veth-session.ts';

/** How far one program's figures for one case are from the truth; percent of the truth. */
export interface Verdict {
  readonly program: string;
  readonly caseName: string;
  readonly basis: Basis;
  /** Of the ends that the program can see, both directions, counted as it counts. */
  readonly truthBytes: number;
  /** On the rows of the right processes; NaN: not counted. */
  readonly shownBytes: number;
  /** The worst of all ends and directions. */
  readonly errorBytes: number;
  readonly errorPercent: number;
  readonly attributedPercent: number;
  /** On the right processes beyond what they had. */
  readonly wrongPercent: number;
  /** The most `errorPercent` that it may have; undefined: nothing was promised. */
  readonly barPercent: number | undefined;
  readonly note: string;
}

/** All rows together against all traffic that the program can see: what is lost, and what is on strangers' rows. */
export interface RowSum {
  readonly program: string;
  readonly truthBytes: number;
  readonly shownBytes: number;
  readonly errorPercent: number;
  readonly foreignPercent: number;
  readonly barPercent: number | undefined;
}

/** What performance.md promises, in percent. */
const TCP_POLLED = 0.1;
const UDP_POLLED = 1;
const PACKETS = 1;

export function verdictsOf(session: Session): Verdict[] {
  return session.truths.map((truth) => verdictOf(session, truth));
}

function verdictOf({ monitor, shown }: Session, truth: CaseTruth): Verdict {
  const ends = [truth.client, truth.server].filter((end) => monitor.seesBothSides || end.side === 'near');
  const isCounted = monitor.countsUdp || truth.spec.protocol === 'tcp';
  const gaps = ends.flatMap((end) => gapsOf(end, shown, isCounted));
  const truthBytes = sum(gaps, ({ truth: bytes }) => bytes);
  const errors = gaps.map((gap) => Math.abs(gap.excess) / gap.truth);
  return {
    program: monitor.name,
    caseName: truth.spec.name,
    basis: shown.basis,
    truthBytes,
    shownBytes: sum(gaps, ({ shown: bytes }) => bytes),
    errorBytes: Math.max(...gaps.map(({ excess }) => Math.abs(excess))),
    errorPercent: 100 * Math.max(...errors),
    attributedPercent: (100 * sum(gaps, (gap) => Math.min(gap.truth, gap.shown))) / truthBytes,
    wrongPercent: (100 * sum(gaps, ({ excess }) => Math.max(0, excess))) / truthBytes,
    barPercent: isCounted ? barOf(monitor.name, truth) : undefined,
    note: isCounted ? noteOf(ends, gaps, shown) : 'not counted',
  };
}

/** One direction of one end. */
interface Gap {
  readonly truth: number;
  readonly shown: number;
  /** What is shown too much, without the ownerless. */
  readonly excess: number;
  readonly ownerless: number;
  readonly hiddenBytes: number;
}

function gapsOf(end: End, shown: Shown, isCounted: boolean): Gap[] {
  const truth = bytesOf(end, shown.basis);
  const measured = isCounted ? shownOf(end, shown) : { up: Number.NaN, down: Number.NaN };
  return [
    gapOf(end, shown.basis, end.hiddenBytes, truth.up, measured.up),
    gapOf(end, shown.basis, 0, truth.down, measured.down),
  ];
}

function gapOf({ ownerless }: End, basis: Basis, hiddenBytes: number, truth: number, shown: number): Gap {
  const missing = truth - shown;
  const isOwnerless =
    basis === 'l3' &&
    missing > 0 &&
    missing <= ownerless.mostBytes &&
    Math.abs(missing) % ownerless.stepBytes === 0;
  const isHidden = basis === 'l3' && missing === hiddenBytes;
  return {
    truth,
    shown,
    excess: isOwnerless || isHidden ? 0 : shown - truth,
    ownerless: isOwnerless ? missing / ownerless.stepBytes : 0,
    hiddenBytes: isHidden ? missing : 0,
  };
}

function bytesOf(end: End, basis: Basis): Bytes {
  return basis === 'payload' || basis === 'none' ? end.payload : end.ip;
}

function shownOf({ pids }: End, { basis, rows }: Shown): Bytes {
  const own = rows.filter(({ pid }) => pid !== undefined && pids.includes(pid));
  if (basis === 'none') return { up: Number.NaN, down: Number.NaN };
  return { up: sum(own, ({ up }) => up), down: sum(own, ({ down }) => down) };
}

function barOf(program: string, { spec }: CaseTruth): number | undefined {
  if (program === 'ebpf') return 0;
  if (spec.lifetime !== 'long') return undefined;
  if (program === 'netlink') return spec.protocol === 'tcp' ? TCP_POLLED : UDP_POLLED;
  return program === 'packet' ? PACKETS : undefined;
}

function noteOf(ends: readonly End[], gaps: readonly Gap[], { rows }: Shown): string {
  const notes: string[] = [];
  const ownerless = sum(gaps, (gap) => gap.ownerless);
  if (ownerless > 0) notes.push(`${ownerless} segments of TIME_WAIT are nobody's`);
  const hiddenBytes = sum(gaps, (gap) => gap.hiddenBytes);
  if (hiddenBytes > 0) notes.push(`${hiddenBytes} bytes of SYN-ACKs that this kernel shows to no program`);
  const forked = ends.find(({ pids }) => pids.length > 1);
  const parent = rows.find(({ pid }) => pid === forked?.pids.at(-1));
  if (forked !== undefined) notes.push(`of it the parent ${(parent?.up ?? 0) + (parent?.down ?? 0)} bytes`);
  const pids = ends.flatMap((end) => end.pids);
  if (rows.some((row) => row.isInferred && row.pid !== undefined && pids.includes(row.pid))) {
    notes.push('inferred');
  }
  return notes.join('; ');
}

/**
 * Undefined where the program counts nothing, or sees the whole machine, whose other traffic nobody knows. UDP counts
 * only where the program counts it.
 */
export function rowSumOf({ monitor, truths, shown }: Session): RowSum | undefined {
  if (monitor.seesBothSides || shown.basis === 'none') return undefined;
  const ends = truths.flatMap(({ spec, client, server }) =>
    [client, server]
      .filter(({ side }) => side === 'near')
      .map((end) => ({ end, isTcp: spec.protocol === 'tcp' })),
  );
  const bytesOfAll = (isWanted: boolean): number =>
    sum(ends, ({ end, isTcp }) => (isTcp === isWanted ? both(bytesOf(end, shown.basis)) : 0));
  const tcpBytes = bytesOfAll(true);
  const udpBytes = monitor.countsUdp ? bytesOfAll(false) : 0;
  const truthBytes = tcpBytes + udpBytes;
  const knownPids = new Set(ends.flatMap(({ end }) => end.pids));
  const withBytes = shown.rows.filter((row) => !Number.isNaN(both(row)));
  const strangers = withBytes.filter(({ pid }) => pid !== undefined && !knownPids.has(pid));
  const shownBytes = sum(withBytes, both);
  return {
    program: monitor.name,
    truthBytes,
    shownBytes,
    errorPercent: (100 * Math.abs(shownBytes - truthBytes)) / truthBytes,
    foreignPercent: (100 * sum(strangers, both)) / truthBytes,
    barPercent: sumBarOf(monitor.name, tcpBytes, udpBytes),
  };
}

function sumBarOf(program: string, tcpBytes: number, udpBytes: number): number | undefined {
  if (program === 'packet') return PACKETS;
  if (program !== 'netlink') return undefined;
  return (tcpBytes * TCP_POLLED + udpBytes * UDP_POLLED) / (tcpBytes + udpBytes);
}

function both({ up, down }: Bytes): number {
  return up + down;
}

function sum<T>(of: readonly T[], bytes: (one: T) => number): number {
  return of.reduce((total, one) => total + bytes(one), 0);
}
