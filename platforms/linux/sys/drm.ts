import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { GpuSample, GpuVendor } from '../../../src/data/schema/gpu-sample.ts';
import { KeptFile } from '../proc/kept-file.ts';
import { known } from '../proc/text-scanner.ts';
import { plausibleCelsius } from './hwmon.ts';
import {
  isDeviceSuspended,
  listDirectory,
  readAttribute,
  readSysfsInteger,
  realPath,
} from './sysfs-value.ts';

const CARDS_LIMIT = 64;
const VENDORS: Readonly<Record<string, GpuVendor>> = {
  '0x10de': 'nvidia',
  '0x1002': 'amd',
  '0x8086': 'intel',
};
/** Drivers of GPUs proper; the others show pictures only (virtio, ast, simpledrm), or are NVIDIA's own. */
const DRIVERS = new Set(
  'amdgpu radeon i915 xe nouveau v3d panfrost panthor lima msm etnaviv asahi powervr'.split(' '),
);
const HERTZ_PER_MEGAHERTZ = 1e6;
const MICROWATTS_PER_MILLIWATT = 1e3;
/** Far more than any card takes: firmware that does not answer is read as all ones. */
const MOST_MILLIWATTS = 10e6;

/** Attributes of a card that drivers write in different places: the first that exists is kept. */
type CardFiles = Readonly<ReturnType<typeof openFiles>>;

/** Current values of a card from sysfs; undefined: not reported, or asleep. */
type CardReading = Omit<GpuSample, 'id' | 'name' | 'vendor' | 'processes'>;

/** A GPU of /sys/class/drm. */
export class DrmCard {
  /** PCI address, or the card's name where it is on no PCI bus. */
  readonly id: string;
  readonly name: string;
  readonly vendor: GpuVendor;
  readonly driver: string;
  readonly #files: CardFiles;

  constructor(path: string, devicePath: string, driver: string, pciIds?: readonly string[]) {
    const address = basename(devicePath);
    this.id = /^[0-9a-f]{4}:/.test(address) ? address : basename(path);
    this.driver = driver;
    this.vendor = VENDORS[readAttribute(join(devicePath, 'vendor')) ?? ''] ?? 'other';
    this.name = readAttribute(join(devicePath, 'product_name')) ?? readPciName(devicePath, pciIds) ?? driver;
    this.#files = openFiles(path, devicePath);
  }

  /** A card that is powered down is not asked: reading would wake it. */
  read(): CardReading {
    const files = this.#files;
    const status = files.runtimeStatus;
    const isAsleep = status !== undefined && readAttribute(status.path) === 'suspended';
    const read = (file: KeptFile | undefined): number | undefined =>
      file === undefined || isAsleep ? undefined : known(readSysfsInteger(file));
    const value = (file: KeptFile | undefined): number | undefined => within(read(file), Number.MAX_VALUE);
    const temperature = read(files.temperature);
    const memoryTotalBytes = value(files.memoryTotal) || undefined;
    return {
      isAsleep,
      utilizationPercent: within(read(files.busyPercent), 100),
      memoryUsedBytes: within(read(files.memoryUsed), memoryTotalBytes ?? Number.MAX_VALUE),
      memoryTotalBytes,
      temperatureCelsius: temperature === undefined ? undefined : plausibleCelsius(temperature),
      powerMilliwatts: within(
        scaled(read(files.powerMicrowatts), 1 / MICROWATTS_PER_MILLIWATT),
        MOST_MILLIWATTS,
      ),
      frequencyHz:
        value(files.frequencyHertz) ?? scaled(value(files.frequencyMegahertz), HERTZ_PER_MEGAHERTZ),
      maxFrequencyHz: scaled(value(files.maxMegahertz), HERTZ_PER_MEGAHERTZ),
    };
  }

