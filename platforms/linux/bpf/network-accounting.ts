import { Failures } from '../../../src/data/sample/failures.ts';
import { ADDRESS_WORDS, ProblemKind } from '../../../src/data/schema/network-columns.ts';
import { closedOnError, OpError, toOpError } from '../../../src/kit/errors/op-error.ts';
import { fromNetworkOrder, unsigned64In } from '../integers.ts';
import { clockGetTime, closeDescriptor, getSocketOption, NativeBuffer, openSocket } from '../libc.ts';
import { sharesPidNamespace } from '../proc/namespace-links.ts';
import { isAttachedToGroup, TaskIterator } from './bpf-program.ts';
import { BtfKind } from './btf.ts';
import { routeWords } from './health-programs.ts';
import { kernelTypes } from './kernel-types.ts';
import { BatchReader, lookupAndDeleteElement, lookupElement } from './map.ts';
import { ownPidNumbers, type PidNumbers } from './namespaces.ts';
import { FLOW_KEY_WORDS, FlowRecord } from './network-flow.ts';
import {
  CONNECTED,
  closeNetworkMaps,
  createNetworkMaps,
  DEFAULT_SIZES,
  FAILURES_LIMIT,
  FailureKey,
  FailureValue,
  Family,
  FlowKey,
  FlowValue,
  HELD_NANOS,
  Holder,
  Lost,
  type NetworkMapSizes,
  type NetworkMaps,
} from './network-layout.ts';
import { type NetworkParts, NetworkPrograms } from './network-programs.ts';
import { BOOT_OFFSET_NANOS, startTicksOf } from './task-units.ts';

/** Of the keys of connections and of sums. */
const SHORT_KEY_WORDS = FlowKey.SIZE / 4;
const NANOS = 1_000_000_000;
const CLOCK_BOOTTIME = 7;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
/** 5.14 and later. */
const SO_NETNS_COOKIE = 71;

const time = new NativeBuffer(16);

/** Nanoseconds since boot, in the machine's time. */
function machineNanos(): number {
  clockGetTime(CLOCK_BOOTTIME, time);
  return unsigned64In(time.u32, 0) * NANOS + time.u32[2]! - BOOT_OFFSET_NANOS;
}

interface NetnsCookie {
  readonly low: number;
  readonly high: number;
}

/** The programs that count, loaded here or by the program that this one was. */
type CountingPrograms = Pick<NetworkPrograms, 'holders' | 'descriptors' | 'close'>;

/** Accounting that is under way, for the program that this one becomes. */
export interface HandedAccounting {
  readonly maps: NetworkMaps;
  /** Link of the iterator over socket holders; null: not available. */
  readonly holders: number | null;
  /** Descriptors that keep the programs attached. */
  readonly kept: readonly number[];
  readonly parts: Omit<NetworkParts, 'problems'>;
}

/** `inode` is 0 but for MPTCP sockets, whose holder has all sockets with that inode. */
export type HolderVisitor = (cookieLow: number, cookieHigh: number, tgid: number, inode: number) => void;

function visitHolders(iterator: TaskIterator | undefined, visit: HolderVisitor): void {
  if (iterator === undefined) return;
  iterator.begin();
  const { u32 } = iterator.buffer;
  for (let bytes = iterator.read(); bytes > 0; bytes = iterator.read()) {
    const end = (bytes - (bytes % Holder.SIZE)) / 4;
    for (let at = 0; at < end; at += Holder.SIZE / 4) {
      const cookie = at + Holder.COOKIE / 4;
      visit(u32[cookie]!, u32[cookie + 1]!, u32[at + Holder.TGID / 4]!, u32[at + Holder.INODE / 4]!);
    }
  }
}

/**
 * Who holds which socket, told by the kernel before anything is counted: two programs of all that counting takes. The
 * other one gives those that are made meanwhile their owners.
 */
export class SocketHolders {
  readonly maps: NetworkMaps;
  readonly programs: NetworkPrograms;
  readonly sizes: NetworkMapSizes;
  /** When all sockets that were there had got their owners; NaN: they have not, or later ones go without. */
  seededNanos = Number.NaN;

  /** Throws BpfError and OpError as `NetworkAccounting.open` does. */
  static open(sizes: Partial<NetworkMapSizes> = {}): SocketHolders {
    return new SocketHolders(pidNumbers(), createNetworkMaps(sizes));
  }

