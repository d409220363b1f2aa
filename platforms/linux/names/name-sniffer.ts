import { isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS, NameBasis, TcpState } from '../../../src/data/schema/network-columns.ts';
import type { FirstPacket } from '../bpf/first-packets.ts';
import { DNS_PORT } from '../first-bytes.ts';
import type { LinkScope } from '../packet/capture-scope.ts';
import { IpHeader } from '../packet/ip-header.ts';
import type { SocketRows } from '../sockets/sockets.ts';
import { type DnsAnswer, parseDnsAnswer } from './dns-answer.ts';
import { type KnownName, NameStore } from './name-store.ts';
import { hasWaited, isSameAddress, SaidNames, WAITS_LIMIT } from './said-names.ts';
import { DnsStreams, StreamNames } from './stream-names.ts';

/** A packet that may say a name, valid during the call only. The process of its socket is told where it is known. */
type NamePacket = Pick<FirstPacket, 'view' | 'at' | 'captured' | 'length'> &
  Partial<Pick<FirstPacket, 'pid' | 'startTicks'>>;

/** A DNS answer whose process is not known yet. */
interface GivenAnswer {
  readonly protocol: number;
  readonly local: Uint32Array;
  readonly localPort: number;
  /** The name server. */
  readonly remote: Uint32Array;
  readonly answer: DnsAnswer;
  readonly seenMicros: number;
  waits: number;
}

const ANSWERS_LIMIT = 4096;
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
  readonly #said = new SaidNames();
  /** By protocol and local port. */
  readonly #given = new Map<number, GivenAnswer[]>();
  #givenCount = 0;
  /** The memory that the last packet was in. */
  #view: DataView | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
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

  /**
   * @param isSent whether a socket of this machine sent it; on the loopback interface one gets it too
   * @param scope says which addresses are this machine's, where packets of others come by; undefined: all are its own
   */
  see(
    packet: NamePacket,
    isSent: boolean,
    isReceived: boolean,
    scope?: Pick<LinkScope, 'isLocal'> | undefined,
  ): void {
    const header = this.#header;
    const { view, at, captured } = packet;
    if (!header.parse(view, at, captured, packet.length) || header.isFragment) return;
    const start = at + header.networkBytes + header.transportBytes;
    const end = Math.min(start + header.payloadBytes, at + captured);
    if (end <= start) return;
    if (view !== this.#view) {
      this.#view = view;
      this.#bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    }
    if (isReceived && header.sourcePort === DNS_PORT) {
      if (scope?.isLocal(header.destination) ?? true)
        this.#seeAnswer(packet, this.#bytes.subarray(start, end));
    } else if (isSent && (scope?.isLocal(header.source) ?? true)) this.#seeSent(packet, start, end);
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
      this.#ageAnswers(nowMicros);
    }
    for (let i = 0; i < slots.count; i++) {
      this.#name(rows, slots.rows[i]!, nowMicros);
      if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
    this.#said.age(nowMicros);
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

  #noteAnswer({ pid = 0, startTicks = 0 }: NamePacket, answer: DnsAnswer | undefined): void {
    if (answer === undefined) return;
    if (pid > 0) {
      this.#learn(pid, startTicks, answer, this.#nowMicros);
      return;
    }
    if (this.#givenCount >= ANSWERS_LIMIT) return;
    this.#givenCount++;
    const { protocol, source, destination, destinationPort: localPort } = this.#header;
    const [local, remote] = [destination.slice(), source.slice()];
    const given = { protocol, local, localPort, remote, answer, seenMicros: this.#nowMicros, waits: 0 };
    const key = portKey(protocol, localPort);
    const known = this.#given.get(key);
    if (known === undefined) this.#given.set(key, [given]);
    else known.push(given);
  }

  #learn(
    pid: number,
    startTicks: number,
    { name, addresses, ttlSeconds }: DnsAnswer,
    nowMicros: number,
  ): void {
    for (const words of addresses) {
      this.store.remember(pid, startTicks, words, 0, name, NameBasis.DNS, ttlSeconds, nowMicros);
    }
  }

  #seeSent(packet: NamePacket, start: number, end: number): void {
    const { protocol } = this.#header;
    const bytes = this.#bytes;
    const nowMicros = this.#nowMicros;
    const asked =
      protocol === PROTOCOL_TCP
        ? this.#streams.segment(this.#keyOf, this.#sequence(packet), bytes, start, end, nowMicros)
        : this.#streams.datagram(this.#keyOf, bytes.subarray(start, end), nowMicros);
    if (asked.kind !== 'found') return;
    const basis = asked.basis === 'sni' ? NameBasis.SNI : NameBasis.HTTP;
    this.#said.add(this.#header, asked, basis, nowMicros);
  }

  #giveAnswers(rows: SocketRows, row: number, nowMicros: number): void {
    const { table } = rows;
    const key = portKey(table.protocol[row]!, table.localPort[row]!);
    const given = this.#given.get(key);
    if (given === undefined) return;
    if (!isKnown(rows, row)) return;
    const { ownerPid, ownerStartTicks } = table;
    const left = given.filter((one) => {
      if (!isAskerOf(one, rows, row)) return true;
      this.#learn(ownerPid[row]!, ownerStartTicks[row]!, one.answer, nowMicros);
      this.#givenCount--;
      return false;
    });
    if (left.length === 0) this.#given.delete(key);
    else if (left.length < given.length) this.#given.set(key, left);
  }

  #name(rows: SocketRows, row: number, nowMicros: number): void {
    const { table } = rows;
    const ends = endsOf(rows, row);
    if (rows.nameEnds[row] !== ends) this.#dropOld(rows, row, ends);
    const said = this.#said.slots.count === 0 ? -1 : this.#said.find(table, row);
    if (said >= 0) {
      this.#take(said, rows, row, nowMicros);
      return;
    }
    if (table.nameBasis[row] !== NameBasis.NONE || rows.nameTries[row]! >= WAITS_LIMIT) return;
    if (!hasRemoteEnd(rows, row)) return;
    rows.nameTries[row]!++;
    const known = this.#knownName(rows, row, nowMicros);
    if (known === undefined) return;
    table.remoteName[row] = known.name;
    table.nameBasis[row] = known.basis;
  }

  #knownName(rows: SocketRows, row: number, nowMicros: number): KnownName | undefined {
    const { remoteAddress } = rows.table;
    const at = row * ADDRESS_WORDS;
    const { ownerPid, ownerStartTicks } = rows.table;
    const own = isKnown(rows, row)
      ? this.store.find(ownerPid[row]!, ownerStartTicks[row]!, remoteAddress, at, nowMicros)
      : undefined;
    const known = own ?? this.store.find(0, 0, remoteAddress, at, nowMicros);
    return known === 'several' ? undefined : known;
  }

  #take(said: number, rows: SocketRows, row: number, nowMicros: number): void {
    const { table } = rows;
    const name = this.#said.name[said]!;
    const basis = this.#said.basis[said]!;
    table.remoteName[row] = name;
    table.nameBasis[row] = basis;
    table.offeredProtocols[row] = this.#said.alpn[said]! || undefined;
    this.#said.slots.remove(said);
    if (!isKnown(rows, row)) return;
    const { ownerPid, ownerStartTicks, remoteAddress } = table;
    const at = row * ADDRESS_WORDS;
    const pid = ownerPid[row]!;
    const startTicks = ownerStartTicks[row]!;
    this.store.remember(pid, startTicks, remoteAddress, at, name, basis, SAID_SECONDS, nowMicros);
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

  /** What has waited for long is of a process that will not be known. */
  #ageAnswers(nowMicros: number): void {
    for (const [key, given] of this.#given) {
      for (let i = given.length - 1; i >= 0; i--) {
        const one = given[i]!;
        if (!hasWaited(++one.waits, one.seenMicros, nowMicros)) continue;
        given.splice(i, 1);
        this.#givenCount--;
        this.#learn(0, 0, one.answer, nowMicros);
      }
      if (given.length === 0) this.#given.delete(key);
    }
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

