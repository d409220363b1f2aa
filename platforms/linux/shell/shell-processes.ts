import { ProcessUsage } from '../../../src/data/sample/machine-processes.ts';
import { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ProcessesWant } from '../../../src/data/sample/snapshot.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { parseUptimeSeconds } from '../proc/loadavg.ts';
import { parseCommandLine, parsePidIo } from '../proc/pid-files.ts';
import { parsePidSwitches } from '../proc/pid-status.ts';
import { decodeText } from '../proc/text-scanner.ts';
import { filesOf, forEachStat, latinOf, type Shell } from './shell-answer.ts';

/** Each command line costs a program there. */
const COMMAND_LINES_AT_ONCE = 32;
/** Names of files in one line. */
const FILES_AT_ONCE = 256;
/** Collections after which every owner is asked for again: programs change their user. */
const USER_TURNS = 16;
const NANOS_PER_TICK = 1e7;

/** /proc/PID/stat of all processes, read once for all collectors. */
export class StatTexts {
  #text: Uint8Array = new Uint8Array(0);
  #micros = Number.NEGATIVE_INFINITY;

  /**
   * The texts of all files behind the line of /proc/uptime. `nowMicros` since boot; a text that is no older than
   * `maxAgeMicros` is not asked for again.
   */
  async read(shell: Shell, nowMicros: number, maxAgeMicros: number): Promise<Uint8Array> {
    if (nowMicros - this.#micros <= maxAgeMicros) return this.#text;
    const [text] = await shell.ask(['c uptime [0-9]*/stat']);
    this.#text = text!;
    this.#micros = nowMicros;
    return text!;
  }
}

/** All processes of a machine, by its shell. */
export class ShellProcesses {
  readonly table = new ProcessTable();
  readonly usage = new ProcessUsage();
  /** By slot; undefined: not known yet, or none. */
  readonly commandLines: (string | undefined)[] = [];
  /** CLOCK_BOOTTIME of the last collection, microseconds. */
  collectedMicros = Number.NEGATIVE_INFINITY;
  /** Counts collections. */
  generation = 0;
  readonly #pageSizeBytes: () => number;
  #seen = new Uint32Array(0);
  /** 1: its command line was asked for. */
  #isAsked = new Uint8Array(0);
  readonly #nameless = new Set<number>();
  #columnsOfAll: NonNullable<ProcessesWant['columnsOfAll']> = [];

  constructor(pageSizeBytes: () => number) {
    this.#pageSizeBytes = pageSizeBytes;
  }

  /** From a text of `StatTexts`. Rejects with OpError where the shell is gone. */
  async collect(shell: Shell, text: Uint8Array, slice: Slice): Promise<void> {
    await this.#store(text, slice);
    await this.#askUsers(shell);
  }

  /** The owner, the command lines and the use of the rows that are wanted. */
  async collectMore(shell: Shell, want: ProcessesWant): Promise<void> {
    const { rows, count } = this.table.slots;
    const all = Array.from(rows.subarray(0, count));
    const visible = want.visiblePids.map((pid) => this.table.find(pid)).filter((slot) => slot >= 0);
    await this.#askCommandLines(shell, want.allCommandLines === true ? [...visible, ...all] : visible);
    this.usage.clear(this.table.slots.capacity);
    await this.#askUsage(shell, want.columns ?? [], visible);
    // A rate is made of two samples: what was wanted of all is read once more.
    await this.#askUsage(shell, [...new Set([...(want.columnsOfAll ?? []), ...this.#columnsOfAll])], all);
    this.#columnsOfAll = want.columnsOfAll ?? [];
  }

