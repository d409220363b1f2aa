import { OpError } from '../../src/kit/errors/op-error.ts';
import {
  type CaseTruth,
  type End,
  LONG_SECONDS,
  runCase,
  slowedDown,
  type TrafficCase,
} from './veth-cases.ts';
import type { Monitor, Shown } from './veth-monitor.ts';
import { type Side, VethNetwork } from './veth-network.ts';

/** Traffic of known size, and what a program showed of it. */
export interface Session {
  readonly monitor: Pick<Monitor, 'name' | 'seesBothSides' | 'countsUdp'>;
  readonly truths: readonly CaseTruth[];
  readonly shown: Shown;
  /** Segments per frame that the devices were handed; above 1 segmentation was left to them. */
  readonly segmentsPerFrame: number;
}

/** A loaded machine can lose or repeat a segment, and then nobody knows what was right. */
const ATTEMPTS = 4;
/**
 * A program that polls must have looked three times while what lasts was there: a datagram's socket is listed after it
 * was seen, and its owner found after that. Where a loaded machine did not let it, what lasts is made to last twice as
 * long in the next attempt.
 */
const LONGEST_GAP_MILLIS = (LONG_SECONDS * 1000) / 3;

/**
 * Runs `cases` in a network of their own while the monitor that `start` makes is watching: those whose
 * processes stay all at once, then the others one by one, each right after a refresh. Rejects with `DOUBT` where the ends never
 * agree with the devices about what passed.
 */
export async function watch(
  cases: readonly TrafficCase[],
  start: (network: VethNetwork) => Promise<Monitor>,
): Promise<Session> {
  let doubt = '';
  let slowness = 1;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const network = await VethNetwork.open();
    try {
      const slowed = cases.map((spec) => slowedDown(spec, slowness));
      const { session, longestGapMillis } = await watchOnce(slowed, network, start);
      const hasLooked = longestGapMillis <= LONGEST_GAP_MILLIS * slowness;
      if (!hasLooked) slowness *= 2;
      doubt = doubtOf(session.truths, network);
      if (doubt === '' && (hasLooked || attempt === ATTEMPTS - 1)) return session;
    } finally {
      await network.close();
    }
  }
  throw new OpError({ op: 'watch traffic', code: 'DOUBT', message: doubt });
}

async function watchOnce(
  cases: readonly TrafficCase[],
  network: VethNetwork,
  start: (network: VethNetwork) => Promise<Monitor>,
): Promise<{ readonly session: Session; readonly longestGapMillis: number }> {
  const monitor = await start(network);
  try {
    const lasting = cases.filter(({ lifetime }) => lifetime !== 'flash');
    const truths = await Promise.all(lasting.map((spec) => runCase(spec, network)));
    await monitor.fresh();
    const longestGapMillis = monitor.longestGapMillis ?? 0;
    for (const spec of cases.filter(({ lifetime }) => lifetime === 'flash')) {
      await monitor.fresh();
      truths.push(await runCase(spec, network));
    }
    const { segments, framesHandedOver } = network.wire('near');
    const { name, seesBothSides, countsUdp } = monitor;
    const shown = await monitor.shown();
    const segmentsPerFrame = segments / framesHandedOver;
    const session = { monitor: { name, seesBothSides, countsUdp }, truths, shown, segmentsPerFrame };
    return { session, longestGapMillis };
  } finally {
    await monitor.close();
  }
}

/** The devices' queues count every segment that leaves a side, headers included: all of them must be accounted for. */
function doubtOf(truths: readonly CaseTruth[], network: VethNetwork): string {
  for (const side of ['near', 'far'] as const) {
    const told = endsOn(side, truths).reduce((total, end) => total + end.ip.up, 0);
    const { ipBytes } = network.wire(side);
    if (told !== ipBytes) return `the ends sent ${told} bytes from ${side}, its device saw ${ipBytes}`;
  }
  return '';
}

function endsOn(side: Side, truths: readonly CaseTruth[]): End[] {
  return truths.flatMap(({ client, server }) => [client, server]).filter((end) => end.side === side);
}
