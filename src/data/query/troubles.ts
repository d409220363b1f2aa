import { shareOf } from '../rates/health-rates.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { PROTOCOL_TCP } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, OwnerKind, ProblemKind, TcpState } from '../schema/network-columns.ts';
import { EndpointTexts, HostTexts } from './row-texts.ts';
import { countOf, percent, reasonWords, roundTripText, times } from './trouble-words.ts';

/*
 * When something is trouble. Each limit is above what lines have that work well: a TCP that fills its line loses some
 * segments now and then, in bursts; servers end idle connections with a reset; every network has packets for nobody.
 */
/** Retransmitted: so large a share, so many segments, in so many of the five parts of the window. */
const RETRANSMITTED_SHARE = 0.02;
const RETRANSMITTED_LEAST = 5;
const PARTS_LEAST = 3;
/** Segments out of order, without such a share. */
const REORDERED_LEAST = 10;
const RESETS_LEAST = 5;
const DATAGRAMS_LEAST = 10;
const DROPS_OF_PROCESS_LEAST = 3;
const DROPS_OF_MACHINE_LEAST = 10;
const ATTEMPTS_OF_MACHINE_LEAST = 10;
/** An attempt without a reply has sent its SYN again twice: three seconds. */
const SYN_RETRANSMITS_LEAST = 2;
/** Round trips: so long, and so much longer than the shortest ever. */
const SLOW_MICROS = 300e3;
const SLOW_RATIO = 4;

/** How bad a kind of trouble is; the larger counts before every amount of the smaller. */
const Severity = { NOTE: 1, SLOW: 2, LOSSY: 3, FAILING: 4, REFUSING: 5 } as const;

const FIREWALL = 'NETFILTER_DROP';
const FULL_BUFFER = 'SOCKET_RCVBUFF';

/** Kinds of trouble that are made at once are bounded by these. */
const FOUND_LIMIT = 1024;

/** Something that is wrong. */
export interface Trouble {
  /** Kind, name and place: those of several processes of one name are one trouble. */
  readonly key: string;
  /** A Severity, and a fraction by the amount. */
  readonly severity: number;
  /** Slots in `section.owners` and `section.hosts`, -1 none. */
  readonly owner: number;
  readonly host: number;
  readonly name: string;
  /** What is wrong, in words. */
  readonly words: string;
  /** An endpoint or an address; '' nowhere. */
  readonly place: string;
  /** How often in the window; NaN: it is no count. */
  readonly count: number;
}

/** What is found before several of one name are put together. */
interface Finding {
  readonly kind: string;
  readonly severity: number;
  readonly owner: number;
  readonly host: number;
  readonly place: string;
  readonly count: number;
  readonly say: (count: number) => string;
}

/** Names of remote hosts that are known by now; undefined: none is. */
export type HostNames = ((address: string) => string | undefined) | undefined;

const NOBODY: ReadonlySet<number> = new Set<number>([OwnerKind.CLOSED, OwnerKind.UNKNOWN]);

/** Texts that are kept from one search to the next. */
export class TroubleTexts {
  readonly hosts = new HostTexts();
  readonly endpoints = new EndpointTexts();
}

/** What is wrong in a section and its rates, in no order; none where nothing is. */
export function findTroubles(
  section: NetworkSection,
  rates: NetworkRates,
  hostName: HostNames,
  texts: TroubleTexts,
): readonly Trouble[] {
  return new TroubleSearch(section, rates, hostName, texts).find();
}

class TroubleSearch {
  readonly #section: NetworkSection;
  readonly #rates: NetworkRates;
  readonly #hostName: HostNames;
  readonly #texts: TroubleTexts;
  /** The time that counts are of, in words. */
  readonly #window: string;
  readonly #findings = new Map<string, Finding & { readonly name: string }>();

  constructor(section: NetworkSection, rates: NetworkRates, hostName: HostNames, texts: TroubleTexts) {
    this.#section = section;
    this.#rates = rates;
    this.#hostName = hostName;
    this.#texts = texts;
    this.#window = `in ${Math.max(1, Math.round(rates.health.seconds))} s`;
  }

