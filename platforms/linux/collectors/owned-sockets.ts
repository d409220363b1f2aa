import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import type { DiagVisitor } from '../netlink/sock-diag.ts';
import { EndpointOwners } from './endpoint-owners.ts';
import { OwnerHunt } from './endpoint-owners-hunt.ts';
import { ListenerOwners } from './endpoint-owners-listeners.ts';
import type { ProcessSource } from './process-source.ts';
import { type OwnerWatcher, SocketOwners } from './socket-owners.ts';
import { DescriptorScanner } from './socket-owners-scan.ts';
import type { SocketSource } from './socket-source.ts';
import { Opener } from './sockets-payload.ts';

/**
 * The sockets of one source with their owners: who holds a descriptor, and for connections that came and went unseen
 * who is likely to have had them. Where the source tells owners by itself, descriptors are asked for the rest only.
 */
export class OwnedSockets implements OwnerWatcher {
  readonly source: SocketSource;
  readonly #processes: ProcessSource;
  readonly #scanner: DescriptorScanner;
  readonly #owners: SocketOwners;
  readonly #endpoints: EndpointOwners;
  readonly #listeners: ListenerOwners;
  readonly #hunt: OwnerHunt;
  /** A source that counts by process leaves nothing to infer. */
  readonly #isInferring: boolean;
  readonly #isOutgoing = (row: number): boolean => this.source.rows.opener[row] !== Opener.PEER;
  readonly #look = (visitor: DiagVisitor): boolean => this.source.look(visitor);
  readonly #rememberHunted = (row: number, process: number): void => {
    const { pid, startTicks } = this.#processes.table;
    this.#endpoints.rememberAs(row, pid[process]!, startTicks[process]!, this.#nowMicros);
  };
  #nowMicros = 0;
  #lastAssignedPid = 0;

  constructor(source: SocketSource, processes: ProcessSource, clock: () => number, procRoot?: string) {
    const { rows } = source;
    this.source = source;
    this.#processes = processes;
    this.#isInferring = source.tier !== 'ebpf';
    this.#scanner = new DescriptorScanner(procRoot);
    this.#owners = new SocketOwners(rows, processes, this.#scanner, clock, this);
    this.#endpoints = new EndpointOwners(rows.table, processes.table);
    this.#listeners = new ListenerOwners(rows, processes, this.#scanner);
    this.#hunt = new OwnerHunt(rows, processes, this.#scanner, clock);
  }

  /** Before a collection's processes and sockets. */
  begin(nowMicros: number): void {
    this.#nowMicros = nowMicros;
    this.#endpoints.beginCollection(nowMicros);
  }

  /** Brings the owner columns up to date, after the sockets have been collected. */
  async findOwners(slice: Slice): Promise<void> {
    this.#listeners.invalidate();
    await this.#owners.resolve(slice);
    if (!this.#isInferring) return;
    this.#endpoints.renew(this.#isOutgoing, this.#nowMicros);
    await this.#inferClosed(slice, (row) => this.#hunt.want(row));
    const foundBefore = this.#hunt.found;
    await this.#hunt.run(slice, this.#look, this.#rememberHunted);
    if (this.#hunt.found > foundBefore) await this.#inferClosed(slice, () => undefined);
  }

  close(): void {
    this.#scanner.close();
    this.source.close();
  }

  /** OwnerWatcher. */
  assigned(row: number): void {
    this.#readTexts(this.source.rows.table.ownerPid[row]!);
    if (this.#isInferring && this.#isOutgoing(row)) this.#endpoints.remember(row, this.#nowMicros);
  }

  /** OwnerWatcher. */
  orphaned(row: number): boolean {
    return this.#isInferring && this.#infer(row);
  }

  /**
   * Who has a socket will be asked for its texts as soon as the collection is over, by everybody's owner in one go:
   * 3,000 new ones are 140 ms of opening files. Here they are read between two chances to rest, and kept.
   */
  #readTexts(pid: number): void {
    if (pid === this.#lastAssignedPid) return;
    this.#lastAssignedPid = pid;
    this.#processes.commandLine(pid);
    this.#processes.cgroup(pid);
  }

  /** Infers who had the connections that came and went unseen; `unknown` gets those opened here by nobody known. */
  async #inferClosed(slice: Slice, unknown: (row: number) => void): Promise<void> {
    const { table, closed, opener } = this.source.rows;
    for (let i = 0; i < closed.count; i++) {
      const row = closed.slots[i]!;
      const isUnknown = table.ownerBasis[row] === OwnerBasis.NONE && !this.#infer(row);
      if (isUnknown && opener[row] === Opener.LOCAL) unknown(row);
      if (slice.due()) await slice.rest();
    }
  }

  /** By the listener of its local port where the peer opened it, else by who else talks to its remote endpoint. */
  #infer(row: number): boolean {
    const { opener } = this.source.rows;
    if (opener[row] !== Opener.LOCAL && this.#listeners.infer(row, this.#nowMicros)) return true;
    return opener[row] !== Opener.PEER && this.#endpoints.infer(row, this.#nowMicros);
  }
}
