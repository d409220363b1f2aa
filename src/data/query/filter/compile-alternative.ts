import type { CompiledTerm, FigureTest, OwnerTest, SocketTest, TermCompiler } from './compile-term.ts';
import type { Alternative, FilterTerm } from './filter-term.ts';

interface Term<Test> {
  readonly holds: Test;
  readonly isNegated: boolean;
}

/** Terms that have to hold together, by what they ask about. */
export class CompiledAlternative {
  readonly socketTerms: readonly Term<SocketTest>[];
  /** Whether an owner needs a socket that `finds`, or must have none: its terms about sockets are all negated. */
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

  /** A socket that decides about its owner: one that satisfies all terms, or one for which a forbidden thing holds. */
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

export function compileAlternative(terms: Alternative, compiler: TermCompiler): CompiledAlternative {
  // What asks about hosts costs most, so that it is asked last: `sort` keeps the rest as it was.
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
