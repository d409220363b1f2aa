import { TIERS_OF, type Tier } from '../../../src/data/sample/network-sample.ts';
import type { ExitedTable } from '../../../src/data/sample/process-table.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { closedOnError, OpError, openIfPossible, toOpError } from '../../../src/kit/errors/op-error.ts';
import type { NetworkAccounting, SocketHolders } from '../bpf/network-accounting.ts';
import { mayLoadPrograms } from '../effective-capabilities.ts';
import type { HandedPrograms } from '../handed-programs.ts';
import { Errno, SyscallError } from '../libc.ts';
import type { ProcessParts } from '../processes/network-processes.ts';
import type { SocketSource } from '../sockets/sockets.ts';
import { ListedSockets } from '../sockets/sockets-listed.ts';
import { NetlinkSockets } from '../sockets/sockets-netlink.ts';
import { PacketSockets } from '../sockets/sockets-packet.ts';
import { ProcNetSockets } from '../sockets/sockets-proc.ts';

// Code for programs in the kernel is loaded where they may be: it takes 0.6 MB.
const accountings = () => {
  if (!mayLoadPrograms()) throw new SyscallError('load eBPF programs', Errno.EPERM);
  return require('../bpf/network-accounting.ts') as typeof import('../bpf/network-accounting.ts');
};
const countedSockets = () =>
  require('../sockets/sockets-ebpf.ts') as typeof import('../sockets/sockets-ebpf.ts');

/** What the sources of all tiers are made from. */
export interface SourceContext {
  readonly clock: () => number;
  readonly procRoot: string | undefined;
  readonly processes: ProcessParts;
  readonly exited: ExitedTable;
  /** Programs that are counting already; they are taken by the first tier that uses them. */
  readonly handed: HandedPrograms | undefined;
  /** As NetworkOptions has it. */
  onQueued: (() => void) | undefined;
  /** What has listed the sockets, until a source goes on with it. */
  listing: SocketListing | undefined;
  /** What holds from now on, such as a tier that could not be opened; they add to it. */
  readonly errors: SectionError[];
}

/** The tier asked for; for `auto` the best that opens. Throws OpError where a named one cannot run. */
export function openSource(tier: Tier | 'auto', context: SourceContext): SocketSource {
  if (tier !== 'auto') {
    try {
      return openTier(tier, context);
    } catch (thrown) {
      throw tierRefusal(tier, thrown);
    }
  }
  for (const candidate of TIERS_OF.linux) {
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
  const message = `the tier ${failed} failed (${cause.message}); using the next one`;
  const linux: readonly Tier[] = TIERS_OF.linux;
  for (const tier of linux.slice(linux.indexOf(failed) + 1)) {
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
  if (tier === 'netlink') {
    context.errors.push({ op, code, message: `netlink is not available (${message})` });
  } else if (!isOrdinary(code)) {
    context.errors.push({ op, code, message: `the tier ${tier} is not available (${message})` });
  }
}

function isOrdinary(code: string): boolean {
  return code === 'EPERM' || code === 'EACCES' || code === 'UNSUPPORTED' || code === 'PID_NAMESPACE';
}

function openTier(tier: Tier, context: SourceContext): SocketSource {
  switch (tier) {
    case 'ebpf':
      return openEbpf(context);
    case 'netlink':
      return openNetlink(context);
    case 'packet':
      return PacketSockets.ofAll(context);
    case 'proc':
      return new ProcNetSockets(context.clock, context.procRoot);
    default:
      throw new OpError({ op: 'open tier', code: 'ENOTSUP', message: 'Linux has no such tier' });
  }
}

/** What a source that counts goes on with: a list of sockets, and who holds them where the kernel can tell. */
interface SocketListing {
  readonly sockets: NetlinkSockets;
  readonly holders: SocketHolders | undefined;
}

/**
 * Lists sockets for now: nothing is loaded that counts, and no closing is heard of. Throws SyscallError.
 *
 * @param tier which is to count later; for `auto`, programs in the kernel are
 */
export function openListing(tier: Tier | 'auto', context: SourceContext): SocketSource {
  const isForPrograms = tier !== 'netlink';
  const sockets = new NetlinkSockets(context.clock, !isForPrograms);
  const told = isForPrograms ? openIfPossible(() => accountings().SocketHolders.open()) : undefined;
  const holders = told?.isTelling === true ? told : undefined;
  if (holders === undefined) told?.close();
  context.listing = { sockets, holders };
  return new ListedSockets(sockets, holders, context.processes.source);
}

/** Closes the list that no source has gone on with. */
export function closeListing(context: SourceContext): void {
  context.listing?.sockets.close();
  context.listing?.holders?.close();
  context.listing = undefined;
}

/** The list that was made already, if its counters are of the right kind, or a new one; closings are heard of. */
function takeListing(context: SourceContext, isCounting: boolean): SocketListing {
  const { listing } = context;
  const isFit = listing !== undefined && (listing.sockets.counted === 'payload') === isCounting;
  if (isFit) {
    listing.sockets.hearClosings(context.onQueued);
    context.listing = undefined;
    return listing;
  }
  const sockets = new NetlinkSockets(context.clock, isCounting);
  closedOnError(sockets, () => sockets.hearClosings(context.onQueued));
  return { sockets, holders: undefined };
}

/** UDP is counted where packets may be looked at; that they may not is how most users work, and no error. */
function openNetlink(context: SourceContext): SocketSource {
  const { clock, onQueued } = context;
  const { sockets } = takeListing(context, true);
  try {
    return PacketSockets.ofDatagrams(sockets, { clock, onQueued });
  } catch (thrown) {
    const { op, code, message } = toOpError('count datagrams', thrown);
    if (!isOrdinary(code)) context.errors.push({ op, code, message: `UDP is not counted (${message})` });
    return sockets;
  }
}

/** Lists sockets first: counting needs the list. */
function openEbpf(context: SourceContext): SocketSource {
  const { clock, processes, exited, handed } = context;
  const { sockets: listing, holders } = takeListing(context, false);
  return closedOnError(listing, () => {
    const accounting = handed?.accounting ?? openAccounting(holders);
    const drainExits = (): void => processes.drainExits(exited);
    const options = { listing, accounting, processes: processes.source, exited, drainExits, clock };
    return new (countedSockets().EbpfSockets)(options);
  });
}

function openAccounting(holders: SocketHolders | undefined): NetworkAccounting {
  const { NetworkAccounting } = accountings();
  return holders === undefined ? NetworkAccounting.open() : NetworkAccounting.after(holders);
}

/** Why the programs of the tier `ebpf` could not be loaded, and what they need. */
export function programRefusalText(code: string | undefined, message: string): string {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return `cannot load eBPF programs (${code}): needs cap_bpf and cap_net_admin, and cap_perfmon for all of it`;
    case 'PID_NAMESPACE':
    case 'NO_CGROUP2':
      return message;
    case 'ENOSYS':
      return 'this kernel has no BPF';
    default:
      return `the kernel refused: ${message}`;
  }
}

/** Why packets cannot be read. */
export function packetRefusalText(code: string): string {
  return `cannot read packets (${code}): needs cap_net_raw`;
}

/** Of a tier that was asked for by name. */
function tierRefusal(tier: Tier, thrown: unknown): OpError {
  const cause = toOpError(`open tier ${tier}`, thrown);
  const { op, code, message } = cause;
  let why = message;
  if (tier === 'ebpf') why = programRefusalText(code, message);
  else if (tier === 'packet') why = packetRefusalText(code);
  const explained = `the tier ${tier} is not available: ${why} (see --doctor)`;
  return new OpError({ op, code, message: explained, cause });
}
