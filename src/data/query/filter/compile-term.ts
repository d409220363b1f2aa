import type { NetworkSection } from '../../sample/network-section.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP, type SocketTable } from '../../sample/socket-table.ts';
import { memberOf } from '../control-groups.ts';
import { stateName } from '../row-texts.ts';
import type { FilterCaches, FilterColumns, FilterContext, FilterNames } from './filter-context.ts';
import {
  anyOf,
  compare,
  type FigureTermTest,
  type FilterTerm,
  hasPrefix,
  type NamedKey,
  type OwnerTermTest,
  type SocketTermTest,
  type TextMatch,
} from './filter-term.ts';

/** Tests an owner slot (-1 none), the row's own text in lower case, and a host slot (-1 none). */
export type OwnerTest = (owner: number, rowText: string, host: number) => boolean;
/** Tests a socket slot (-1 none) and the host slot of its remote end (-1 none). */
export type SocketTest = (socket: number, host: number) => boolean;
/** Tests a row of the context's columns. */
export type FigureTest = (row: number) => boolean;

/** A compiled term, by what it tests. */
export type CompiledTerm =
  | { readonly about: 'owner'; readonly holds: OwnerTest; readonly isNegated: boolean }
  | { readonly about: 'socket'; readonly holds: SocketTest; readonly isNegated: boolean }
  | { readonly about: 'figure'; readonly holds: FigureTest; readonly isNegated: boolean };

/** Compiles terms to functions. They read the section and columns of the last `begin`. */
export class TermCompiler {
  readonly #names: FilterNames;
  readonly #caches: FilterCaches;
  readonly #verdicts: Verdicts[] = [];
  #context: FilterContext | undefined;

  constructor(names: FilterNames, caches: FilterCaches) {
    this.#names = names;
    this.#caches = caches;
  }

  begin(context: FilterContext): void {
    this.#context = context;
    for (const verdicts of this.#verdicts) verdicts.begin();
  }

  compile({ test, isNegated }: FilterTerm): CompiledTerm {
    switch (test.key) {
      case 'text':
      case 'user':
      case 'group':
      case 'program':
      case 'container':
      case 'unit':
      case 'pid':
        return { about: 'owner', holds: this.#ownerTest(test), isNegated };
      case 'up':
      case 'down':
      case 'conns':
      case 'rtt':
      case 'retrans':
      case 'drops':
        return { about: 'figure', holds: this.#figureTest(test), isNegated };
      default:
        return { about: 'socket', holds: this.#socketTest(test), isNegated };
    }
  }

  #ownerTest(test: OwnerTermTest): OwnerTest {
    if (test.key === 'text') return this.#textTest(test.text);
    if (test.key !== 'pid') return this.#nameTest(test.key, test.match, test.text);
    return this.#ofOwner(({ owners }, owner) => {
      const pid = owners.pid[owner]!;
      return pid > 0 && anyOf(test.comparison, pid, test.values);
    });
  }

  #nameTest(key: NamedKey, match: TextMatch, text: string): OwnerTest {
    const { groups } = this.#caches;
    return this.#ofOwner(({ owners }, owner) => {
      const group = groups.of(owners, owner);
      const name =
        key === 'group'
          ? groups.lowerNameOf(owners, owner)
          : memberOf(key, owners, owner, group).toLowerCase();
      if (isMatch(match, name, text)) return true;
      // A container also matches by its id.
      const isContainer = key === 'container' || key === 'group';
      return isContainer && text !== '' && group?.containerId?.startsWith(text) === true;
    });
  }

  #textTest(text: string): OwnerTest {
    const { ownerTexts } = this.#caches;
    const ofOwner = this.#ofOwner(({ owners }, owner) => ownerTexts.of(owners, owner).includes(text));
    const ofHost = this.#ofHost((section, host) => this.#isHostText(section, host, 'contains', text));
    return (owner, rowText, host) =>
      ofOwner(owner, rowText, host) || rowText.includes(text) || ofHost(owner, host);
  }

  #figureTest({ key, comparison, value }: FigureTermTest): FigureTest {
    return (row) => {
      const columns = this.#context?.columns;
      return columns !== undefined && compare(comparison, figureOf(columns, key, row), value);
    };
  }

  #socketTest(test: SocketTermTest): SocketTest {
    switch (test.key) {
      case 'host':
        return this.#hostTest(test.match, test.text);
      case 'network':
        return this.#ofHost(({ hosts }, host) => hasPrefix(test.prefix, hosts.slots, host));
      default:
        return this.#ofSocket(socketColumnsTest(test, this.#names));
    }
  }

  /** A connection matches by the name that its own process used for the address, not by names that others used. */
  #hostTest(match: TextMatch, text: string): SocketTest {
    const ofHost = this.#ofHost((section, host) => this.#isHostText(section, host, match, text));
    const ofAddress = this.#ofHost((section, host) => this.#isAddressText(section, host, match, text));
    return (socket, host) => {
      if (socket < 0) return ofHost(socket, host);
      const name = this.#context?.section.sockets.remoteName[socket];
      return (name !== undefined && isMatch(match, name, text)) || ofAddress(socket, host);
    };
  }

  #isHostText(section: NetworkSection, host: number, match: TextMatch, text: string): boolean {
    const names = section.hosts.names[host];
    if (names?.split(' ').some((name) => isMatch(match, name, text)) === true) return true;
    return this.#isAddressText(section, host, match, text);
  }

  /** Tests the address and the name of its reverse lookup. */
  #isAddressText({ hosts }: NetworkSection, host: number, match: TextMatch, text: string): boolean {
    const address = this.#caches.hostTexts.of(hosts, host);
    if (isMatch(match, address, text)) return true;
    const name = address === '' ? undefined : this.#names.hostName?.(address);
    return name !== undefined && isMatch(match, name.toLowerCase(), text);
  }

  #ofOwner(decide: (section: NetworkSection, owner: number) => boolean): OwnerTest {
    const verdicts = this.#keep(decide);
    return (owner) => {
      const section = this.#context?.section;
      return owner >= 0 && section !== undefined && verdicts.holds(owner, section.owners.slots.capacity);
    };
  }

  #ofHost(decide: (section: NetworkSection, host: number) => boolean): SocketTest {
    const verdicts = this.#keep(decide);
    return (_socket, host) => {
      const section = this.#context?.section;
      return host >= 0 && section !== undefined && verdicts.holds(host, section.hosts.slots.capacity);
    };
  }

  #ofSocket(holds: SocketColumnsTest): SocketTest {
    return (socket) => {
      const section = this.#context?.section;
      return socket >= 0 && section !== undefined && holds(section.sockets, socket);
    };
  }

  #keep(decide: (section: NetworkSection, slot: number) => boolean): Verdicts {
    const verdicts = new Verdicts((slot) => {
      const section = this.#context?.section;
      return section !== undefined && decide(section, slot);
    });
    this.#verdicts.push(verdicts);
    return verdicts;
  }
}

