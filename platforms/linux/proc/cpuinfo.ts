import type { CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import { ascii, scanDecimal, TextScanner } from './text-scanner.ts';

const PROCESSOR = ascii('processor');
const MEGAHERTZ = ascii('cpu MHz');
const CLOCK = ascii('clock');
/** What architectures call their model, the best first. */
const NAMES = ['model name', 'Model Name', 'Model', 'cpu model', 'cpu', 'uarch', 'Hardware'].map(ascii);
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
  const arm = armProcessorName(armCores(bytes, length));
  return arm ?? mainframeName(decoder.decode(bytes.subarray(0, length)));
}

/** `processor 0: version = FF,  identification = 233EF7,  machine = 3906` of arch/s390/kernel/processor.c. */
const MAINFRAME = /^processor \d+: version = .*, {2}machine = ([0-9A-F]{4})$/m;
/** A generation and its types of machines, as the kernel's `setup_elf_platform` groups them. */
const GENERATIONS = [
  ...['z900 2064 2066', 'z990 2084 2086', 'z9 2094 2096', 'z10 2097 2098', 'z196 2817 2818'],
  ...['zEC12 2827 2828', 'z13 2964 2965', 'z14 3906 3907', 'z15 8561 8562', 'z16 3931 3932', 'z17 9175 9176'],
];

