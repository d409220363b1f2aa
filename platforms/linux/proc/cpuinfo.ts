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

/**
 * A line for an implementer: its number and name, and behind the colon the number and name of each of its cores, in
 * hexadecimal digits, as MIDR_EL1 has them and /proc/cpuinfo prints them. The numbers are those of the kernel's
 * arch/arm64/include/asm/cputype.h and arch/arm/include/asm/cputype.h, for cores that the kernel has no need to name
 * those that `lscpu` knows (util-linux, sys-utils/lscpu-arm.c); names are the makers' own.
 */
const ARM_CORES = `
41 ARM: 920 ARM920, 926 ARM926, b36 ARM1136, b56 ARM1156, b76 ARM1176, b02 ARM11 MPCore, c05 Cortex-A5
41 ARM: c07 Cortex-A7, c08 Cortex-A8, c09 Cortex-A9, c0d Cortex-A12, c0e Cortex-A17, c0f Cortex-A15
41 ARM: c14 Cortex-R4, c15 Cortex-R5, c17 Cortex-R7, c18 Cortex-R8, d01 Cortex-A32, d02 Cortex-A34
41 ARM: d03 Cortex-A53, d04 Cortex-A35, d05 Cortex-A55, d06 Cortex-A65, d07 Cortex-A57, d08 Cortex-A72
41 ARM: d09 Cortex-A73, d0a Cortex-A75, d0b Cortex-A76, d0c Neoverse-N1, d0d Cortex-A77, d0e Cortex-A76AE
41 ARM: d13 Cortex-R52, d15 Cortex-R82, d40 Neoverse-V1, d41 Cortex-A78, d42 Cortex-A78AE, d43 Cortex-A65AE
41 ARM: d44 Cortex-X1, d46 Cortex-A510, d47 Cortex-A710, d48 Cortex-X2, d49 Neoverse-N2, d4a Neoverse-E1
41 ARM: d4b Cortex-A78C, d4c Cortex-X1C, d4d Cortex-A715, d4e Cortex-X3, d4f Neoverse-V2, d80 Cortex-A520
41 ARM: d81 Cortex-A720, d82 Cortex-X4, d83 Neoverse-V3AE, d84 Neoverse-V3, d85 Cortex-X925, d87 Cortex-A725
41 ARM: d88 Cortex-A520AE, d89 Cortex-A720AE, d8a C1-Nano, d8b C1-Pro, d8c C1-Ultra, d8e Neoverse-N3
41 ARM: d8f Cortex-A320, d90 C1-Premium
42 Broadcom: 00f Brahma-B15, 100 Brahma-B53, 516 Vulcan
43 Cavium: 0a0 ThunderX, 0a1 ThunderX 88XX, 0a2 ThunderX 81XX, 0a3 ThunderX 83XX, 0af ThunderX2 99xx
43 Cavium: 0b0 OcteonTX2, 0b1 OcteonTX2 98XX, 0b2 OcteonTX2 96XX, 0b3 OcteonTX2 95XX, 0b4 OcteonTX2 95XXN
43 Cavium: 0b5 OcteonTX2 95XXMM, 0b6 OcteonTX2 95XXO, 0b8 ThunderX3 T110
44 DEC: a10 SA110, a11 SA1100
46 Fujitsu: 001 A64FX, 003 MONAKA
48 HiSilicon: d01 TSV110, d02 TSV120, d06 HIP09, d40 Cortex-A76
49 Infineon
4d Freescale
4e NVIDIA: 000 Denver, 003 Denver 2, 004 Carmel, 010 Olympus
50 APM: 000 X-Gene
51 Qualcomm: 001 Oryon, 00f Scorpion, 02d Scorpion, 04d Krait, 06f Krait, 200 Kryo, 201 Kryo, 205 Kryo
51 Qualcomm: 211 Kryo, 800 Kryo 2xx Gold, 801 Kryo 2xx Silver, 802 Kryo 3xx Gold, 803 Kryo 3xx Silver
51 Qualcomm: 804 Kryo 4xx Gold, 805 Kryo 4xx Silver, c00 Falkor, c01 Saphira
53 Samsung: 001 Exynos M1, 002 Exynos M3, 003 Exynos M4, 004 Exynos M5
56 Marvell: 131 Feroceon 88FR131, 581 PJ4, 584 PJ4B-MP
61 Apple: 020 Icestorm A14, 021 Firestorm A14, 022 Icestorm M1, 023 Firestorm M1, 024 Icestorm M1 Pro
61 Apple: 025 Firestorm M1 Pro, 028 Icestorm M1 Max, 029 Firestorm M1 Max, 030 Blizzard A15
61 Apple: 031 Avalanche A15, 032 Blizzard M2, 033 Avalanche M2, 034 Blizzard M2 Pro, 035 Avalanche M2 Pro
61 Apple: 038 Blizzard M2 Max, 039 Avalanche M2 Max
66 Faraday: 526 FA526, 626 FA626
69 Intel: 200 i80200, 411 PXA27x, 688 PXA30x, 689 PXA31x
6d Microsoft: d49 Azure Cobalt 100
70 Phytium: 303 FTC310, 660 FTC660, 661 FTC661, 662 FTC662, 663 FTC663, 664 FTC664, 862 FTC862
c0 Ampere: ac3 Ampere-1, ac4 Ampere-1A, ac5 Ampere-1B
`;

/** Names by the number of an implementer (`41`), and by that and the number of a core (`41 d46`). */
function armNames(): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const line of ARM_CORES.trim().split('\n')) {
    const [maker = '', ...cores] = line.split(/[:,] /);
    const number = maker.slice(0, 2);
    names.set(number, maker.slice(3));
    for (const core of cores) names.set(`${number} ${core.slice(0, 3)}`, core.slice(4));
  }
  return names;
}

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
  if (cores.length === 0) return undefined;
  const names = armNames();
  const makers = Array.from(
    Map.groupBy(cores, ({ implementer }) => implementer),
    ([implementer, own]) => {
      const maker = digits(implementer, 2);
      const nameOf = (part: number): string =>
        names.get(`${maker} ${digits(part, 3)}`) ?? `part 0x${digits(part)}`;
      const kinds = new Set(own.map(({ part }) => nameOf(part)));
      return `${names.get(maker) ?? `implementer 0x${digits(implementer)}`} ${[...kinds].join(' + ')}`;
    },
  );
  return makers.join(' + ');
}

/** Hexadecimal, at least so many. */
function digits(number: number, least = 1): string {
  return number.toString(16).padStart(least, '0');
}