  private constructor(
    numbers: PidNumbers | undefined,
    { maps, sizes }: ReturnType<typeof createNetworkMaps>,
  ) {
    this.maps = maps;
    this.sizes = sizes;
    this.programs = new NetworkPrograms(maps, numbers);
    this.programs.attachCreation();
  }

  /** Whether the kernel can tell them. */
  get isTelling(): boolean {
    return this.programs.holders !== undefined;
  }

  /** Shows every holder of a socket, now. Throws BpfError. */
  visit(visit: HolderVisitor): void {
    visitHolders(this.programs.holders, visit);
    if (this.programs.seesCreation) this.seededNanos = machineNanos();
  }

  /** Detaches everything, also what `NetworkAccounting` has attached since. */
  close(): void {
    this.programs.close();
    closeNetworkMaps(this.maps);
  }
}

/**
 * Counts IP bytes and packets of every socket in the kernel, by the process that uses it. Flows appear with their
 * first packet after `open` and stay until they are removed, however short their sockets and processes lived.
 */
export class NetworkAccounting {
  readonly parts: NetworkParts;
  /** The network namespace of this process; undefined before 5.14. */
  readonly ownNetnsCookie: NetnsCookie | undefined;
  /** Traffic not counted for an owner because all maps were full, as of the last `begin`. */
  readonly lost = { bytes: 0, packets: 0 };
  readonly #maps: NetworkMaps;
  readonly #programs: CountingPrograms;
  readonly #readers: readonly BatchReader[];
  readonly #health: HealthReader | undefined;
  readonly #record = new FlowRecord();
  readonly #key = new NativeBuffer(FlowKey.PEER_SIZE);
  readonly #value = new NativeBuffer(FlowValue.SIZE);
  readonly #lostValue = new NativeBuffer(Lost.SIZE);
  #reading = 0;
  #heldBeforeNanos = 0;
  /** When the sockets that were there before had got their owners. */
  #seededNanos: number;
  /** Of the programs that count, which another program can detach. */
  readonly #groupLinks: readonly number[];

