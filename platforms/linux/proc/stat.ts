import { CPU_TOTAL_ROW, type CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import { ascii, KeyedNumbers, TextScanner } from './text-scanner.ts';

const CPU = ascii('cpu');
const COUNTERS = new KeyedNumbers({
  ...{ interrupts: 'intr ', contextSwitches: 'ctxt ', forks: 'processes ' },
  ...{ runningTasks: 'procs_running ', blockedTasks: 'procs_blocked ' },
});

/** The counters of /proc/stat behind its CPU lines; NaN where a line is missing. */
export type SchedulerCounters = ReturnType<typeof emptySchedulerCounters>;

export function emptySchedulerCounters() {
  return COUNTERS.empty();
}
const SPACE = 0x20;
const NEWLINE = 0x0a;
const scanner = new TextScanner();

/**
 * /proc/stat (fs/proc/stat.c) into the table and the counters. Cores without a line are offline: their counters become
 * NaN. Returns the cores with a line, or -1 where the text does not begin with the line of all cores.
 *
 *   cpu  user nice system idle iowait irq softirq steal guest guest_nice
 *   cpu0 ...                                                     columns were added over time: from the 8th on optional
 *   intr total ...
 */
export function parseCpuStat(
  bytes: Uint8Array,
  length: number,
  table: CpuTable,
  counters: SchedulerCounters,
): number {
  scanner.reset(bytes, 0, length);
  table.isOnline.fill(0);
  let online = 0;
  let hasTotal = false;
  while (scanner.accept(CPU)) {
    if (scanner.bytes[scanner.at] === SPACE) hasTotal = parseTimes(table, CPU_TOTAL_ROW) || hasTotal;
    else if (parseCore(table)) online++;
    scanner.nextLine();
  }
  COUNTERS.parse(bytes, length, counters, scanner.at);
  for (let row = 1; row < table.count; row++) if (table.isOnline[row] === 0) table.clearRow(row);
  return hasTotal ? online : -1;
}

function parseCore(table: CpuTable): boolean {
  const row = table.rowOf(scanner.unsigned());
  if (row < 0 || !parseTimes(table, row)) return false;
  table.isOnline[row] = 1;
  return true;
}

function parseTimes(table: CpuTable, row: number): boolean {
  const user = scanner.unsigned();
  const nice = scanner.unsigned();
  const system = scanner.unsigned();
  scanner.skipBlanks();
  const idleAt = scanner.at;
  // NaN: some kernels let it go below zero (proc(5)); the other columns are right.
  const idle = scanner.unsigned();
  const isPrinted = scanner.at > idleAt && scanner.at < scanner.end;
  if (!(user + nice + system >= 0) || !isPrinted) return false;
  table.user[row] = user;
  table.nice[row] = nice;
  table.system[row] = system;
  table.idle[row] = idle;
  table.iowait[row] = addedColumn();
  table.irq[row] = addedColumn();
  table.softirq[row] = addedColumn();
  table.steal[row] = addedColumn();
  table.guest[row] = addedColumn() + addedColumn();
  return true;
}

/**
 * A column that not every kernel prints: one that does not print it spends nothing there. NaN: what is printed is no
 * count, as steal that went below zero.
 */
function addedColumn(): number {
  scanner.skipBlanks();
  const isPrinted = scanner.at < scanner.end && scanner.bytes[scanner.at] !== NEWLINE;
  return isPrinted ? scanner.unsigned() : 0;
}

const BOOT = new KeyedNumbers({ seconds: 'btime ' });
/** /proc/stat, line `btime`: the wall time of the boot in seconds since 1970. NaN where it is missing. */
export function parseBootWallSeconds(bytes: Uint8Array, length: number): number {
  return BOOT.parse(bytes, length, BOOT.empty()).seconds;
}
