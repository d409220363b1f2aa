import type { OwnerTable } from '../../sample/network-section.ts';
import {
  type CompiledTerm,
  type FigureTest,
  type OwnerTest,
  type SocketTest,
  TermCompiler,
} from './compile-term.ts';
import { FilterCaches, type FilterContext, type FilterNames, type OwnerFilter } from './filter-context.ts';
import type { Alternative, FilterTerm } from './filter-term.ts';

/** No owner, socket or host. */
export const NONE = -1;

/**
 * A filter of terms, as read by parse-filter.ts. Owners and sockets are tested for the alternatives that they satisfy,
 * as a bit mask, without the terms about figures; `passes` then decides by the row's figures. Holds buffers, so it
 * serves one list at a time, each from its `begin` on.
 */
export class FilterExpression implements OwnerFilter {
  readonly alternatives: readonly Alternative[];
  readonly #compiled: readonly CompiledAlternative[];
  readonly #compiler: TermCompiler;
  /** Bits of the alternatives that test sockets. */
  readonly #aboutSockets: number;
  /** Bits of all alternatives. */
  readonly #all: number;
  #context: FilterContext | undefined;
  /** By owner slot: alternatives for which one of the owner's sockets was found (see `CompiledAlternative.finds`). */
  #found = new Uint32Array(0);
  #isFoundStale = true;

  constructor(
    alternatives: readonly Alternative[],
    names: FilterNames = {},
    caches: FilterCaches = new FilterCaches(),
  ) {
    this.alternatives = alternatives;
    this.#compiler = new TermCompiler(names, caches);
    this.#compiled = alternatives.map((terms) => compileAlternative(terms, this.#compiler));
    this.#all = alternatives.reduce((bits, _, i) => (bits | (1 << i)) >>> 0, 0);
    this.#aboutSockets = this.#compiled.reduce(
      (bits, { socketTerms }, i) => bits | (socketTerms.length > 0 ? 1 << i : 0),
      0,
    );
  }

  /** Whether everything passes. */
  get isEmpty(): boolean {
    return this.#compiled.length === 0;
  }

  begin(context: FilterContext): void {
    this.#context = context;
    this.#isFoundStale = true;
    this.#compiler.begin(context);
  }

  /** Whether an owner passes, with the figures of `row`. */
  matches(owners: OwnerTable, slot: number, row: number): boolean {
    return this.isEmpty || this.passes(this.alternativesOfOwner(owners, slot), row);
  }

  /** Alternatives that an owner satisfies with its sockets in scope; texts are also searched in `rowText`. */
  alternativesOfOwner(_owners: OwnerTable, slot: number, rowText = ''): number {
    if (this.#isFoundStale && this.#aboutSockets !== 0) this.#findSockets();
    let satisfied = 0;
    for (let i = 0; i < this.#compiled.length; i++) {
      const alternative = this.#compiled[i]!;
      if (alternative.socketTerms.length > 0) {
        const isFound = (this.#found[slot]! & (1 << i)) !== 0;
        if (isFound !== alternative.wantsFound) continue;
      }
      if (alternative.holdsOfOwner(slot, rowText, NONE)) satisfied |= 1 << i;
    }
    return satisfied;
  }

  /**
   * Alternatives that one socket satisfies with its owner and remote host (NONE if there is none). Texts are also
   * searched in the host's address and name and in `rowText` (lower case).
   */
  alternativesOfSocket(owner: number, socket: number, host: number, rowText = ''): number {
    let satisfied = 0;
    for (let i = 0; i < this.#compiled.length; i++) {
      const alternative = this.#compiled[i]!;
      if (!alternative.holdsOfSocket(socket, host)) continue;
      if (alternative.holdsOfOwner(owner, rowText, host)) satisfied |= 1 << i;
    }
    return satisfied;
  }

  /** Whether a row with these alternatives needs no further tests. */
  isEveryAlternative(satisfied: number): boolean {
    return satisfied >>> 0 === this.#all;
  }

  /** Whether one of the satisfied alternatives also matches the row's figures. */
  passes(satisfied: number, row: number): boolean {
    if (this.isEmpty) return true;
    for (let i = 0; i < this.#compiled.length; i++) {
      if ((satisfied & (1 << i)) !== 0 && this.#compiled[i]!.holdsOfFigures(row)) return true;
    }
    return false;
  }

  /** One pass over the sockets for all owners. */
  #findSockets(): void {
    this.#isFoundStale = false;
    const context = this.#context;
    if (context === undefined) return;
    const { section, inScope } = context;
    this.#clearFound(section.owners.slots.capacity);
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    const found = this.#found;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const owner = accounts.owner[slot]!;
      if (owner < 0 || accounts.isClosed[slot] === 1) continue;
      const wanted = this.#aboutSockets & ~found[owner]!;
      if (wanted === 0 || !inScope.hasSocket(sockets, slot, accounts.interfaceIndex[slot]!)) continue;
      found[owner]! |= this.#findersOf(slot, accounts.host[slot]!, wanted);
    }
  }

  #findersOf(socket: number, host: number, wanted: number): number {
    let finders = 0;
    for (let i = 0; i < this.#compiled.length; i++) {
      if ((wanted & (1 << i)) !== 0 && this.#compiled[i]!.finds(socket, host)) finders |= 1 << i;
    }
    return finders;
  }

  #clearFound(capacity: number): void {
    if (capacity > this.#found.length) this.#found = new Uint32Array(capacity);
    else this.#found.fill(0);
  }
}

