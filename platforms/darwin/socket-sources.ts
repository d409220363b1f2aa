import type { CollectionParts, MacosTier } from '../../src/data/sample/network-sample.ts';
import type { Slice } from '../../src/data/sample/slice.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/data/sample/socket-table.ts';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import type { Commands, FollowedCommand } from './commands.ts';
import { parseSocketHolders } from './lsof.ts';
import { hasProcesses, netstatSteps } from './netstat-sockets.ts';
import { isNettopHeader, NettopParser } from './nettop.ts';
import { PcbListParser } from './pcblist.ts';
import type { SocketFact, SocketVisitor } from './socket-fact.ts';
import type { LazyLibrary } from './system-library.ts';

/** A source of sockets: a tier. */
export interface SocketSource {
  readonly tier: MacosTier;
  readonly owners: CollectionParts['owners'];
  /**
   * Shows all sockets, once each, and resolves to the moment that the counters are of. Rejects with OpError, and may
   * then have shown some. `begin` is called before the first.
   */
  list(begin: () => void, visit: SocketVisitor, slice: Slice): Promise<number>;
  close(): void;
}

export interface SourceParts {
  readonly commands: Commands;
  readonly library: LazyLibrary;
  readonly clock: () => number;
}

/** Opens a tier. Throws OpError where it cannot run. */
export function openTier(tier: MacosTier, parts: SourceParts): SocketSource {
  switch (tier) {
    case 'pcblist':
      return new PcbListSource(parts);
    case 'nettop':
      return new NettopSource(parts);
    case 'netstat':
      return new NetstatSource(parts);
  }
}

/** Why a tier cannot run here; undefined: it can. Starts nothing. */
export function tierRefusal(
  tier: MacosTier,
  { commands, library }: Omit<SourceParts, 'clock'>,
): OpError | undefined {
  if (tier !== 'pcblist') {
    if (commands.has(tier)) return undefined;
    return new OpError({ op: `open tier ${tier}`, code: 'ENOENT', message: `${tier} not found` });
  }
  if (library.refusal !== undefined) return library.refusal;
  if (process.geteuid?.() !== 0) {
    return new OpError({ op: 'open tier pcblist', code: 'EPERM', message: 'it needs root (EPERM)' });
  }
  try {
    // A sandbox may blind root too.
    new PcbLists(library).show(() => undefined);
    return undefined;
  } catch (thrown) {
    return toOpError('open tier pcblist', thrown);
  }
}

function refuse(tier: MacosTier, parts: SourceParts): void {
  const refusal = tierRefusal(tier, parts);
  if (refusal !== undefined) throw refusal;
}

/** The kernel's own lists. */
class PcbLists {
  readonly #library: LazyLibrary;
  readonly #lists = [
    ['net.inet.tcp.pcblist_n', new PcbListParser(PROTOCOL_TCP)],
    ['net.inet.udp.pcblist_n', new PcbListParser(PROTOCOL_UDP)],
  ] as const;

  constructor(library: LazyLibrary) {
    this.#library = library;
  }

  /** Throws OpError where a list cannot be read. */
  show(visit: SocketVisitor): void {
    const library = this.#library.get();
    if (library === undefined) throw this.#library.refusal!;
    for (const [name, parser] of this.#lists) parser.parse(library.sysctlByName(name), visit);
  }
}

/**
 * The tier `pcblist`: the kernel's lists of TCP and UDP, with the bytes and the process of each socket. Ordinary users
 * are shown nothing, and from macOS 27 on their own sockets alone, so it is for root.
 */
class PcbListSource implements SocketSource {
  readonly tier = 'pcblist';
  readonly owners = 'last user';
  readonly #lists: PcbLists;
  readonly #clock: () => number;

  constructor(parts: SourceParts) {
    refuse(this.tier, parts);
    this.#lists = new PcbLists(parts.library);
    this.#clock = parts.clock;
  }

  async list(begin: () => void, visit: SocketVisitor): Promise<number> {
    const now = this.#clock();
    begin();
    this.#lists.show(visit);
    return now;
  }

  close(): void {}
}

/** nettop tells whole seconds apart, and one sample ends when the next begins. */
const NETTOP_ARGUMENTS: readonly string[] = ['-n', '-x', '-L', '0', '-s', '1'];
const NETTOP_DEADLINE_MILLIS = 10_000;
/** Of a sample; what is longer is none. The table has room for less. */
const SAMPLE_LIMIT_CHARACTERS = 64 << 20;
const LINES_BETWEEN_RESTS = 64;

