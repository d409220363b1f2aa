import { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { CLOCK_TICKS_PER_SECOND, PAGE_SIZE_BYTES } from '../host.ts';
import { Errno, NativeBuffer } from '../libc.ts';
import { emptyPidStat } from '../proc/pid-stat.ts';
import { type PidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { PidFile, type ProcDirectory } from '../proc/proc-directory.ts';
import { isSameAscii, processName } from './process-names.ts';

/** Result of reading a process. */
export const RowOutcome = {
  READ: 0,
  /** It ended, or may no longer be seen. */
  GONE: 1,
  /** The pid is another process's now. */
  RECYCLED: 2,
  /** This program lacks descriptors or memory at the moment; nothing is known. */
  UNREADABLE: 3,
} as const;

/** include/linux/sched.h has 16 for a task; a workqueue's threads are shown with up to 63 bytes (fs/proc/array.c). */
const NAME_SIZE = 64;
const STAT_SIZE = 4096;
/** For as many collections a process that runs has its user read each time: daemons and logins drop root early. */
const YOUNG_GENERATIONS = 4;
/** Collections in which every row that ran has its user read, and every row at all its `stat`. */
const USER_TURNS = 16;
const SLEEPERS_TURNS = 32;
const NANOS_PER_TICK = 1e9 / CLOCK_TICKS_PER_SECOND;

/** By the slots of the table. */
class KnownProcesses extends columnsClass({
  /** The generation that first saw it, and the one that last read its user. */
  bornGeneration: numbers('u32'),
  userGeneration: numbers('u32'),
}) {}

/** Reads `stat` and the users of single processes into the rows of the process table. */
export class ProcessRows {
  readonly table = new ProcessTable();
  readonly #proc: ProcDirectory;
  readonly #text = new NativeBuffer(STAT_SIZE);
  readonly #stat = emptyPidStat();
  readonly #status: PidStatus = { threadGroupId: 0, effectiveUid: 0 };
  readonly #pageSizeBytes: number;
  /** Called with a row whose task name changed: the process became another program. */
  readonly #renamed: (slot: number) => void;
  readonly #known = new KnownProcesses();

  constructor(proc: ProcDirectory, renamed: (slot: number) => void, pageSizeBytes = PAGE_SIZE_BYTES) {
    this.#proc = proc;
    this.#pageSizeBytes = pageSizeBytes;
    this.#renamed = renamed;
    this.#known.reserve(this.table.slots.capacity);
  }

  /**
   * Adds a process that the table does not have; one that is a mere thread, or cannot be read, is GONE. /proc lists no
   * threads (`isListed`), but has their folders.
   */
  adopt(pid: number, generation: number, isListed: boolean): number {
    const statOutcome = this.#readStat(pid);
    if (statOutcome !== RowOutcome.READ) return statOutcome;
    const slot = this.table.slots.add(pid, 0, 0, 0);
    if (slot < 0) return RowOutcome.UNREADABLE;
    this.#known.reserve(this.table.slots.capacity);
    this.table.pid[slot] = pid;
    this.table.startTicks[slot] = this.#stat.startTicks;
    this.table.uid[slot] = -1;
    this.table.lastRanGeneration[slot] = generation;
    this.#known.bornGeneration[slot] = generation;
    this.table.names[slot] = '';
    this.#storeStat(slot);
    if (isListed) {
      this.#readUser(slot, generation);
      return RowOutcome.READ;
    }
    this.#readStatus(slot, generation);
    if (this.#status.threadGroupId === pid) return RowOutcome.READ;
    this.table.slots.remove(slot);
    return RowOutcome.GONE;
  }

  /** Reads the row's process again: `stat`, and its user where that may have changed. */
  refresh(slot: number, generation: number): number {
    const outcome = this.#readStat(this.table.pid[slot]!);
    if (outcome !== RowOutcome.READ) return outcome;
    if (this.#stat.startTicks !== this.table.startTicks[slot]) return RowOutcome.RECYCLED;
    this.#storeStat(slot);
    if (this.#isUserStale(slot, generation)) this.#readUser(slot, generation);
    return RowOutcome.READ;
  }

  /** CPU time by the tick counters of the `stat` read last: coarser than the CPU clock, but of any pid namespace. */
  get tickNanos(): number {
    return (this.#stat.userTicks + this.#stat.systemTicks) * NANOS_PER_TICK;
  }

  /**
   * Only a process that ran can have changed its user; reads one in USER_TURNS of them per sample, young ones always.
   */
  #isUserStale(slot: number, generation: number): boolean {
    if (this.#known.userGeneration[slot]! >= this.table.lastRanGeneration[slot]!) return false;
    return (
      slot % USER_TURNS === generation % USER_TURNS ||
      generation - this.#known.bornGeneration[slot]! <= YOUNG_GENERATIONS
    );
  }

  #readStat(pid: number): number {
    const length = this.#proc.readStat(pid, this.#text, this.#stat);
    return length < 0 ? outcomeOf(length) : RowOutcome.READ;
  }

  #storeStat(slot: number): void {
    const { table } = this;
    const stat = this.#stat;
    table.ppid[slot] = stat.ppid;
    table.state[slot] = stat.state;
    table.threads[slot] = stat.threads;
    table.rssBytes[slot] = stat.rssPages * this.#pageSizeBytes;
    this.#storeName(slot);
  }

  #storeName(slot: number): void {
    const { names } = this.table;
    const { nameStart, nameEnd } = this.#stat;
    const bytes = this.#text.bytes;
    const end = Math.min(nameEnd, nameStart + NAME_SIZE);
    if (isSameAscii(names[slot]!, bytes, nameStart, end)) return;
    const name = processName(bytes, nameStart, end);
    if (name === names[slot]) return;
    names[slot] = name;
    this.#renamed(slot);
  }

  /** On failure the user stays as it was. */
  #readUser(slot: number, generation: number): void {
    const uid = this.#proc.effectiveUidOf(this.table.pid[slot]!);
    if (uid < 0) {
      if (uid === -Errno.ENOSYS) this.#readStatus(slot, generation);
      return;
    }
    this.table.uid[slot] = uid;
    this.#known.userGeneration[slot] = generation;
  }

  /** On failure the user stays as it was, and a process not yet known counts as its own leader. */
  #readStatus(slot: number, generation: number): void {
    const pid = this.table.pid[slot]!;
    this.#status.threadGroupId = pid;
    const length = this.#proc.readProcessFile(pid, PidFile.STATUS, this.#text);
    if (length <= 0 || !parsePidStatus(this.#text.bytes, length, this.#status)) return;
    this.table.uid[slot] = this.#status.effectiveUid;
    this.#known.userGeneration[slot] = generation;
  }
}

/**
 * Whether it is the turn of a row that did not run to be read. A sixteenth a time costs a tenth more at 300
 * processes, and who sleeps changes nothing but its memory (reclaimed) and its parent (gone).
 */
export function isSleepersTurn(slot: number, generation: number): boolean {
  return slot % SLEEPERS_TURNS === generation % SLEEPERS_TURNS;
}

/** Where a file of a process cannot be read: is that about the process, or about this program? */
function outcomeOf(negativeErrno: number): number {
  switch (-negativeErrno) {
    case Errno.ENOENT:
    case Errno.ESRCH:
    case Errno.EACCES:
    case Errno.EPERM:
      return RowOutcome.GONE;
    default:
      return RowOutcome.UNREADABLE;
  }
}
