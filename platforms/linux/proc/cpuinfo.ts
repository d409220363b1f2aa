import type { CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import { type ArmCore, armProcessorName } from './arm-processors.ts';
import { scanDecimal } from './decimal.ts';
import { ascii, TextScanner } from './text-scanner.ts';

const PROCESSOR = ascii('processor');
const MEGAHERTZ = ascii('cpu MHz');
const CLOCK = ascii('clock');
/** What architectures call their model, the best first. */
const NAMES = ['model name', 'Model', 'cpu model', 'cpu', 'uarch', 'Hardware'].map(ascii);
const IMPLEMENTER = ascii('CPU implementer');
const PART = ascii('CPU part');
const COLON = 0x3a;
const NEWLINE = 0x0a;
const HERTZ_PER_MEGAHERTZ = 1e6;
const scanner = new TextScanner();
const decoder = new TextDecoder();

/** /proc/cpuinfo (arch/.../kernel/cpu/proc.c): the processor's name as this architecture has it, else undefined. */
export function parseCpuModel(bytes: Uint8Array, length: number): string | undefined {
  for (const name of NAMES) {
    scanner.reset(bytes, 0, length);
    do {
      if (!acceptKey(name)) continue;
      const end = bytes.indexOf(NEWLINE, scanner.at);
      const text = decoder.decode(bytes.subarray(scanner.at, end < 0 ? scanner.end : end)).trim();
      if (text !== '') return text;
    } while (scanner.nextLine());
  }
  return armProcessorName(armCores(bytes, length));
}

/** Kinds of cores that the kernel of ARM numbers and does not name, each as often as it comes. */
function armCores(bytes: Uint8Array, length: number): ArmCore[] {
  const cores: ArmCore[] = [];
  let implementer = Number.NaN;
  scanner.reset(bytes, 0, length);
  do {
    if (acceptKey(IMPLEMENTER)) implementer = hexadecimalAt(bytes);
    else if (acceptKey(PART)) cores.push({ implementer, part: hexadecimalAt(bytes) });
  } while (scanner.nextLine());
  return cores.filter((core) => core.implementer >= 0 && core.part >= 0);
}

/** `0x41` to the end of the line; NaN: none. */
function hexadecimalAt(bytes: Uint8Array): number {
  const end = bytes.indexOf(NEWLINE, scanner.at);
  const text = decoder.decode(bytes.subarray(scanner.at, end < 0 ? scanner.end : end)).trim();
  return /^0x[0-9a-f]{1,4}$/i.test(text) ? Number(text) : Number.NaN;
}

/**
 * /proc/cpuinfo: the frequency of each core that is online into the table (`cpu MHz`, on POWER `clock`). Few architectures tell;
 * returns how many cores did.
 */
export function parseCpuFrequencies(bytes: Uint8Array, length: number, table: CpuTable): number {
  scanner.reset(bytes, 0, length);
  let row = -1;
  let told = 0;
  do {
    if (acceptKey(PROCESSOR)) {
      row = onlineRow(table, scanner.unsigned());
    } else if (row > 0 && (acceptKey(MEGAHERTZ) || acceptKey(CLOCK))) {
      const hertz = scanDecimal(scanner) * HERTZ_PER_MEGAHERTZ;
      table.frequencyHz[row] = hertz;
      if (hertz > 0) told++;
    }
  } while (scanner.nextLine());
  return told;
}

function onlineRow(table: CpuTable, core: number): number {
  const row = core + 1;
  return row < table.count && table.isOnline[row] === 1 ? row : -1;
}

/** Whether the line's key is this one and nothing more; then the cursor stands behind the colon. */
function acceptKey(key: Uint8Array): boolean {
  const start = scanner.at;
  if (scanner.accept(key)) {
    scanner.skipBlanks();
    if (scanner.at < scanner.end && scanner.bytes[scanner.at] === COLON) {
      scanner.at++;
      return true;
    }
  }
  scanner.at = start;
  return false;
}