/** What nettop has said from one header to the next. */
interface NettopSample {
  readonly header: string;
  readonly lines: string[];
  characters: number;
  readonly monotonicMicros: number;
}

/**
 * The tier `nettop`: Apple's program runs beside this one, because it may look at all processes' sockets. It takes a
 * sample a second; a collection waits for one that is newer than the last.
 */
class NettopSource implements SocketSource {
  readonly tier = 'nettop';
  readonly owners = 'last user';
  readonly #clock: () => number;
  readonly #command: FollowedCommand;
  readonly #parser = new NettopParser();
  #growing: NettopSample | undefined;
  #ready: NettopSample | undefined;
  #wake: (() => void) | undefined;

  constructor(parts: SourceParts) {
    refuse(this.tier, parts);
    this.#clock = parts.clock;
    this.#command = parts.commands.follow('nettop', NETTOP_ARGUMENTS, (line) => this.#take(line));
  }

  async list(begin: () => void, visit: SocketVisitor, slice: Slice): Promise<number> {
    const { header, lines, monotonicMicros } = await this.#next();
    begin();
    this.#parser.begin(header);
    for (const [i, line] of lines.entries()) {
      this.#parser.read(line, visit);
      if (i % LINES_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
    return monotonicMicros;
  }

  close(): void {
    this.#command.close();
  }

  #take(line: string): void {
    if (isNettopHeader(line)) {
      if (this.#growing !== undefined) this.#ready = this.#growing;
      this.#growing = { header: line, lines: [], characters: 0, monotonicMicros: this.#clock() };
    } else if (this.#growing !== undefined) {
      this.#growing.lines.push(line);
      this.#growing.characters += line.length + 1;
      if (this.#growing.characters > SAMPLE_LIMIT_CHARACTERS) this.#growing = undefined;
    }
    if (this.#ready !== undefined || this.#command?.failure !== undefined) this.#wake?.();
  }

  async #next(): Promise<NettopSample> {
    const deadline = performance.now() + NETTOP_DEADLINE_MILLIS;
    for (;;) {
      const sample = this.#ready;
      this.#ready = undefined;
      if (sample !== undefined) return sample;
      if (this.#command.failure !== undefined) throw this.#command.failure;
      const leftMillis = deadline - performance.now();
      if (leftMillis <= 0) {
        throw new OpError({ op: 'read nettop', code: 'DEADLINE', message: 'nettop timed out' });
      }
      await this.#lineWithin(leftMillis);
    }
  }

  async #lineWithin(millis: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, millis);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

/** Whole addresses, bytes and processes, then without what an older netstat does not know. */
const NETSTAT_ARGUMENTS: readonly (readonly string[])[] = [['-anblvW'], ['-anbv'], ['-anb']];
const LSOF_ARGUMENTS: readonly string[] = ['-nP', '-i', '-F', 'ptPn'];

/** The tier `netstat`: a program for each collection, and where it names no processes lsof beside it. */
class NetstatSource implements SocketSource {
  readonly tier = 'netstat';
  readonly owners = 'descriptor';
  readonly #commands: Commands;
  readonly #clock: () => number;
  /** The first of NETSTAT_ARGUMENTS that this system's netstat accepts. */
  #understood = 0;

  constructor(parts: SourceParts) {
    refuse(this.tier, parts);
    this.#commands = parts.commands;
    this.#clock = parts.clock;
  }

  async list(begin: () => void, visit: SocketVisitor, slice: Slice): Promise<number> {
    const now = this.#clock();
    const text = await this.#read();
    const holders = hasProcesses(text)
      ? undefined
      : parseSocketHolders(await this.#commands.run('lsof', LSOF_ARGUMENTS));
    begin();
    const steps = netstatSteps(text, (fact: SocketFact) => {
      if (holders !== undefined) fact.pid = holders.pidOf(fact);
      visit(fact);
    });
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done !== true) {
        if (slice.due()) await slice.rest();
      } else if (step.value > 0) return now;
      else break;
    }
    throw new OpError({ op: 'read netstat', code: 'BLIND', message: 'netstat shows no socket at all' });
  }

  close(): void {}

  async #read(): Promise<string> {
    for (;;) {
      try {
        return await this.#commands.run('netstat', NETSTAT_ARGUMENTS[this.#understood]!);
      } catch (thrown) {
        const isLast = this.#understood === NETSTAT_ARGUMENTS.length - 1;
        if (toOpError('run netstat', thrown).code !== 'EXIT' || isLast) throw thrown;
        this.#understood++;
      }
    }
  }
}
