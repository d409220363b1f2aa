import { toOpError } from '../../kit/errors/op-error.ts';
import { setNewest } from '../../kit/limits/bounds.ts';
import { isIpv4, readAddress } from '../sample/address.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';
import { type AddressRange, addressRange } from './address-range.ts';
import { shownHostName } from './hosts-file.ts';

// Loaded with the first question: 0.1 MB that a machine without remote connections does without.
const dnsModule = () => require('node:dns') as typeof import('node:dns');

/** Time as the name work sees it; tests hand in a clock of their own. */
export interface Timers {
  /** Monotonic milliseconds. */
  nowMillis(): number;
  /** Calls `run` once, `millis` from now, unless the function returned is called before. */
  after(millis: number, run: () => void): () => void;
}

/** The system's clock. Its timers never keep the process alive: names are not worth waiting for. */
const SYSTEM_TIMERS: Timers = {
  nowMillis: () => performance.now(),
  after(millis, run) {
    const timer = setTimeout(run, millis);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A question under way. */
export interface ReverseLookup {
  /** Rejects where there is no name, or no answer. */
  readonly names: Promise<readonly string[]>;
  /** Ends the question: nothing of it is left, and `names` rejects soon. */
  cancel(): void;
}

/** Who is asked for the names of addresses. */
export interface ReverseResolver {
  reverse(address: string): ReverseLookup;
}

/** Twice in the time given: a first packet may be lost, and a name that took long is in the server's cache by then. */
const ATTEMPTS = 2;

/**
 * Asks the name servers of resolv.conf(5), or those given (`address` or `address:port`): a lone one twice, each of
 * several once, within `timeoutMillis` for two attempts.
 *
 * Two habits of the library are worked around. `Resolver.reverse` parses the whole of /etc/hosts on the event loop
 * (185 ms for 100,000 blocked hosts), so PTR records are asked for by name. And a resolver that has had quick answers
 * gives up after 250 ms, whatever its timeout, and fails all its questions for one malformed reply; so each question
 * has a resolver, and with it a random port, of its own (0.14 ms).
 */
export function openReverseResolver(timeoutMillis: number, servers?: readonly string[]): ReverseResolver {
  const { promises: dns } = dnsModule();
  const count = servers?.length ?? dns.getServers().length;
  const options = { timeout: Math.ceil(timeoutMillis / ATTEMPTS), tries: count > 1 ? 1 : ATTEMPTS };
  const words = new Uint32Array(ADDRESS_WORDS);
  return {
    reverse(address) {
      if (!readAddress(address, words)) return { names: Promise.resolve([]), cancel: () => undefined };
      const resolver = new dns.Resolver(options);
      if (servers !== undefined) resolver.setServers([...servers]);
      return { names: resolver.resolvePtr(pointerName(words)), cancel: () => resolver.cancel() };
    },
  };
}

/** Name of an address's PTR records: `5.0.0.10.in-addr.arpa` (RFC 1035, 3.5), nibbles in `ip6.arpa` (RFC 3596, 2.5). */
export function pointerName(words: Uint32Array): string {
  const labels: string[] = [];
  if (isIpv4(words, 0)) {
    for (let shift = 0; shift < 32; shift += 8) labels.push(String((words[3]! >>> shift) & 255));
    return `${labels.join('.')}.in-addr.arpa`;
  }
  for (let word = ADDRESS_WORDS - 1; word >= 0; word--) {
    for (let shift = 0; shift < 32; shift += 4) labels.push(((words[word]! >>> shift) & 15).toString(16));
  }
  return `${labels.join('.')}.ip6.arpa`;
}

const LOOKUPS_LIMIT = 16;
/** Started in one turn of the event loop: 0.14 ms each. */
const STARTS_AT_ONCE = 4;
const WAITING_LIMIT = 256;
const CACHE_LIMIT = 4096;
const CACHE_MILLIS = 5 * 60_000;
const LOOKUP_MILLIS = 2_000;
const CHANGE_MILLIS = 100;

/** Ranges that no unicast name server can know. Private networks have servers of their own. */
const UNASKED: ReadonlySet<AddressRange | undefined> = new Set<AddressRange>([
  'unspecified',
  'loopback',
  'link-local',
  'multicast',
  'broadcast',
  'reserved',
]);

/** What is known of an address: its name, or that it has none. */
interface Answer {
  readonly name: string | undefined;
  readonly expiresAtMillis: number;
}

/** A look-up under way. */
interface Asking {
  readonly lookup: ReverseLookup;
  readonly stopLimit: () => void;
}

/** What `ReverseDns` is made of; without options it asks the system's name servers. */
export interface ReverseDnsOptions {
  /** Default true. */
  readonly isEnabled?: boolean;
  /** Called when names have come or gone, at most once in 100 ms, never from within `nameOf`. */
  readonly onChange?: () => void;
  readonly resolver?: ReverseResolver;
  /** Names known without asking, by address as `addressText` writes it. */
  readonly hosts?: ReadonlyMap<string, string>;
  readonly timers?: Timers;
}

/**
 * Names of addresses, asked for in the background. Bounds: 16 look-ups of at most 2 s at once, 256 addresses waiting
 * (the last wanted go first, the longest unwanted are dropped), 4096 answers kept for 5 minutes, failures too.
 */
export class ReverseDns {
  /** The least recently used first. */
  readonly #cache = new Map<string, Answer>();
  /** The longest unwanted first. */
  readonly #waiting = new Set<string>();
  readonly #lookups = new Map<string, Asking>();
  readonly #words = new Uint32Array(ADDRESS_WORDS);
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #timers: Timers;
  readonly #onChange: (() => void) | undefined;
  #resolver: ReverseResolver | undefined;
  #isEnabled: boolean;
  #isClosed = false;
  #stopStarting: (() => void) | undefined;
  #stopTelling: (() => void) | undefined;
  #toldAtMillis = Number.NEGATIVE_INFINITY;

  constructor(options: ReverseDnsOptions = {}) {
    this.#isEnabled = options.isEnabled ?? true;
    this.#onChange = options.onChange;
    this.#resolver = options.resolver;
    this.#hosts = options.hosts ?? new Map<string, string>();
    this.#timers = options.timers ?? SYSTEM_TIMERS;
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  /** Look-ups under way, 16 at most. */
  get lookupCount(): number {
    return this.#lookups.size;
  }

  /** Addresses waiting for one, 256 at most. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** The name known now. While enabled, a name that is not known or too old is looked up in the background. */
  nameOf(address: string): string | undefined {
    const answer = this.#cache.get(address);
    if (answer !== undefined) this.#remember(address, answer);
    if (answer !== undefined && this.#timers.nowMillis() < answer.expiresAtMillis) return answer.name;
    const hostsName = this.#hosts.get(address);
    if (hostsName !== undefined) return hostsName;
    if (this.#isEnabled && !this.#isClosed && !this.#lookups.has(address)) this.#want(address);
    // An old name stays on the screen until the new answer is there.
    return answer?.name;
  }

  /** What is known of an address, without asking for it. */
  knownName(address: string): string | undefined {
    return this.#cache.get(address)?.name ?? this.#hosts.get(address);
  }

  /** Off: starts no new lookups. Known names stay, and running lookups may finish. */
  setEnabled(isEnabled: boolean): void {
    this.#isEnabled = isEnabled;
    if (!isEnabled) this.#waiting.clear();
  }

  /** Ends everything at once: no look-up, no timer and no callback is left. Known names remain. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    this.#stopStarting?.();
    this.#stopTelling?.();
    for (const { lookup, stopLimit } of this.#lookups.values()) {
      stopLimit();
      lookup.cancel();
    }
    this.#lookups.clear();
  }

  #remember(address: string, answer: Answer): void {
    setNewest(this.#cache, address, answer, CACHE_LIMIT);
  }

  #want(address: string): void {
    this.#waiting.delete(address);
    this.#waiting.add(address);
    if (this.#waiting.size > WAITING_LIMIT) this.#waiting.delete(this.#waiting.keys().next().value!);
    // Not now: the caller may be drawing a frame, and it has not said yet what else it wants.
    if (this.#lookups.size < LOOKUPS_LIMIT) this.#startSoon();
  }

  #startSoon(): void {
    this.#stopStarting ??= this.#timers.after(0, () => {
      this.#stopStarting = undefined;
      this.#startSome();
    });
  }

  #startSome(): void {
    for (let started = 0; this.#lookups.size < LOOKUPS_LIMIT; ) {
      if (started === STARTS_AT_ONCE) {
        this.#startSoon();
        return;
      }
      const address = [...this.#waiting].pop();
      if (address === undefined) return;
      this.#waiting.delete(address);
      if (this.#isAskable(address)) {
        this.#start(address);
        started++;
      } else this.#remember(address, { name: undefined, expiresAtMillis: Number.POSITIVE_INFINITY });
    }
  }

  #isAskable(address: string): boolean {
    return readAddress(address, this.#words) && !UNASKED.has(addressRange(this.#words, 0));
  }

  #start(address: string): void {
    const lookup = this.#lookup(address);
    const asking: Asking = {
      lookup,
      stopLimit: this.#timers.after(LOOKUP_MILLIS, () => {
        this.#finish(address, asking, undefined);
        lookup.cancel();
      }),
    };
    this.#lookups.set(address, asking);
    // No such name, no answer and nonsense all mean that the address has no name.
    lookup.names.then(shownHostName).then(
      (name) => this.#finish(address, asking, name),
      () => this.#finish(address, asking, undefined),
    );
  }

  #lookup(address: string): ReverseLookup {
    try {
      this.#resolver ??= openReverseResolver(LOOKUP_MILLIS);
      return this.#resolver.reverse(address);
    } catch (thrown) {
      // A resolver that cannot even ask (a resolv.conf beyond use) has failed like one without an answer.
      return { names: Promise.reject(toOpError('reverse', thrown)), cancel: () => undefined };
    }
  }

  #finish(address: string, asking: Asking, name: string | undefined): void {
    // What comes past the time limit, or past the end, belongs to a look-up that is over.
    if (this.#lookups.get(address) !== asking) return;
    asking.stopLimit();
    this.#lookups.delete(address);
    const before = this.#cache.get(address)?.name;
    this.#remember(address, { name, expiresAtMillis: this.#timers.nowMillis() + CACHE_MILLIS });
    if (name !== before) this.#tell();
    if (this.#waiting.size > 0) this.#startSoon();
  }

  #tell(): void {
    if (this.#onChange === undefined || this.#stopTelling !== undefined) return;
    const wait = Math.max(0, this.#toldAtMillis + CHANGE_MILLIS - this.#timers.nowMillis());
    this.#stopTelling = this.#timers.after(wait, () => {
      this.#stopTelling = undefined;
      this.#toldAtMillis = this.#timers.nowMillis();
      this.#onChange?.();
    });
  }
}