function isMatch(match: TextMatch, text: string, wanted: string): boolean {
  return match === 'equals' ? text === wanted : text.includes(wanted);
}

/** Unknown values (NaN, or a list without that column) never match. */
function figureOf(columns: FilterColumns, key: FigureTermTest['key'], row: number): number {
  switch (key) {
    case 'up':
      return columns.up?.[row] ?? Number.NaN;
    case 'down':
      return columns.down?.[row] ?? Number.NaN;
    case 'conns':
      return columns.connections?.[row] ?? Number.NaN;
    case 'rtt':
      return columns.rttOf?.(row) ?? Number.NaN;
    case 'retrans':
      return columns.retransmittedOf?.(row) ?? Number.NaN;
    case 'drops':
      return columns.dropsOf?.(row) ?? Number.NaN;
  }
}

const UNKNOWN = 0;
const NO = 1;
const YES = 2;

/** Cached results of one term by table slot. Many sockets share a row, so each row is tested once per list. */
class Verdicts {
  readonly #decide: (slot: number) => boolean;
  #verdicts = new Uint8Array(0);
  #isStale = true;

  constructor(decide: (slot: number) => boolean) {
    this.#decide = decide;
  }

  /** Call when rows may have changed. */
  begin(): void {
    this.#isStale = true;
  }

  /** `capacity` of the table that `slot` is in. */
  holds(slot: number, capacity: number): boolean {
    if (this.#isStale) this.#clear(capacity);
    const known = this.#verdicts[slot]!;
    if (known !== UNKNOWN) return known === YES;
    const verdict = this.#decide(slot);
    this.#verdicts[slot] = verdict ? YES : NO;
    return verdict;
  }

  #clear(capacity: number): void {
    this.#isStale = false;
    if (capacity > this.#verdicts.length) this.#verdicts = new Uint8Array(capacity);
    else this.#verdicts.fill(UNKNOWN);
  }
}

/** Tests one socket by its own columns. */
type SocketColumnsTest = (sockets: SocketTable, slot: number) => boolean;

type ColumnsTerm = Exclude<SocketTermTest, { readonly key: 'host' | 'network' }>;

/** Compiles a term about ports, protocol, state or service. The port of either end counts. */
function socketColumnsTest(test: ColumnsTerm, names: FilterNames): SocketColumnsTest {
  switch (test.key) {
    case 'port': {
      const { comparison, values } = test;
      return ({ localPort, remotePort }, slot) =>
        anyOf(comparison, localPort[slot]!, values) || anyOf(comparison, remotePort[slot]!, values);
    }
    case 'proto': {
      const numbers: readonly number[] = test.protocols.map((name) =>
        name === 'udp' ? PROTOCOL_UDP : PROTOCOL_TCP,
      );
      return ({ protocol }, slot) => numbers.includes(protocol[slot]!);
    }
    case 'state':
      return ({ protocol, state }, slot) => test.states.includes(stateName(protocol[slot]!, state[slot]!));
    case 'svc': {
      const verdicts = new ServiceVerdicts(test.text, names);
      return ({ protocol, localPort, remotePort }, slot) =>
        verdicts.holds(remotePort[slot]!, protocol[slot]!) ||
        verdicts.holds(localPort[slot]!, protocol[slot]!);
    }
  }
}

const PORT_VALUES = 2 ** 16;

/** Whether a port's service matches; cached, because service names do not change. */
class ServiceVerdicts {
  readonly #verdicts = new Uint8Array(PORT_VALUES * 2);
  readonly #text: string;
  readonly #names: FilterNames;

  constructor(text: string, names: FilterNames) {
    this.#text = text;
    this.#names = names;
  }

  holds(port: number, protocol: number): boolean {
    const isUdp = protocol === PROTOCOL_UDP;
    const at = isUdp ? port + PORT_VALUES : port;
    if (this.#verdicts[at] === UNKNOWN) {
      const name = this.#names.serviceName?.(port, isUdp ? 'udp' : 'tcp');
      this.#verdicts[at] = name?.toLowerCase() === this.#text ? YES : NO;
    }
    return this.#verdicts[at] === YES;
  }
}