  private constructor(
    maps: NetworkMaps,
    programs: CountingPrograms,
    parts: NetworkParts,
    sizes: NetworkMapSizes,
  ) {
    this.#maps = maps;
    this.#programs = programs;
    this.parts = parts;
    this.#groupLinks = programs.descriptors.filter(isAttachedToGroup);
    this.ownNetnsCookie = readNetnsCookie();
    const { connects, drops } = parts;
    this.#health = connects || drops !== 'none' ? new HealthReader(maps.failures) : undefined;
    this.#readers = [
      new BatchReader(maps.flows, FlowKey.SIZE, FlowValue.SIZE, sizes.flows),
      new BatchReader(maps.peers, FlowKey.PEER_SIZE, FlowValue.SIZE, sizes.peers),
      new BatchReader(maps.sums, FlowKey.SIZE, FlowValue.SIZE, sizes.sums),
    ];
    this.#reading = this.#readers.length;
    this.#seededNanos = machineNanos();
  }

  /**
   * Loads and attaches, and gives the sockets that are there their owners. Throws BpfError where the kernel refuses,
   * OpError `PID_NAMESPACE` where the owners' numbers would not be those that /proc has.
   */
  static open(sizes: Partial<NetworkMapSizes> = {}): NetworkAccounting {
    return NetworkAccounting.after(SocketHolders.open(sizes));
  }

  /** As `open`, with the programs that have told who holds which socket; they are closed where it fails. */
  static after(holders: SocketHolders): NetworkAccounting {
    const { maps, programs, sizes } = holders;
    return closedOnError(holders, () => {
      const accounting = new NetworkAccounting(maps, programs, programs.attach(), sizes);
      if (Number.isNaN(holders.seededNanos)) holders.visit(() => undefined);
      accounting.#seededNanos = holders.seededNanos;
      return accounting;
    });
  }

  /** Goes on with what another program has begun, with maps of the usual sizes. Needs no privilege (5.19). */
  static adopt({ maps, holders, kept, parts }: HandedAccounting): NetworkAccounting {
    const iterator = holders === null ? undefined : new TaskIterator(holders);
    const close = (): void => {
      iterator?.close();
      for (const descriptor of kept) closeDescriptor(descriptor);
    };
    const programs = { holders: iterator, descriptors: kept, close };
    return new NetworkAccounting(maps, programs, { ...parts, problems: [] }, DEFAULT_SIZES);
  }

  /** For `adopt` in the program that this one becomes. */
  get handed(): HandedAccounting {
    const { lastUser, seeded, release, scope, connects, drops } = this.parts;
    return {
      maps: this.#maps,
      holders: this.#programs.holders?.link ?? null,
      kept: this.#programs.descriptors,
      parts: { lastUser, seeded, release, scope, connects, drops },
    };
  }

  /** Failures since the last call; undefined: no program counts them. Throws BpfError. */
  readFailures(): Failures | undefined {
    return this.#health?.read();
  }

  /** Starts a read of all flows. Throws BpfError, and OpError `DETACHED` where the programs do not count any more. */
  begin(): void {
    if (!this.#groupLinks.every(isAttachedToGroup)) {
      const message = 'another program has detached the eBPF programs that count';
      throw new OpError({ op: 'read eBPF counters', code: 'DETACHED', message });
    }
    for (const reader of this.#readers) reader.begin();
    this.#reading = 0;
    this.#heldBeforeNanos = this.parts.lastUser === 'none' ? Infinity : machineNanos() - HELD_NANOS;
    this.#readLost();
  }

  /**
   * Shows the next flows, about `maxEntries` of them, in no order; false: those were all. A flow of a socket that
   * nobody has used yet is left out, for two seconds at most. Throws BpfError.
   */
  next(maxEntries: number, visit: (flow: FlowRecord) => void): boolean {
    while (this.#reading < this.#readers.length) {
      const reader = this.#readers[this.#reading]!;
      const count = reader.next(maxEntries);
      if (count === 0) this.#reading++;
      else {
        this.#show(reader, count, visit);
        return true;
      }
    }
    return false;
  }

  /**
   * Removes a flow that is being shown, and shows what it came to instead; false: it was not there any more, and shows
   * what was read. Later packets start it again from 0. Throws BpfError.
   */
  remove(flow: FlowRecord): boolean {
    flow.copyKey(this.#key.u32);
    if (!lookupAndDeleteElement(this.#mapOfKey(), this.#key, this.#value)) return false;
    flow.show(this.#key.u32, flow.hasRemoteKey ? FLOW_KEY_WORDS : SHORT_KEY_WORDS, this.#value.u32, 0);
    return true;
  }

  /** Whether the flow's socket is in another network namespace than this process; false where that is not known. */
  isForeign(flow: FlowRecord): boolean {
    const own = this.ownNetnsCookie;
    const { netnsCookieLow: low, netnsCookieHigh: high } = flow;
    if (own === undefined || (low === 0 && high === 0)) return false;
    return low !== own.low || high !== own.high;
  }

  /** Whether the flow's socket was made since the counting began; false where that is not known. */
  isNew(flow: FlowRecord): boolean {
    // An owner found later than at the seeding would be taken for one that came later.
    if (!this.parts.seeded && this.parts.lastUser !== 'none') return false;
    // So are owners that the seeding does not see.
    return flow.tgid !== 0 && flow.ownedSinceNanos > this.#seededNanos;
  }

  /** Shows every holder of a socket, now; nothing where the kernel cannot tell. Throws BpfError. */
  holders(visit: HolderVisitor): void {
    visitHolders(this.#programs.holders, visit);
  }

  /** Detaches everything; the counters are gone. */
  close(): void {
    this.#programs.close();
    closeNetworkMaps(this.#maps);
  }

  #show(reader: BatchReader, count: number, visit: (flow: FlowRecord) => void): void {
    const keys = reader.keys.u32;
    const values = reader.values.u32;
    const keyWords = reader.keyBytes / 4;
    const record = this.#record;
    for (let i = 0; i < count; i++) {
      record.show(keys, keyWords, values, i);
      if (record.isHeld && record.ownedSinceNanos > this.#heldBeforeNanos) continue;
      visit(record);
    }
  }

  #mapOfKey(): number {
    const key = this.#key;
    if (key.bytes[FlowKey.HAS_REMOTE] !== 0) return this.#maps.peers;
    return key.u32[0] === 0 && key.u32[1] === 0 ? this.#maps.sums : this.#maps.flows;
  }

  #readLost(): void {
    this.#key.u32.fill(0);
    if (!lookupElement(this.#maps.lost, this.#key, this.#lostValue)) return;
    const words = this.#lostValue.u32;
    this.lost.bytes = unsigned64In(words, Lost.BYTES / 4);
    this.lost.packets = unsigned64In(words, Lost.PACKETS / 4);
  }
}

/** How owners' numbers become those that this process sees; undefined: they are the same. */
function pidNumbers(): PidNumbers | undefined {
  const op = 'open network accounting';
  if (!sharesPidNamespace('/proc')) {
    const message =
      '/proc belongs to another PID namespace than this process, so PIDs would name the wrong processes';
    throw new OpError({ op, code: 'PID_NAMESPACE', message });
  }
  try {
    return ownPidNumbers();
  } catch (thrown) {
    const cause = toOpError(op, thrown);
    const needs = 'cap_bpf, cap_net_admin, cap_perfmon and /sys/kernel/btf/vmlinux';
    const message = `a separate PID namespace needs ${needs} (${cause.message})`;
    throw new OpError({ op, code: 'PID_NAMESPACE', message, cause });
  }
}

function readNetnsCookie(): NetnsCookie | undefined {
  const socket = openSocket(Family.INET, SOCK_DGRAM, 0);
  if (socket < 0) return undefined;
  const value = new NativeBuffer(8);
  const length = getSocketOption(socket, SOL_SOCKET, SO_NETNS_COOKIE, value, 8);
  closeDescriptor(socket);
  return length === 8 ? { low: value.u32[0]!, high: value.u32[1]! } : undefined;
}

const REASONS_ENUM = 'skb_drop_reason';
const REASON_PREFIX = /^SKB_(DROP_REASON_)?/;

/** The kernel's names of the reasons why packets are dropped, without their prefix. Throws OpError without BTF. */
export function dropReasons(): ReadonlyMap<number, string> {
  const types = kernelTypes();
  const id = types.find([[REASONS_ENUM, BtfKind.ENUM]]).get(REASONS_ENUM);
  if (id === undefined) return new Map();
  return new Map(types.enumerators(id).map(([name, value]) => [value, name.replace(REASON_PREFIX, '')]));
}

/** Reads what the programs of health-programs.ts have counted. */
class HealthReader {
  /** Of the last `read`. */
  readonly failures = new Failures();
  readonly #reader: BatchReader;
  #reasons: ReadonlyMap<number, string> | undefined;

  /** `map` stays the caller's. */
  constructor(map: number) {
    this.#reader = new BatchReader(map, FailureKey.SIZE, FailureValue.SIZE, FAILURES_LIMIT, true);
  }

  /** Takes what has been counted since the last read. Throws BpfError. */
  read(): Failures {
    const { failures } = this;
    failures.length = 0;
    const count = this.#reader.read();
    failures.reserveAhead(count);
    for (let i = 0; i < count; i++) this.#take(i);
    return failures;
  }

  #take(index: number): void {
    const { failures } = this;
    const { bytes, u32, u16 } = this.#reader.keys;
    const values = this.#reader.values.u32;
    const key = index * FailureKey.SIZE;
    const value = (index * FailureValue.SIZE) >> 2;
    const word = (offset: number): number => u32[(key + offset) >> 2]!;
    const row = failures.length++;
    const kind = bytes[key + FailureKey.KIND]!;
    failures.isConnect[row] = kind === CONNECTED ? 1 : 0;
    failures.kind[row] = kind === CONNECTED ? 0 : kind;
    failures.pid[row] = values[value + (FailureValue.PID >> 2)]!;
    failures.startTicks[row] = startTicksOf(word(FailureKey.START), word(FailureKey.START + 4));
    failures.remotePort[row] = u16[(key + FailureKey.PORT) >> 1]!;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      failures.remoteAddress[row * ADDRESS_WORDS + i] = fromNetworkOrder(word(FailureKey.ADDRESS + i * 4));
    }
    failures.count[row] = unsigned64In(values, value + (FailureValue.COUNT >> 2));
    failures.nanos[row] = unsigned64In(values, value + (FailureValue.NANOS >> 2));
    const reason = word(FailureKey.REASON);
    failures.reasons[row] = kind === ProblemKind.DROPPED ? this.#reasonOf(reason) : routeWords(reason);
  }

  /** Those of subsystems (their number stands in the upper half) are in no list. */
  #reasonOf(reason: number): string {
    this.#reasons ??= dropReasons();
    return this.#reasons.get(reason) ?? `reason 0x${reason.toString(16)}`;
  }
}
