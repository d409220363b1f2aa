import { isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS, NameBasis, TcpState } from '../../../src/data/schema/network-columns.ts';
import { DNS_PORT } from '../first-bytes.ts';
import type { LinkScope } from '../packet/capture-scope.ts';
import { IpHeader } from '../packet/ip-header.ts';
import type { SocketRows } from '../sockets/sockets.ts';
import type { AskedName } from './asked-name.ts';
import { type DnsAnswer, parseDnsAnswer } from './dns-answer.ts';
import { type Asker, type KnownName, NameStore, UNKNOWN_ASKER } from './name-store.ts';
import { DnsStreams, StreamNames } from './stream-names.ts';

/** A packet that may say a name, valid during the call only. */
export interface NamePacket {
  readonly view: DataView;
  /** Where its network header starts. */
  readonly at: number;
  /** Bytes from there on that are there. */
  readonly captured: number;
  /** Bytes from there on that the packet had. */
  readonly length: number;
  /** Whether a socket of this machine sent it, and whether one gets it; on the loopback interface both. */
  readonly isSent: boolean;
  readonly isReceived: boolean;
  /** The process of its socket; undefined: the list of sockets will tell. */
  readonly asker: Asker | undefined;
  /** Says which addresses are this machine's, where packets of others come by; undefined: all are its own. */
  readonly scope: Pick<LinkScope, 'isLocal'> | undefined;
}

/** One end of a packet, as the list of sockets has it. */
interface Ends {
  readonly protocol: number;
  readonly local: Uint32Array;
  readonly localPort: number;
  readonly remote: Uint32Array;
  readonly remotePort: number;
}

/** A name that a connection said, until its row is found. */
interface SaidName extends Ends {
  readonly asked: Extract<AskedName, { kind: 'found' }>;
  readonly seenMicros: number;
  waits: number;
}

/** A DNS answer whose process is not known yet. */
interface GivenAnswer extends Ends {
  readonly answer: DnsAnswer;
  readonly seenMicros: number;
  waits: number;
}

const PENDING_LIMIT = 4096;
/** So many collections what was seen waits for a row, and a row for a name that its owner got before. */
const WAITS_LIMIT = 3;
/** What was seen waits so long at least, where collections follow one another faster than sockets are listed. */
const WAITS_MICROS = 3e6;
/** Names of connections have no lifetime of their own. */
const SAID_SECONDS = 300;
const ROWS_BETWEEN_RESTS = 2048;

/**
 * Learns names from packets, and writes them to the rows of the sockets: the name that a connection itself said; else
 * the only one that its process used for the address lately; else, where nothing is known of that process, the only
 * one that was asked for by processes that are not known. Nothing else is concluded.
 */
export class NameSniffer {
  readonly store = new NameStore();
  readonly #clock: () => number;
  readonly #header = new IpHeader();
  readonly #streams = new StreamNames();
  readonly #dnsStreams = new DnsStreams();
  /** By a number made of protocol, ports and remote address. */
  readonly #said = new Map<number, SaidName[]>();
  /** By protocol and local port. */
  readonly #given = new Map<number, GivenAnswer[]>();
  #pendingCount = 0;
  /** Of this turn: asking the clock for each packet costs more than reading it. */
  #nowMicros = 0;
  readonly #keyOf = (): string => this.#key();

  /** @param clock monotonic microseconds */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Before the packets of one turn. */
  begin(): void {
    this.#nowMicros = this.#clock();
    this.#streams.begin(this.#nowMicros);
  }

  /** Segments of this turn that were not worth showing. */
  get passedOver(): number {
    return this.#streams.passedOver;
  }

  see(packet: NamePacket): void {
    const header = this.#header;
    const { view, at, captured } = packet;
    if (!header.parse(view, at, captured, packet.length) || header.isFragment) return;
    const start = at + header.networkBytes + header.transportBytes;
    const payloadBytes = Math.min(header.payloadBytes, at + captured - start);
    if (payloadBytes <= 0) return;
    const payload = new Uint8Array(view.buffer, view.byteOffset + start, payloadBytes);
    const { scope } = packet;
    if (packet.isReceived && header.sourcePort === DNS_PORT) {
      if (scope?.isLocal(header.destination) ?? true) this.#seeAnswer(packet, payload);
    } else if (packet.isSent && (scope?.isLocal(header.source) ?? true)) this.#seeSent(packet, payload);
  }

