import { type InterfaceTable, loopbackInterfaceIndex } from '../sample/interface-table.ts';
import { isListener, type SocketTable } from '../sample/socket-table.ts';

/** Traffic that a view covers. */
export interface Scope {
  /** Only this interface; undefined: all. */
  readonly interfaceIndex: number | undefined;
  /** Former indexes of the interface, from before it was removed and recreated; their counts remain. */
  readonly formerIndexes?: readonly number[];
  /** Whether "all" includes loopback traffic. */
  readonly includeLoopback: boolean;
  /** Whether idle exited processes and groups without sockets stay (exports, totals). */
  readonly includeExited?: boolean;
}

/** Tests ifindexes against a scope, for one section. */
export class ScopeFilter {
  readonly #only: number | undefined;
  readonly #former: readonly number[];
  readonly #loopback: number;
  readonly #includeLoopback: boolean;

  constructor(scope: Scope, interfaces: InterfaceTable) {
    this.#only = scope.interfaceIndex;
    this.#former = scope.formerIndexes ?? [];
    this.#loopback = loopbackInterfaceIndex(interfaces);
    this.#includeLoopback = scope.includeLoopback;
  }

  has(interfaceIndex: number): boolean {
    if (this.#only !== undefined)
      return interfaceIndex === this.#only || this.#former.includes(interfaceIndex);
    return this.#includeLoopback || interfaceIndex !== this.#loopback;
  }

  /** Listening ports count in every scope; with one interface only those bound to it or to every address (0). */
  hasListener(interfaceIndex: number): boolean {
    return this.#only === undefined || interfaceIndex === 0 || interfaceIndex === this.#only;
  }

  /** Whether a socket's local address belongs to the interface. */
  hasSocket(sockets: SocketTable, slot: number, interfaceIndex: number): boolean {
    return isListener(sockets, slot) ? this.hasListener(interfaceIndex) : this.has(interfaceIndex);
  }
}

const FORMER_LIMIT = 64;

/** The scope with the interface's new index after it was recreated; the same object if nothing changed. */
export function movedScope<S extends Scope>(scope: S, interfaceIndex: number | undefined): S {
  const { interfaceIndex: before, formerIndexes = [] } = scope;
  if (interfaceIndex === undefined || before === undefined || interfaceIndex === before) return scope;
  const others = formerIndexes.filter((index) => index !== interfaceIndex && index !== before);
  return { ...scope, interfaceIndex, formerIndexes: [...others, before].slice(-FORMER_LIMIT) };
}

/** The ifindex after (1) or before (-1) `current` in the cycle "all, then each interface that is up, by index". */
export function interfaceBeside(
  { slots, index, isUp }: InterfaceTable,
  current: number | undefined,
  step: 1 | -1,
): number | undefined {
  const up = [...slots.rows.subarray(0, slots.count)].filter((slot) => isUp[slot] === 1);
  const indexes = up.map((slot) => index[slot]!).sort((a, b) => (a - b) * step);
  return indexes.find((each) => current === undefined || (each - current) * step > 0);
}

/** The ifindex of a name, or undefined. */
export function interfaceNamed(interfaces: InterfaceTable, name: string): number | undefined {
  const { rows, count } = interfaces.slots;
  for (let i = 0; i < count; i++) {
    const slot = rows[i]!;
    if (interfaces.names[slot] === name) return interfaces.index[slot]!;
  }
  return undefined;
}