  /** A process that a command line is wanted of; it is asked for with the next collection. */
  noteWanted(pid: number): void {
    const slot = this.table.find(pid);
    if (slot >= 0 && this.#isAsked[slot] === 0 && this.#nameless.size < FILES_AT_ONCE)
      this.#nameless.add(pid);
  }

  async askWanted(shell: Shell): Promise<void> {
    const slots = [...this.#nameless].map((pid) => this.table.find(pid)).filter((slot) => slot >= 0);
    this.#nameless.clear();
    await this.#askCommandLines(shell, slots);
  }

  async #store(text: Uint8Array, slice: Slice): Promise<void> {
    const { table } = this;
    this.generation++;
    const firstLine = text.indexOf(0x0a) + 1;
    const uptime = parseUptimeSeconds(text, firstLine);
    if (uptime >= 0) this.collectedMicros = uptime * 1e6;
    await forEachStat(text.subarray(firstLine), slice, (stat, line) => {
      let slot = table.find(stat.pid);
      if (slot >= 0 && table.startTicks[slot] !== stat.startTicks) {
        table.slots.remove(slot);
        slot = -1;
      }
      const name = line.subarray(stat.nameStart, stat.nameEnd);
      if (slot < 0) slot = this.#add(stat.pid, stat.startTicks);
      if (slot < 0) return;
      this.#seen[slot] = this.generation;
      const nanos = (stat.userTicks + stat.systemTicks) * NANOS_PER_TICK;
      if (table.cpuNanos[slot] !== nanos) table.lastRanGeneration[slot] = this.generation;
      table.cpuNanos[slot] = nanos;
      table.ppid[slot] = stat.ppid;
      table.state[slot] = stat.state;
      table.threads[slot] = stat.threads;
      table.rssBytes[slot] = stat.rssPages * this.#pageSizeBytes();
      this.#storeName(slot, name);
    });
    table.slots.removeWhere((slot) => this.#seen[slot] !== this.generation);
  }

  #add(pid: number, startTicks: number): number {
    const { table } = this;
    const slot = table.slots.add(pid, 0, 0, 0);
    if (slot < 0) return -1;
    const { capacity } = table.slots;
    if (this.#seen.length < capacity) {
      this.#seen = lengthened(this.#seen, new Uint32Array(capacity));
      this.#isAsked = lengthened(this.#isAsked, new Uint8Array(capacity));
    }
    while (this.commandLines.length < capacity) this.commandLines.push(undefined);
    table.clearRow(slot);
    table.pid[slot] = pid;
    table.startTicks[slot] = startTicks;
    table.uid[slot] = -1;
    this.commandLines[slot] = undefined;
    this.#isAsked[slot] = 0;
    return slot;
  }

  /** Another name is another program. */
  #storeName(slot: number, bytes: Uint8Array): void {
    const name = decodeText(bytes);
    if (this.table.names[slot] === name) return;
    this.table.names[slot] = name;
    this.#isAsked[slot] = 0;
  }

  /**
   * The owner of /proc/PID is the effective user (fs/proc/base.c, task_dump_owner). That of new processes, now and then
   * that of all.
   */
  async #askUsers(shell: Shell): Promise<void> {
    const { slots, uid, pid } = this.table;
    const rows = Array.from(slots.rows.subarray(0, slots.count));
    const strangers = rows.filter((slot) => uid[slot] === -1).map((slot) => pid[slot]!);
    const isTurn = this.generation % USER_TURNS === 1 || strangers.length > FILES_AT_ONCE;
    if (!isTurn && strangers.length === 0) return;
    const [text] = await shell.ask([isTurn ? 'n [0-9]*' : `n ${strangers.join(' ')}`]);
    for (const line of latinOf(text!).split('\n')) {
      const words = line.split(/ +/);
      const slot = this.table.find(Number(words.at(-1)));
      const owner = Number(words[2]);
      // Columns of uids are signed.
      if (slot >= 0 && Number.isInteger(owner)) uid[slot] = owner | 0;
    }
  }

  async #askCommandLines(shell: Shell, slots: readonly number[]): Promise<void> {
    const { pid, slots: table } = this.table;
    const asked = [...new Set(slots)].filter((slot) => this.#isAsked[slot] === 0);
    const some = asked.slice(0, COMMAND_LINES_AT_ONCE);
    if (some.length === 0) return;
    const serials = some.map((slot) => table.serial[slot]);
    const texts = await shell.ask(some.map((slot) => `c ${pid[slot]}/cmdline`));
    for (const [at, slot] of some.entries()) {
      if (table.serial[slot] !== serials[at]) continue;
      const text = texts[at]!.slice();
      this.commandLines[slot] = parseCommandLine(text, text.length);
      this.#isAsked[slot] = 1;
    }
  }

  async #askUsage(
    shell: Shell,
    columns: NonNullable<ProcessesWant['columns']>,
    slots: readonly number[],
  ): Promise<void> {
    const { usage, table } = this;
    const files: ((pid: number) => string)[] = [];
    const isAsked = (...asked: readonly (typeof columns)[number][]): boolean =>
      asked.some((one) => columns.includes(one));
    if (isAsked('readBytes', 'writtenBytes', 'ioCalls')) files.push((pid) => `${pid}/io`);
    if (columns.includes('contextSwitches')) files.push((pid) => `${pid}/status`);
    if (files.length === 0) return;
    const io = { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 };
    for (let at = 0; at < slots.length; at += FILES_AT_ONCE) {
      const some = slots.slice(at, at + FILES_AT_ONCE);
      const names = some.flatMap((slot) => files.map((file) => file(table.pid[slot]!)));
      const [text] = await shell.ask([`g ${names.join(' ')}`]);
      const found = filesOf(text!);
      for (const slot of some) {
        const ioText = found.get(`${table.pid[slot]}/io`);
        if (ioText !== undefined && parsePidIo(ioText, ioText.length, io)) {
          usage.readBytes[slot] = io.readBytes;
          usage.writtenBytes[slot] = io.writtenBytes;
          usage.ioCalls[slot] = io.readCalls + io.writeCalls;
        }
        const status = found.get(`${table.pid[slot]}/status`);
        if (status !== undefined) usage.contextSwitches[slot] = parsePidSwitches(status, status.length);
      }
    }
  }
}