  /** Names the rows, after their owners have been found. */
  async apply(rows: SocketRows, slice: Slice): Promise<void> {
    const { slots } = rows.table;
    const nowMicros = this.#clock();
    // Answers first: a connection may follow one in the same collection.
    if (this.#given.size > 0) {
      for (let i = 0; i < slots.count; i++) {
        this.#giveAnswers(rows, slots.rows[i]!, nowMicros);
        if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
      }
      this.#age(this.#given, nowMicros, ({ answer }) => this.#learn(UNKNOWN_ASKER, answer, nowMicros));
    }
    for (let i = 0; i < slots.count; i++) {
      this.#name(rows, slots.rows[i]!, nowMicros);
      if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
    this.#age(this.#said, nowMicros, () => undefined);
  }

  #seeAnswer(packet: NamePacket, payload: Uint8Array): void {
    const header = this.#header;
    if (header.protocol === PROTOCOL_UDP) {
      this.#noteAnswer(packet, parseDnsAnswer(payload));
      return;
    }
    if (header.protocol !== PROTOCOL_TCP) return;
    this.#dnsStreams.segment(this.#key(), this.#sequence(packet), payload, this.#nowMicros, (message) =>
      this.#noteAnswer(packet, parseDnsAnswer(message)),
    );
  }

  #noteAnswer({ asker }: NamePacket, answer: DnsAnswer | undefined): void {
    if (answer === undefined) return;
    if (asker !== undefined) this.#learn(asker, answer, this.#nowMicros);
    else {
      const ends = this.#ends(false);
      this.#add(this.#given, portKey(ends.protocol, ends.localPort), {
        ...{ ...ends, answer, seenMicros: this.#nowMicros, waits: 0 },
      });
    }
  }

  #learn(asker: Asker, { name, addresses, ttlSeconds }: DnsAnswer, nowMicros: number): void {
    const known = { name, basis: NameBasis.DNS };
    for (const words of addresses) this.store.remember(asker, words, 0, known, ttlSeconds, nowMicros);
  }

  #seeSent(packet: NamePacket, payload: Uint8Array): void {
    const { protocol } = this.#header;
    const asked =
      protocol === PROTOCOL_TCP
        ? this.#streams.segment(this.#keyOf, this.#sequence(packet), payload, this.#nowMicros)
        : this.#streams.datagram(this.#keyOf, payload, this.#nowMicros);
    if (asked.kind !== 'found') return;
    const ends = this.#ends(true);
    this.#add(this.#said, endsKey(ends.protocol, ends.localPort, ends.remotePort, ends.remote, 0), {
      ...ends,
      asked,
      seenMicros: this.#nowMicros,
      waits: 0,
    });
  }

  #giveAnswers(rows: SocketRows, row: number, nowMicros: number): void {
    const { table } = rows;
    const key = portKey(table.protocol[row]!, table.localPort[row]!);
    const given = this.#given.get(key);
    if (given === undefined) return;
    const asker = askerOf(rows, row);
    if (asker === undefined) return;
    const left = given.filter((one) => {
      if (!isOfRow(one, rows, row)) return true;
      this.#learn(asker, one.answer, nowMicros);
      this.#pendingCount--;
      return false;
    });
    if (left.length === 0) this.#given.delete(key);
    else if (left.length < given.length) this.#given.set(key, left);
  }

  #name(rows: SocketRows, row: number, nowMicros: number): void {
    const { table } = rows;
    const ends = rowKey(rows, row);
    if (rows.nameEnds[row] !== ends) this.#dropOld(rows, row, ends);
    const said = this.#said.size === 0 ? undefined : this.#takeSaid(rows, row, ends);
    if (said !== undefined) {
      const { name, basis, alpn } = said.asked;
      this.#write(rows, row, { name, basis: basis === 'sni' ? NameBasis.SNI : NameBasis.HTTP });
      table.offeredProtocols[row] = alpn.length === 0 ? undefined : alpn.join(',');
      const asker = askerOf(rows, row);
      const known = { name, basis: table.nameBasis[row]! };
      if (asker !== undefined) {
        this.store.remember(asker, table.remoteAddress, row * ADDRESS_WORDS, known, SAID_SECONDS, nowMicros);
      }
      return;
    }
    if (table.nameBasis[row] !== NameBasis.NONE || rows.nameTries[row]! >= WAITS_LIMIT) return;
    if (!hasRemoteEnd(rows, row)) return;
    rows.nameTries[row]!++;
    const known = this.#knownName(rows, row, nowMicros);
    if (known !== undefined) this.#write(rows, row, known);
  }

  #knownName(rows: SocketRows, row: number, nowMicros: number): KnownName | undefined {
    const { remoteAddress } = rows.table;
    const at = row * ADDRESS_WORDS;
    const { ownerPid, ownerStartTicks } = rows.table;
    const own = isKnown(rows, row)
      ? this.store.find(ownerPid[row]!, ownerStartTicks[row]!, remoteAddress, at, nowMicros)
      : undefined;
    const { pid, startTicks } = UNKNOWN_ASKER;
    const known = own ?? this.store.find(pid, startTicks, remoteAddress, at, nowMicros);
    return known === 'several' ? undefined : known;
  }

  #write({ table }: SocketRows, row: number, { name, basis }: KnownName): void {
    table.remoteName[row] = name;
    table.nameBasis[row] = basis;
  }

  /** A socket can be connected to another end. */
  #dropOld(rows: SocketRows, row: number, ends: number): void {
    const { table } = rows;
    rows.nameEnds[row] = ends;
    rows.nameTries[row] = 0;
    table.remoteName[row] = undefined;
    table.nameBasis[row] = NameBasis.NONE;
    table.offeredProtocols[row] = undefined;
  }

  #takeSaid(rows: SocketRows, row: number, key: number): SaidName | undefined {
    const said = this.#said.get(key);
    if (said === undefined) return undefined;
    for (let i = 0; i < said.length; i++) {
      const one = said[i]!;
      if (!isOfRow(one, rows, row)) continue;
      if (said.length === 1) this.#said.delete(key);
      else said.splice(i, 1);
      this.#pendingCount--;
      return one;
    }
    return undefined;
  }

  /** What has waited for long is given up. */
  #age<T extends SaidName | GivenAnswer>(
    pending: Map<number, T[]>,
    nowMicros: number,
    giveUp: (one: T) => void,
  ): void {
    for (const [key, all] of pending) {
      for (let i = all.length - 1; i >= 0; i--) {
        const one = all[i]!;
        if (++one.waits < WAITS_LIMIT || nowMicros - one.seenMicros < WAITS_MICROS) continue;
        all.splice(i, 1);
        this.#pendingCount--;
        giveUp(one);
      }
      if (all.length === 0) pending.delete(key);
    }
  }

  #add<T>(pending: Map<number, T[]>, key: number, one: T): void {
    if (this.#pendingCount >= PENDING_LIMIT) return;
    this.#pendingCount++;
    const known = pending.get(key);
    if (known === undefined) pending.set(key, [one]);
    else known.push(one);
  }

  /** The ends of the packet, seen from this machine's socket. */
  #ends(isSent: boolean): Ends {
    const { protocol, source, destination, sourcePort, destinationPort } = this.#header;
    const [from, to] = [source.slice(), destination.slice()];
    return isSent
      ? { protocol, local: from, localPort: sourcePort, remote: to, remotePort: destinationPort }
      : { protocol, local: to, localPort: destinationPort, remote: from, remotePort: sourcePort };
  }

  #key(): string {
    const { protocol, source, destination, sourcePort, destinationPort } = this.#header;
    return `${protocol} ${source.join('.')} ${sourcePort} ${destination.join('.')} ${destinationPort}`;
  }

  /** RFC 9293, 3.1: at 4. */
  #sequence({ view, at }: NamePacket): number {
    return view.getUint32(at + this.#header.networkBytes + 4);
  }
}

