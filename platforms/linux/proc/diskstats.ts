import { TextScanner } from './text-scanner.ts';

/** One line of /proc/diskstats, and where the next begins. Sectors are 512 bytes on every device. */
type DiskStatsLine = ReturnType<typeof emptyDiskStatsLine>;

export function emptyDiskStatsLine() {
  return {
    ...{ major: 0, minor: 0 },
    /** Bytes [nameStart, nameEnd) of the text. */
    ...{ nameStart: 0, nameEnd: 0 },
    ...{ reads: 0, readSectors: 0, readMillis: 0, writes: 0, writtenSectors: 0, writeMillis: 0 },
    ...{ inFlight: 0, busyMillis: 0, weightedMillis: 0 },
    /** NaN before 4.18. */
    discardedSectors: Number.NaN,
    next: 0,
  };
}

const SECTOR_BYTES = 512;
/** Of 32 bits with a sign. */
const MOST_IN_FLIGHT = 0x7fffffff;
/** Their bytes are in another file system's file, or in memory. */
const BORROWED = /^(loop|ram|zram)\d+$/;

/** Whether a block device of that name has no storage of its own. */
export function isBorrowed(name: string): boolean {
  return BORROWED.test(name);
}

/** Bytes of so many sectors, as /proc/diskstats and the file `size` in /sys/class/block count them. */
export function sectorBytes(sectors: number): number {
  return sectors * SECTOR_BYTES;
}

/** The counters of one line, as a `BlockDevice` has them. */
export function countersOf(line: DiskStatsLine) {
  return {
    reads: line.reads,
    readBytes: sectorBytes(line.readSectors),
    readMillis: line.readMillis,
    writes: line.writes,
    writtenBytes: sectorBytes(line.writtenSectors),
    writeMillis: line.writeMillis,
    inFlight: line.inFlight,
    busyMillis: line.busyMillis,
    weightedMillis: line.weightedMillis,
    discardedBytes: Number.isNaN(line.discardedSectors) ? undefined : sectorBytes(line.discardedSectors),
  };
}

const scanner = new TextScanner();

/**
 * The first device at or after `start` in /proc/diskstats (block/genhd.c, diskstats_show) into `into`; false where no
 * whole line is left. Lines that make no sense are passed over.
 *
 *   254 0 vda  reads merged sectors millis  writes merged sectors millis  in-flight busy weighted  [4 discard] [2 flush]
 */
export function parseDiskStatsLine(
  bytes: Uint8Array,
  length: number,
  start: number,
  into: DiskStatsLine,
): boolean {
  into.next = start;
  while (scanner.resetToLine(bytes, into.next, length)) {
    into.next = scanner.end + 1;
    if (parseDevice(into) && parseCounters(into)) return true;
  }
  return false;
}

function parseDevice(into: DiskStatsLine): boolean {
  into.major = scanner.unsigned();
  into.minor = scanner.unsigned();
  scanner.skipBlanks();
  into.nameStart = scanner.at;
  if (!scanner.skipWords(1)) return false;
  into.nameEnd = scanner.at;
  return into.major + into.minor >= 0;
}

function parseCounters(into: DiskStatsLine): boolean {
  into.reads = scanner.unsigned();
  if (!scanner.skipWords(1)) return false;
  into.readSectors = scanner.unsigned();
  into.readMillis = scanner.unsigned();
  into.writes = scanner.unsigned();
  if (!scanner.skipWords(1)) return false;
  into.writtenSectors = scanner.unsigned();
  into.writeMillis = scanner.unsigned();
  into.inFlight = scanner.unsigned();
  into.busyMillis = scanner.unsigned();
  into.weightedMillis = scanner.unsigned();
  into.discardedSectors = scanner.skipWords(2) ? scanner.unsigned() : Number.NaN;
  // One NaN makes the sum NaN. Kernels before 5.0 let the requests under way go below zero: these alone are unknown then.
  if (into.inFlight > MOST_IN_FLIGHT) into.inFlight = Number.NaN;
  const reading = into.reads + into.readSectors + into.readMillis;
  const writing = into.writes + into.writtenSectors + into.writeMillis;
  return reading + writing + into.busyMillis + into.weightedMillis >= 0;
}