  close(): void {
    for (const file of Object.values(this.#files) as (KeptFile | undefined)[]) file?.close();
  }
}

/** GPUs that sysfs knows, those of NVIDIA's own driver left out. The caller closes their files. */
export function readDrmCards(sysRoot: string, pciIds?: readonly string[]): DrmCard[] {
  const root = join(sysRoot, 'class/drm');
  return listDirectory(root)
    .filter((name) => /^card\d+$/.test(name))
    .slice(0, CARDS_LIMIT)
    .flatMap((name) => {
      const devicePath = realPath(join(root, name, 'device'));
      const driver = devicePath === undefined ? undefined : realPath(join(devicePath, 'driver'));
      if (devicePath === undefined || driver === undefined || !DRIVERS.has(basename(driver))) return [];
      return new DrmCard(join(root, name), devicePath, basename(driver), pciIds);
    });
}

/** Device paths of NVIDIA's display controllers on the PCI bus, whatever driver they have. */
export function nvidiaDevicePaths(sysRoot: string): string[] {
  const root = join(sysRoot, 'bus/pci/devices');
  return listDirectory(root)
    .map((name) => join(root, name))
    .filter(
      (path) =>
        readAttribute(join(path, 'vendor')) === '0x10de' &&
        readAttribute(join(path, 'class'))?.startsWith('0x03') === true,
    );
}

function openFiles(path: string, devicePath: string) {
  const isAsleep = isDeviceSuspended(devicePath);
  const hwmon = join(devicePath, 'hwmon', listDirectory(join(devicePath, 'hwmon'))[0] ?? '');
  const first = (...paths: string[]): KeptFile | undefined => {
    // Of a card that sleeps what is there is not read: that would wake it.
    const found = paths.find((each) => (isAsleep ? existsSync(each) : readAttribute(each) !== undefined));
    return found === undefined ? undefined : new KeptFile(found);
  };
  const xe = join(devicePath, 'tile0/gt0/freq0');
  return {
    busyPercent: first(join(devicePath, 'gpu_busy_percent')),
    memoryUsed: first(join(devicePath, 'mem_info_vram_used')),
    memoryTotal: first(join(devicePath, 'mem_info_vram_total')),
    // xe numbers its sensors from 2: the package.
    temperature: first(join(hwmon, 'temp1_input'), join(hwmon, 'temp2_input')),
    powerMicrowatts: first(join(hwmon, 'power1_average'), join(hwmon, 'power1_input')),
    frequencyHertz: first(join(hwmon, 'freq1_input')),
    frequencyMegahertz: first(
      join(path, 'gt/gt0/rps_act_freq_mhz'),
      join(path, 'gt_act_freq_mhz'),
      join(xe, 'act_freq'),
    ),
    maxMegahertz: first(
      join(path, 'gt/gt0/rps_max_freq_mhz'),
      join(path, 'gt_max_freq_mhz'),
      join(xe, 'max_freq'),
    ),
    runtimeStatus: first(join(devicePath, 'power/runtime_status')),
  };
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

/** From 0 to `most`; anything else is no measurement. */
function within(value: number | undefined, most: number): number | undefined {
  return value !== undefined && value >= 0 && value <= most ? value : undefined;
}

/** Where distributions keep the names of PCI devices. */
const PCI_IDS_PATHS: readonly string[] = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids'];

/**
 * The device's name in the text of pci.ids, vendor and device as four hexadecimal digits each; undefined: not there.
 *
 *   1002  Advanced Micro Devices, Inc. [AMD/ATI]
 *   	73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]
 */
export function findPciName(text: string, vendor: string, device: string): string | undefined {
  const start = text.startsWith(`${vendor}  `) ? 0 : text.indexOf(`\n${vendor}  `);
  if (start < 0) return undefined;
  const rest = text.slice(text.indexOf('\n', start + 1) + 1);
  // The vendor's devices are the lines behind its own that begin with a tab or are comments.
  const end = /^[^\t#\n]/m.exec(rest)?.index ?? rest.length;
  const name = new RegExp(`^\t${device} {2}(.+)$`, 'm').exec(rest.slice(0, end))?.[1];
  // People know a card by what stands in the brackets.
  return name === undefined ? undefined : (/\[(.+)\]\s*$/.exec(name)?.[1] ?? name);
}

/** Name of a device by its sysfs path; undefined: not on a PCI bus, or unnamed. */
function readPciName(devicePath: string, paths: readonly string[] = PCI_IDS_PATHS): string | undefined {
  const digits = (file: string): string | undefined =>
    /^0x([0-9a-f]{4})$/.exec(readAttribute(`${devicePath}/${file}`) ?? '')?.[1];
  const [vendor, device] = [digits('vendor'), digits('device')];
  if (vendor === undefined || device === undefined) return undefined;
  for (const path of paths) {
    const text = readAttribute(path);
    const name = text === undefined ? undefined : findPciName(text, vendor, device);
    if (name !== undefined) return name;
  }
  return undefined;
}