/** A number made of what tells a connection from others. */
function endsOf({ table }: SocketRows, row: number): number {
  const { protocol, localPort, remotePort, remoteAddress } = table;
  const at = row * ADDRESS_WORDS;
  const low = remoteAddress[at + 3]! ^ remoteAddress[at + 2]!;
  const address = Math.imul(low, 0x9e3779b1) ^ remoteAddress[at]! ^ remoteAddress[at + 1]!;
  return ((localPort[row]! << 16) | remotePort[row]!) ^ address ^ protocol[row]!;
}

/** Whether the row is the socket that got an answer. One that is not connected has no remote end, and maybe no local one. */
function isAskerOf(given: GivenAnswer, { table }: SocketRows, row: number): boolean {
  const at = row * ADDRESS_WORDS;
  if (table.protocol[row] !== given.protocol || table.localPort[row] !== given.localPort) return false;
  const isAnyLocal = isUnspecifiedAddress(table.localAddress, at);
  if (!isAnyLocal && !isSameAddress(table.localAddress, at, given.local, 0)) return false;
  if (table.remotePort[row] === 0) return true;
  return table.remotePort[row] === DNS_PORT && isSameAddress(table.remoteAddress, at, given.remote, 0);
}

function hasRemoteEnd({ table }: SocketRows, row: number): boolean {
  return table.remotePort[row] !== 0 && table.state[row] !== TcpState.LISTEN;
}

/** Whether the process of a row is known, and not only inferred. */
function isKnown({ table }: SocketRows, row: number): boolean {
  return table.ownerPid[row]! > 0 && table.ownerBasis[row] === OwnerBasis.DESCRIPTOR;
}