function portKey(protocol: number, localPort: number): number {
  return protocol * 0x1_0000 + localPort;
}

function endsKey(
  protocol: number,
  localPort: number,
  remotePort: number,
  remote: Uint32Array,
  at: number,
): number {
  const ports = (localPort << 16) | remotePort;
  const address = Math.imul(remote[at + 3]! ^ remote[at + 2]!, 0x9e3779b1) ^ remote[at]! ^ remote[at + 1]!;
  return ports ^ address ^ protocol;
}

function rowKey({ table }: SocketRows, row: number): number {
  const { protocol, localPort, remotePort, remoteAddress } = table;
  return endsKey(protocol[row]!, localPort[row]!, remotePort[row]!, remoteAddress, row * ADDRESS_WORDS);
}

/** Whether the row is the socket of these ends. One that is not connected has no remote end, and maybe no local one. */
function isOfRow(ends: Ends, { table }: SocketRows, row: number): boolean {
  const at = row * ADDRESS_WORDS;
  if (table.protocol[row] !== ends.protocol || table.localPort[row] !== ends.localPort) return false;
  const isAnyLocal = isUnspecifiedAddress(table.localAddress, at);
  if (!isAnyLocal && !isSame(table.localAddress, at, ends.local)) return false;
  const isAnyRemote = ends.remotePort === DNS_PORT && table.remotePort[row] === 0;
  return (
    isAnyRemote || (table.remotePort[row] === ends.remotePort && isSame(table.remoteAddress, at, ends.remote))
  );
}

function isSame(words: Uint32Array, at: number, other: Uint32Array): boolean {
  for (let i = 0; i < ADDRESS_WORDS; i++) if (words[at + i] !== other[i]) return false;
  return true;
}

function hasRemoteEnd({ table }: SocketRows, row: number): boolean {
  return table.remotePort[row] !== 0 && table.state[row] !== TcpState.LISTEN;
}

/** The process of a row; undefined: not known. */
function askerOf(rows: SocketRows, row: number): Asker | undefined {
  const { ownerPid, ownerStartTicks } = rows.table;
  return isKnown(rows, row) ? { pid: ownerPid[row]!, startTicks: ownerStartTicks[row]! } : undefined;
}

/** Whether the process of a row is known, and not only inferred. */
function isKnown({ table }: SocketRows, row: number): boolean {
  return table.ownerPid[row]! > 0 && table.ownerBasis[row] === OwnerBasis.DESCRIPTOR;
}
