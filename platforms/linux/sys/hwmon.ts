import { basename, join } from 'node:path';
import { KeptFile } from '../proc/kept-file.ts';
import {
  listDirectory,
  readAttribute,
  readIntegerAttribute,
  readSysfsInteger,
  realPath,
} from './sysfs-value.ts';

/** A temperature input of a chip. */
export interface HwmonTemperature {
  /** `temp1`. */
  readonly name: string;
  /** What the driver calls it, else its name. */
  readonly label: string;
  readonly maxCelsius: number | undefined;
  readonly criticalCelsius: number | undefined;
  /** Now; undefined: faulty, asleep, or no plausible value. */
  read(): number | undefined;
  close(): void;
}

/** A chip of /sys/class/hwmon (Documentation/hwmon/sysfs-interface.rst). */
export interface HwmonChip {
  /** `hwmon2`. */
  readonly id: string;
  /** The driver's name for it: `coretemp`, `nvme`. */
  readonly name: string;
  /** Of the device that it measures, all links followed; undefined: of none. */
  readonly devicePath: string | undefined;
  readonly temperatures: readonly HwmonTemperature[];
}

const LOWEST_MILLIDEGREES = -50_000;
const HIGHEST_MILLIDEGREES = 125_000;
const CHIPS_LIMIT = 256;
const INPUTS_LIMIT = 256;

/**
 * Degrees of a reading in thousandths, or undefined where it cannot be a temperature: inputs with nothing connected
 * read 127 or -128 degrees, sensors that sleep exactly 0, broken tables -273.
 */
export function plausibleCelsius(millidegrees: number): number | undefined {
  const isPlausible = millidegrees > LOWEST_MILLIDEGREES && millidegrees <= HIGHEST_MILLIDEGREES;
  return isPlausible && millidegrees !== 0 ? millidegrees / 1000 : undefined;
}

/** Every chip that measures temperatures. The caller closes their files. */
export function readHwmonChips(sysRoot: string): HwmonChip[] {
  const root = join(sysRoot, 'class/hwmon');
  return listDirectory(root)
    .slice(0, CHIPS_LIMIT)
    .flatMap((id) => {
      const chip = readChip(join(root, id), id);
      return chip.temperatures.length === 0 ? [] : [chip];
    });
}

function readChip(path: string, id: string): HwmonChip {
  // Old drivers keep their attributes with the device.
  const paths = [path, join(path, 'device')];
  const from = paths.find((each) => temperatureNames(each).length > 0) ?? path;
  return {
    id,
    name: readAttribute(join(path, 'name')) ?? readAttribute(join(path, 'device/name')) ?? id,
    devicePath: realPath(join(path, 'device')),
    temperatures: temperatureNames(from).map((name) => new SysfsTemperature(from, name)),
  };
}

function temperatureNames(path: string): string[] {
  return listDirectory(path)
    .flatMap((file) => /^(temp\d{1,4})_input$/.exec(file)?.[1] ?? [])
    .slice(0, INPUTS_LIMIT);
}

class SysfsTemperature implements HwmonTemperature {
  readonly name: string;
  readonly label: string;
  readonly maxCelsius: number | undefined;
  readonly criticalCelsius: number | undefined;
  readonly #input: KeptFile;
  readonly #fault: KeptFile | undefined;

  constructor(path: string, name: string) {
    const attribute = (kind: string): string => join(path, `${name}_${kind}`);
    this.name = name;
    this.label = readAttribute(attribute('label')) ?? name;
    this.maxCelsius = limitOf(attribute('max'));
    this.criticalCelsius = limitOf(attribute('crit'));
    this.#input = new KeptFile(attribute('input'));
    const hasFault = readIntegerAttribute(attribute('fault')) !== undefined;
    this.#fault = hasFault ? new KeptFile(attribute('fault')) : undefined;
  }

  read(): number | undefined {
    if (this.#fault !== undefined && readSysfsInteger(this.#fault) > 0) return undefined;
    return plausibleCelsius(readSysfsInteger(this.#input));
  }

  close(): void {
    this.#input.close();
    this.#fault?.close();
  }
}

function limitOf(path: string): number | undefined {
  const millidegrees = readIntegerAttribute(path);
  return millidegrees === undefined ? undefined : plausibleCelsius(millidegrees);
}

/** Name of a chip's device as sysfs has it, undefined: none. */
export function deviceNameOf(chip: HwmonChip): string | undefined {
  return chip.devicePath === undefined ? undefined : basename(chip.devicePath);
}
