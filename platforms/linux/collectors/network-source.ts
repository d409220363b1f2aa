import type { ExitedTable } from '../../../src/data/sample/exited-table.ts';
import type { Tier } from '../../../src/data/sample/network-sample.ts';
import type { SectionError } from '../../../src/data/sample/snapshot.ts';
import { OpError, toOpError } from '../../../src/kit/errors/op-error.ts';
import type { ProcessParts } from './network-processes.ts';
import type { SocketSource } from './socket-source.ts';
import { NetlinkSockets } from './sockets-netlink.ts';
import { ProcNetSockets } from './sockets-proc.ts';

/** What the sources of all tiers are made from. */
export interface SourceContext {
  readonly clock: () => number;
  readonly procRoot: string | undefined;
  readonly processes: ProcessParts;
  readonly exited: ExitedTable;
  /** What holds from now on, such as a tier that could not be opened; they add to it. */
  readonly errors: SectionError[];
}

const LADDER: readonly Tier[] = ['ebpf', 'netlink', 'packet', 'proc'];

/** The tier asked for; for `auto` the best that opens. Throws OpError where a named one cannot run. */
export function openSource(tier: Tier | 'auto', context: SourceContext): SocketSource {
  if (tier !== 'auto') return openTier(tier, context);
  for (const candidate of LADDER) {
    try {
      return openTier(candidate, context);
    } catch (thrown) {
      if (candidate === 'proc') throw thrown;
      noteRefusal(candidate, toOpError(`open tier ${candidate}`, thrown), context);
    }
  }
  throw new OpError({ op: 'open tier', code: 'UNSUPPORTED' });
}

/** The next tier below one that failed, or undefined. */
export function openNextSource(
  failed: Tier,
  cause: OpError,
  context: SourceContext,
): SocketSource | undefined {
  const message = `the tier ${failed} failed (${cause.message}); the next one has taken over`;
  for (const tier of LADDER.slice(LADDER.indexOf(failed) + 1)) {
    try {
      const source = openTier(tier, context);
      context.errors.push({ op: `collect by ${failed}`, code: cause.code, message });
      return source;
    } catch (thrown) {
      noteRefusal(tier, toOpError(`open tier ${tier}`, thrown), context);
    }
  }
  return undefined;
}

/** Refusals for want of privileges are how most users work, and the doctor's business: they are no errors. */
function noteRefusal(tier: Tier, { op, code, message }: OpError, context: SourceContext): void {
  const isOrdinary = code === 'EPERM' || code === 'EACCES' || code === 'UNSUPPORTED';
  if (tier === 'netlink') {
    context.errors.push({ op, code, message: `netlink is not available (${message})` });
  } else if (!isOrdinary) {
    context.errors.push({ op, code, message: `the tier ${tier} is not available (${message})` });
  }
}

function openTier(tier: Tier, context: SourceContext): SocketSource {
  switch (tier) {
    case 'netlink':
      return new NetlinkSockets(context.clock);
    case 'proc':
      return new ProcNetSockets(context.clock, context.procRoot);
    default:
      throw new OpError({
        op: `open tier ${tier}`,
        code: 'UNSUPPORTED',
        message: `the tier ${tier} is not available in this version: use netlink, proc or auto`,
      });
  }
}