  find(): readonly Trouble[] {
    this.#findProblems(this.#findAtSockets());
    this.#findSlowHosts();
    return Array.from(this.#findings, ([key, { severity, owner, host, name, place, count, say }]) => ({
      ...{ key, owner, host, name, place, count },
      severity: graded(severity, count),
      words: say(count),
    }));
  }

  /** At listeners, UDP sockets and connections that open; returns the connections that listeners dropped. */
  #findAtSockets(): number {
    const { sockets, accounts } = this.#section;
    const { rows, count, serial } = sockets.slots;
    const { socketDrops } = this.#rates.health;
    let listenerDrops = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const state = sockets.state[slot]!;
      if (accounts.isClosed[slot] === 1 || sockets.isShare[slot] === 1) continue;
      if (state === TcpState.SYN_SENT) this.#findOpening(slot);
      const drops = socketDrops.of(slot, serial[slot]!);
      if (state === TcpState.LISTEN) {
        listenerDrops += drops > 0 ? drops : 0;
        this.#findListener(slot, drops);
      } else if (sockets.protocol[slot] !== PROTOCOL_TCP && drops >= DATAGRAMS_LEAST) {
        this.#add({
          ...{ kind: 'datagrams', severity: Severity.FAILING, owner: accounts.owner[slot]!, host: -1 },
          ...{ place: this.#localEndpoint(slot), count: drops },
          say: (n) => `receive buffer full, ${countOf(n, 'datagram')} dropped ${this.#window}`,
        });
      }
    }
    return listenerDrops;
  }

  #findListener(slot: number, drops: number): void {
    const { sockets, accounts } = this.#section;
    // include/net/sock.h, sk_acceptq_is_full: one more than the limit waits.
    const isFull = sockets.receiveQueue[slot]! > sockets.sendQueue[slot]!;
    if (!isFull && !(drops > 0)) return;
    const waiting = sockets.receiveQueue[slot]!;
    this.#add({
      ...{ kind: 'listener', severity: Severity.REFUSING, owner: accounts.owner[slot]!, host: -1 },
      ...{ place: this.#localEndpoint(slot), count: drops > 0 ? drops : 0 },
      say: (n) => {
        const dropped = `${countOf(n, 'connection')} dropped ${this.#window}`;
        if (!isFull) return `${dropped} by its listener`;
        return `accept queue full, ${n > 0 ? dropped : `${countOf(waiting, 'connection')} not accepted`}`;
      },
    });
  }

  /** Still waits for a reply to its SYN. */
  #findOpening(slot: number): void {
    const { sockets, accounts } = this.#section;
    const again = sockets.retransmits[slot]!;
    if (!(again >= SYN_RETRANSMITS_LEAST)) return;
    const place = this.#remoteEndpoint(accounts.host[slot]!, sockets.remotePort[slot]!);
    const sinceMicros = this.#section.monotonicMicros - sockets.firstSeenMicros[slot]!;
    const seconds = sockets.bornBeforeStart[slot] === 1 ? Number.NaN : Math.round(sinceMicros / 1e6);
    this.#add({
      ...{
        kind: 'no reply',
        severity: Severity.FAILING,
        owner: accounts.owner[slot]!,
        host: accounts.host[slot]!,
      },
      ...{ place, count: 1 },
      say: (n) => {
        const attempts = n > 1 ? `${n} attempts, ` : '';
        const since = Number.isNaN(seconds) ? '' : ` in ${seconds} s`;
        return `no reply from ${place}, ${attempts}SYN sent ${times(again + 1)}${since}`;
      },
    });
  }

  #findProblems(listenerDrops: number): void {
    const { problems } = this.#section;
    const { rows, count, serial } = problems.slots;
    let failed = 0;
    let overflows = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const kind = problems.kind[slot]!;
      if (kind === ProblemKind.RETRANSMITTED) {
        this.#findLossyPath(slot);
        continue;
      }
      const grown = this.#rates.health.problems.count.of(slot, serial[slot]!);
      if (!(grown > 0)) continue;
      if (kind === ProblemKind.LISTEN_DROPS && problems.reasons[slot] !== '') overflows += grown;
      else if (kind === ProblemKind.DROPPED) this.#findDrops(slot, grown);
      else if (problems.owner[slot]! >= 0 || problems.host[slot]! >= 0) {
        failed += grown;
        this.#findFailures(slot, grown);
      }
    }
    this.#findOfMachine({ listenerDrops, overflows, failed });
  }

  /** What the kernel counts for the machine as a whole, where no row says more. */
  #findOfMachine({
    listenerDrops,
    overflows,
    failed,
  }: Readonly<Record<'listenerDrops' | 'overflows' | 'failed', number>>): void {
    const grownOf = (kind: number): number => {
      const { slots } = this.#section.problems;
      const slot = slots.find(kind, 0xffffffff, 0xffffffff, 0);
      return slot < 0 ? 0 : this.#rates.health.problems.count.of(slot, slots.serial[slot]!);
    };
    const dropped = grownOf(ProblemKind.LISTEN_DROPS) - listenerDrops;
    // Drops of listeners are read only every other second: what their rows lack of the machine's count is still theirs.
    if (dropped > 0 && listenerDrops === 0) {
      this.#add({
        ...{
          kind: 'listen drops',
          severity: Severity.REFUSING,
          owner: -1,
          host: -1,
          place: '',
          count: dropped,
        },
        say: (n) => {
          const full =
            overflows === 0 ? '' : `, ${overflows < n ? overflows : 'all'} for a full accept queue`;
          return `${countOf(n, 'connection')} dropped by listeners ${this.#window}${full}`;
        },
      });
    }
    const unknown = grownOf(ProblemKind.ATTEMPT_FAILS) - failed;
    if (unknown >= ATTEMPTS_OF_MACHINE_LEAST) {
      this.#add({
        ...{ kind: 'attempts', severity: Severity.NOTE, owner: -1, host: -1, place: '', count: unknown },
        say: (n) => `${countOf(n, 'connection')} failed to open ${this.#window}`,
      });
    }
  }

  #findFailures(slot: number, grown: number): void {
    const { problems } = this.#section;
    const [owner, host] = [problems.owner[slot]!, problems.host[slot]!];
    const kind = problems.kind[slot]!;
    if (kind === ProblemKind.RESET && grown < RESETS_LEAST) return;
    const reason = problems.reasons[slot]!;
    const place = this.#remoteEndpoint(host, problems.port[slot]!);
    const severity =
      kind === ProblemKind.RESET
        ? Severity.LOSSY
        : kind === ProblemKind.REFUSED
          ? Severity.REFUSING
          : Severity.FAILING;
    this.#add({
      ...{ kind: `failure ${kind} ${reason}`, severity, owner, host, place, count: grown },
      say: (n) => {
        switch (kind) {
          case ProblemKind.REFUSED:
            return `connection refused by ${place}, ${times(n)} ${this.#window}`;
          case ProblemKind.TIMED_OUT:
            return `no reply from ${place}, gave up ${times(n)} ${this.#window}`;
          case ProblemKind.UNREACHABLE:
            return reason === ''
              ? `${place} unreachable, ${times(n)} ${this.#window}`
              : `cannot connect to ${place}, ${times(n)} ${this.#window}: ${reason}`;
          default:
            return `${countOf(n, 'connection')} reset by ${place} ${this.#window}`;
        }
      },
    });
  }

  #findDrops(slot: number, grown: number): void {
    const { problems } = this.#section;
    const owner = problems.owner[slot]!;
    const reason = problems.reasons[slot]!;
    const words = reasonWords(reason);
    if (words === undefined || grown < (owner >= 0 ? DROPS_OF_PROCESS_LEAST : DROPS_OF_MACHINE_LEAST)) return;
    // Each firewall has something to drop that is meant for nobody here.
    if (owner < 0 && reason === FIREWALL) return;
    // The socket has counted that itself.
    if (
      owner >= 0 &&
      reason === FULL_BUFFER &&
      this.#rates.health.owners.drops.of(owner, serialOf(this.#section, owner)) > 0
    )
      return;
    this.#add({
      ...{ kind: `dropped: ${words}`, severity: Severity.LOSSY, owner, host: -1, place: '', count: grown },
      say: (n) => `${countOf(n, 'packet')} dropped ${this.#window}: ${words}`,
    });
  }

  #findLossyPath(slot: number): void {
    const { problems } = this.#section;
    const serial = problems.slots.serial[slot]!;
    const { count, outOf, reorderings } = this.#rates.health.problems;
    const again = count.of(slot, serial);
    const share = shareOf(again, outOf.of(slot, serial));
    const moved = reorderings.of(slot, serial);
    const isLossy =
      again >= RETRANSMITTED_LEAST &&
      share >= RETRANSMITTED_SHARE &&
      count.partsGrown(slot, serial) >= PARTS_LEAST;
    const isReordered = moved >= REORDERED_LEAST && reorderings.partsGrown(slot, serial) >= PARTS_LEAST;
    if (!isLossy && !isReordered) return;
    const [owner, host] = [problems.owner[slot]!, problems.host[slot]!];
    const place = this.#hostText(host);
    const rtt = problems.rttMicros[slot]!;
    const roundTrip = rtt > 0 ? `, round trip ${roundTripText(rtt)}` : '';
    const outOfOrder = moved > 0 ? `, out of order ${times(moved)} ${this.#window}` : '';
    this.#add({
      ...{ kind: isLossy ? 'lossy' : 'reordered', severity: isLossy ? Severity.LOSSY : Severity.NOTE },
      ...{ owner, host, place, count: isLossy ? again : moved },
      say: () =>
        isLossy
          ? `${percent(share)} retransmitted to ${place}${roundTrip}${outOfOrder}`
          : `segments to ${place} out of order ${times(moved)} ${this.#window}${roundTrip}`,
    });
  }

  /** Their round trips take much longer than they could: a queue on the way is full. */
  #findSlowHosts(): void {
    const { hosts } = this.#section;
    const { rows, count } = hosts.slots;
    for (let i = 0; i < count; i++) {
      const host = rows[i]!;
      const rtt = hosts.rttMicros[host]!;
      const least = hosts.rttMinMicros[host]!;
      if (!(rtt >= SLOW_MICROS && rtt >= least * SLOW_RATIO) || hosts.connectionCount[host] === 0) continue;
      if (!(hosts.rttP95Micros[host]! >= SLOW_MICROS)) continue;
      const place = this.#hostText(host);
      this.#add({
        ...{ kind: 'slow', severity: Severity.SLOW, owner: -1, host, place, count: Number.NaN },
        say: () => `round trips to ${place} take ${roundTripText(rtt)}, ${roundTripText(least)} at best`,
      });
    }
  }

  #add(finding: Finding): void {
    const name = nameOf(this.#section, finding.owner);
    const key = `${finding.kind}\n${name}\n${finding.place}`;
    const known = this.#findings.get(key);
    if (known === undefined && this.#findings.size >= FOUND_LIMIT) return;
    const count = known === undefined ? finding.count : known.count + finding.count;
    this.#findings.set(key, { ...finding, name, count });
  }

  #localEndpoint(slot: number): string {
    const { localAddress, localPort } = this.#section.sockets;
    return this.#texts.endpoints.endpoint(localAddress, slot * ADDRESS_WORDS, localPort[slot]!);
  }

  #hostText(host: number): string {
    if (host < 0) return '';
    const address = this.#texts.hosts.of(this.#section.hosts, host);
    return this.#hostName?.(address) ?? address;
  }

  #remoteEndpoint(host: number, port: number): string {
    const text = this.#hostText(host);
    return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
  }
}

function serialOf({ owners }: NetworkSection, owner: number): number {
  return owners.slots.serial[owner]!;
}

function nameOf({ owners }: NetworkSection, owner: number): string {
  if (owner < 0) return 'the machine';
  return NOBODY.has(owners.kind[owner]!) ? 'unknown process' : (owners.names[owner] ?? '');
}

/** The fraction grows with the amount and stays below 1. */
function graded(severity: number, count: number): number {
  return count > 0 ? severity + count / (count + 100) : severity;
}
