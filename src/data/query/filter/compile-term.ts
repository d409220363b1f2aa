import type { NetworkSection } from '../../sample/network-section.ts';
import { hasPrefix } from './address-prefix.ts';
import type { FilterCaches } from './filter-caches.ts';
import { anyOf, compare } from './filter-comparison.ts';
import type { FilterColumns, FilterContext, FilterNames } from './filter-context.ts';
import type { FigureTermTest, FilterTerm, OwnerTermTest, SocketTermTest, TextMatch } from './filter-term.ts';
import { type SocketColumnsTest, socketColumnsTest } from './socket-columns-test.ts';
import { Verdicts } from './verdicts.ts';

/** About an owner slot (-1 none), a text of the list's own row in lower case, and a host slot (-1 none). */
export type OwnerTest = (owner: number, rowText: string, host: number) => boolean;
/** About a socket slot (-1 none) and the host slot of its remote end (-1 none). */
export type SocketTest = (socket: number, host: number) => boolean;
/** About a row of the context's columns. */
export type FigureTest = (row: number) => boolean;

/** A term as a function, by what it asks about. */
export type CompiledTerm =
  | { readonly about: 'owner'; readonly holds: OwnerTest; readonly isNegated: boolean }
  | { readonly about: 'socket'; readonly holds: SocketTest; readonly isNegated: boolean }
  | { readonly about: 'figure'; readonly holds: FigureTest; readonly isNegated: boolean };

/** Makes functions of terms. They look at the section and columns of the last `begin`. */
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
      case 'pid':
        return { about: 'owner', holds: this.#ownerTest(test), isNegated };
      case 'up':
      case 'down':
      case 'conns':
        return { about: 'figure', holds: this.#figureTest(test), isNegated };
      default:
        return { about: 'socket', holds: this.#socketTest(test), isNegated };
    }
  }

  #ownerTest(test: OwnerTermTest): OwnerTest {
    switch (test.key) {
      case 'text':
        return this.#textTest(test.text);
      case 'user':
        return this.#ofOwner(({ owners }, owner) => (owners.users[owner] ?? '').toLowerCase() === test.text);
      case 'group': {
        const { groups } = this.#caches;
        return this.#ofOwner(({ owners }, owner) =>
          isMatch(test.match, groups.lowerNameOf(owners, owner), test.text),
        );
      }
      case 'pid':
        return this.#ofOwner(({ owners }, owner) => {
          const pid = owners.pid[owner]!;
          return pid > 0 && anyOf(test.comparison, pid, test.values);
        });
    }
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
        return this.#ofHost((section, host) => this.#isHostText(section, host, test.match, test.text));
      case 'network':
        return this.#ofHost(({ hosts }, host) => hasPrefix(test.prefix, hosts.slots, host));
      default:
        return this.#ofSocket(socketColumnsTest(test, this.#names));
    }
  }

  #isHostText({ hosts }: NetworkSection, host: number, match: TextMatch, text: string): boolean {
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

/** Unknown (NaN, or a list without that column) compares as nothing. */
function figureOf(
  { up, down, connections }: FilterColumns,
  key: 'up' | 'down' | 'conns',
  row: number,
): number {
  const column = key === 'up' ? up : key === 'down' ? down : connections;
  return column[row] ?? Number.NaN;
}
