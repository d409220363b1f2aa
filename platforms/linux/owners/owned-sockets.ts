import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import type { ProcessSource } from '../processes/process-source.ts';
import type { SocketSource } from '../sockets/sockets.ts';
import { Opener } from '../sockets/tcp-payload.ts';
import { ListenerOwners } from './listener-owners.ts';
import { type OwnerWatcher, SocketOwners } from './socket-owners.ts';
import { DescriptorScanner } from './socket-owners-scan.ts';

/**
 * The sockets of one source with their owners: who holds a descriptor, and for connections that came and went unseen
 * the listener that accepted them. Who opened such a one is not guessed: who else talks to the same endpoint says
 * nothing about it. Where the source tells owners by itself, descriptors are asked for the rest only.
 */
export class OwnedSockets implements OwnerWatcher {
  #source: SocketSource;
  readonly #processes: ProcessSource;
  readonly #scanner: DescriptorScanner;
  readonly #owners: SocketOwners;
  readonly #listeners: ListenerOwners;
  #nowMicros = 0;
  #lastAssignedPid = 0;

  constructor(source: SocketSource, processes: ProcessSource, clock: () => number, procRoot?: string) {
    const { rows } = source;
    this.#source = source;
    this.#processes = processes;
    this.#scanner = new DescriptorScanner(procRoot);
    this.#owners = new SocketOwners(rows, processes, this.#scanner, clock, this);
    if (source.areHoldersTold === true) this.#owners.postponeScan();
    const seekAgain = (row: number): void => this.#owners.seekAgain(row);
    this.#listeners = new ListenerOwners({ rows, processes, scanner: this.#scanner, seekAgain });
  }

  get source(): SocketSource {
    return this.#source;
  }

  /** Goes on with a source that has taken over the rows of the one before; that one is not closed. */
  goOnWith(source: SocketSource): void {
    this.#source = source;
  }

  /** A source that counts by process leaves nothing to infer. */
  get #isInferring(): boolean {
    return this.#source.tier !== 'ebpf';
  }

  /** Before a collection's processes and sockets. */
  begin(nowMicros: number): void {
    this.#nowMicros = nowMicros;
  }

  /** Brings the owner columns up to date, after the sockets have been collected. */
  async findOwners(slice: Slice): Promise<void> {
    this.#listeners.invalidate();
    await this.#owners.resolve(slice);
    await this.#listeners.update(slice, this.source.holders);
    if (this.#isInferring) await this.#inferClosed(slice);
  }

  close(): void {
    this.#scanner.close();
    this.source.close();
  }

  /** OwnerWatcher. */
  assigned(row: number): void {
    this.#readTexts(this.source.rows.table.ownerPid[row]!);
  }

  /** OwnerWatcher. */
  orphaned(row: number): void {
    if (this.#isInferring) this.#infer(row);
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

  /** Infers owners of accepted connections that opened and closed between two samples. */
  async #inferClosed(slice: Slice): Promise<void> {
    const { table, closed } = this.source.rows;
    for (let i = 0; i < closed.count; i++) {
      const row = closed.slots[i]!;
      if (table.ownerBasis[row] === OwnerBasis.NONE) this.#infer(row);
      if (slice.due()) await slice.rest();
    }
  }

  /** By the listener of its local port, where this machine did not open it. */
  #infer(row: number): void {
    const { opener } = this.source.rows;
    if (opener[row] !== Opener.LOCAL) this.#listeners.infer(row, this.#nowMicros);
  }
}