/** `IBM z14`; a type that is not known keeps its number. undefined: it is no mainframe. */
function mainframeName(text: string): string | undefined {
  const type = MAINFRAME.exec(text)?.[1];
  if (type === undefined) return undefined;
  const generation = GENERATIONS.find((each) => each.includes(` ${type}`));
  return `IBM ${generation?.split(' ')[0] ?? `machine ${type}`}`;
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
      // Hypervisors write 0 for what they do not know.
      table.frequencyHz[row] = hertz > 0 ? hertz : Number.NaN;
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

/** An implementer's cores by part number: `0xd46` of 0x41 is a Cortex-A510. */
interface Implementer {
  readonly name: string;
  readonly parts: Readonly<Record<number, string>>;
}

/**
 * Implementers and parts as MIDR_EL1 has them and /proc/cpuinfo prints them. The numbers are those of the kernel's
 * arch/arm64/include/asm/cputype.h and arch/arm/include/asm/cputype.h, for cores that the kernel has no need to name
 * those that `lscpu` knows (util-linux, sys-utils/lscpu-arm.c); names are the makers' own.
 */
const IMPLEMENTERS: Readonly<Record<number, Implementer>> = {
  65: {
    name: 'ARM',
    parts: {
      ...{ 2336: 'ARM920', 2342: 'ARM926', 2870: 'ARM1136', 2902: 'ARM1156', 2934: 'ARM1176' },
      ...{ 2818: 'ARM11 MPCore', 3077: 'Cortex-A5', 3079: 'Cortex-A7', 3080: 'Cortex-A8' },
      ...{ 3081: 'Cortex-A9', 3085: 'Cortex-A12', 3086: 'Cortex-A17', 3087: 'Cortex-A15' },
      ...{ 3092: 'Cortex-R4', 3093: 'Cortex-R5', 3095: 'Cortex-R7', 3096: 'Cortex-R8' },
      ...{ 3329: 'Cortex-A32', 3330: 'Cortex-A34', 3331: 'Cortex-A53', 3332: 'Cortex-A35' },
      ...{ 3333: 'Cortex-A55', 3334: 'Cortex-A65', 3335: 'Cortex-A57', 3336: 'Cortex-A72' },
      ...{ 3337: 'Cortex-A73', 3338: 'Cortex-A75', 3339: 'Cortex-A76', 3340: 'Neoverse-N1' },
      ...{ 3341: 'Cortex-A77', 3342: 'Cortex-A76AE', 3347: 'Cortex-R52', 3349: 'Cortex-R82' },
      ...{ 3392: 'Neoverse-V1', 3393: 'Cortex-A78', 3394: 'Cortex-A78AE', 3395: 'Cortex-A65AE' },
      ...{ 3396: 'Cortex-X1', 3398: 'Cortex-A510', 3399: 'Cortex-A710', 3400: 'Cortex-X2' },
      ...{ 3401: 'Neoverse-N2', 3402: 'Neoverse-E1', 3403: 'Cortex-A78C', 3404: 'Cortex-X1C' },
      ...{ 3405: 'Cortex-A715', 3406: 'Cortex-X3', 3407: 'Neoverse-V2', 3456: 'Cortex-A520' },
      ...{ 3457: 'Cortex-A720', 3458: 'Cortex-X4', 3459: 'Neoverse-V3AE', 3460: 'Neoverse-V3' },
      ...{ 3461: 'Cortex-X925', 3463: 'Cortex-A725', 3464: 'Cortex-A520AE', 3465: 'Cortex-A720AE' },
      ...{ 3466: 'C1-Nano', 3467: 'C1-Pro', 3468: 'C1-Ultra', 3470: 'Neoverse-N3', 3471: 'Cortex-A320' },
      ...{ 3472: 'C1-Premium' },
    },
  },
  66: { name: 'Broadcom', parts: { 15: 'Brahma-B15', 256: 'Brahma-B53', 1302: 'Vulcan' } },
  67: {
    name: 'Cavium',
    parts: {
      ...{ 160: 'ThunderX', 161: 'ThunderX 88XX', 162: 'ThunderX 81XX', 163: 'ThunderX 83XX' },
      ...{ 175: 'ThunderX2 99xx', 176: 'OcteonTX2', 177: 'OcteonTX2 98XX', 178: 'OcteonTX2 96XX' },
      ...{ 179: 'OcteonTX2 95XX', 180: 'OcteonTX2 95XXN', 181: 'OcteonTX2 95XXMM' },
      ...{ 182: 'OcteonTX2 95XXO', 184: 'ThunderX3 T110' },
    },
  },
  68: { name: 'DEC', parts: { 2576: 'SA110', 2577: 'SA1100' } },
  70: { name: 'Fujitsu', parts: { 1: 'A64FX', 3: 'MONAKA' } },
  72: { name: 'HiSilicon', parts: { 3329: 'TSV110', 3330: 'TSV120', 3334: 'HIP09', 3392: 'Cortex-A76' } },
  73: { name: 'Infineon', parts: {} },
  77: { name: 'Freescale', parts: {} },
  78: { name: 'NVIDIA', parts: { 0: 'Denver', 3: 'Denver 2', 4: 'Carmel', 16: 'Olympus' } },
  80: { name: 'APM', parts: { 0: 'X-Gene' } },
  81: {
    name: 'Qualcomm',
    parts: {
      ...{ 1: 'Oryon', 15: 'Scorpion', 45: 'Scorpion', 77: 'Krait', 111: 'Krait' },
      ...{ 512: 'Kryo', 513: 'Kryo', 517: 'Kryo', 529: 'Kryo', 2048: 'Kryo 2xx Gold' },
      ...{ 2049: 'Kryo 2xx Silver', 2050: 'Kryo 3xx Gold', 2051: 'Kryo 3xx Silver' },
      ...{ 2052: 'Kryo 4xx Gold', 2053: 'Kryo 4xx Silver', 3072: 'Falkor', 3073: 'Saphira' },
    },
  },
  83: {
    name: 'Samsung',
    parts: { 1: 'Exynos M1', 2: 'Exynos M3', 3: 'Exynos M4', 4: 'Exynos M5' },
  },
  86: { name: 'Marvell', parts: { 305: 'Feroceon 88FR131', 1409: 'PJ4', 1412: 'PJ4B-MP' } },
  97: {
    name: 'Apple',
    parts: {
      ...{ 32: 'Icestorm A14', 33: 'Firestorm A14', 34: 'Icestorm M1', 35: 'Firestorm M1' },
      ...{ 36: 'Icestorm M1 Pro', 37: 'Firestorm M1 Pro', 40: 'Icestorm M1 Max' },
      ...{ 41: 'Firestorm M1 Max', 48: 'Blizzard A15', 49: 'Avalanche A15', 50: 'Blizzard M2' },
      ...{ 51: 'Avalanche M2', 52: 'Blizzard M2 Pro', 53: 'Avalanche M2 Pro' },
      ...{ 56: 'Blizzard M2 Max', 57: 'Avalanche M2 Max' },
    },
  },
  102: { name: 'Faraday', parts: { 1318: 'FA526', 1574: 'FA626' } },
  105: { name: 'Intel', parts: { 512: 'i80200', 1041: 'PXA27x', 1672: 'PXA30x', 1673: 'PXA31x' } },
  109: { name: 'Microsoft', parts: { 3401: 'Azure Cobalt 100' } },
  112: {
    name: 'Phytium',
    parts: {
      ...{ 771: 'FTC310', 1632: 'FTC660', 1633: 'FTC661', 1634: 'FTC662', 1635: 'FTC663' },
      ...{ 1636: 'FTC664', 2146: 'FTC862' },
    },
  },
  192: { name: 'Ampere', parts: { 2755: 'Ampere-1', 2756: 'Ampere-1A', 2757: 'Ampere-1B' } },
};

/** One kind of core, as /proc/cpuinfo numbers it. */
interface ArmCore {
  readonly implementer: number;
  readonly part: number;
}

/**
 * `ARM Cortex-A510 + Cortex-A710`: the maker and its kinds of cores in the order given; what no table knows keeps its
 * number. undefined: there are none.
 */
function armProcessorName(cores: readonly ArmCore[]): string | undefined {
  const byMaker = Map.groupBy(cores, ({ implementer }) => implementer);
  const makers = Array.from(byMaker, ([implementer, own]) => {
    const { name, parts } = IMPLEMENTERS[implementer] ?? {
      name: `implementer ${hexadecimal(implementer)}`,
      parts: {},
    };
    const kinds = new Set(own.map(({ part }) => parts[part] ?? `part ${hexadecimal(part)}`));
    return `${name} ${[...kinds].join(' + ')}`;
  });
  return makers.length === 0 ? undefined : makers.join(' + ');
}

function hexadecimal(number: number): string {
  return `0x${number.toString(16)}`;
}
