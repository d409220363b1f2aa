import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { SampleWorld, words } from '../sample/sample-world.fixture.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';
import type { FilterExpression } from './filter/filter-expression.ts';
import { parseFilter } from './filter/parse-filter.ts';
import type { Scope } from './scope.ts';

/** Everything but loopback, and everything. */
export const OUTSIDE: Scope = { interfaceIndex: undefined, includeLoopback: false };
export const EVERYTHING: Scope = { interfaceIndex: undefined, includeLoopback: true };

/** A made-up machine whose samples are attributed and rated: what the lists of this folder are made from. */
export class Machine {
  readonly world = new SampleWorld();
  readonly rates = new NetworkRates();
  /** By pid; told when the process's row appears. */
  readonly commandLines = new Map<number, string>();
  readonly cgroups = new Map<number, string>();
  readonly #attribution = new NetworkAttribution({
    commandLine: (pid) => this.commandLines.get(pid),
    cgroup: (pid) => this.cgroups.get(pid),
    userName: (uid) => (uid === 0 ? 'root' : `user-${uid}`),
  });

  step(seconds = 1): NetworkSection {
    const section = this.#attribution.absorb(this.world.sample(seconds * 1e6));
    this.rates.update(section, this.world.header());
    return section;
  }

  /** The owner slot of a process whose start ticks are ten times its pid. */
  owner(section: NetworkSection, pid: number): number {
    return section.owners.slots.find(pid, pid * 10, 0, 0);
  }

  host(section: NetworkSection, address: string): number {
    return section.hosts.slots.find(...words(address));
  }

  /** Parent of a process; after the row appeared it follows with the next sample. */
  setParent(pid: number, ppid: number): void {
    const { processes } = this.world;
    processes.ppid[processes.find(pid)] = ppid;
  }

  /** linux/socket.h: AF_INET 2, AF_INET6 10. */
  setFamily(socket: number, family: number): void {
    this.world.sockets.family[socket] = family;
  }

  setRemote(socket: number, address: string): void {
    this.world.sockets.remoteAddress.set(words(address), socket * ADDRESS_WORDS);
  }
}

/** A filter as people type it; throws where it cannot be read. */
export function filterOf(text: string): FilterExpression {
  const parsed = parseFilter(text);
  if ('error' in parsed) throw new TypeError(parsed.error.message);
  return parsed.filter;
}