interface Term<Test> {
  readonly holds: Test;
  readonly isNegated: boolean;
}

/** Terms of one alternative, by what they test. */
class CompiledAlternative {
  readonly socketTerms: readonly Term<SocketTest>[];
  /** Whether an owner needs a socket that `finds`. False: all its socket terms are negated, and it must have none. */
  readonly wantsFound: boolean;
  readonly #ownerTerms: readonly Term<OwnerTest>[];
  readonly #figureTerms: readonly Term<FigureTest>[];

  constructor(
    ownerTerms: readonly Term<OwnerTest>[],
    socketTerms: readonly Term<SocketTest>[],
    figureTerms: readonly Term<FigureTest>[],
  ) {
    this.#ownerTerms = ownerTerms;
    this.socketTerms = socketTerms;
    this.#figureTerms = figureTerms;
    this.wantsFound = socketTerms.some(({ isNegated }) => !isNegated);
  }

  /** Whether a socket decides about its owner: it satisfies all terms, or a forbidden one. */
  finds(socket: number, host: number): boolean {
    return this.holdsOfSocket(socket, host) === this.wantsFound;
  }

  holdsOfSocket(socket: number, host: number): boolean {
    for (const { holds, isNegated } of this.socketTerms) if (holds(socket, host) === isNegated) return false;
    return true;
  }

  holdsOfOwner(owner: number, rowText: string, host: number): boolean {
    for (const { holds, isNegated } of this.#ownerTerms)
      if (holds(owner, rowText, host) === isNegated) return false;
    return true;
  }

  holdsOfFigures(row: number): boolean {
    for (const { holds, isNegated } of this.#figureTerms) if (holds(row) === isNegated) return false;
    return true;
  }
}

function compileAlternative(terms: Alternative, compiler: TermCompiler): CompiledAlternative {
  // Tests of hosts cost the most and come last; the sort is stable.
  const inOrder = [...terms].sort((a, b) => costOf(a) - costOf(b));
  const compiled: readonly CompiledTerm[] = inOrder.map((term) => compiler.compile(term));
  return new CompiledAlternative(
    compiled.filter((term) => term.about === 'owner'),
    compiled.filter((term) => term.about === 'socket'),
    compiled.filter((term) => term.about === 'figure'),
  );
}

function costOf({ test: { key } }: FilterTerm): number {
  return key === 'host' || key === 'network' ? 1 : 0;
}
