import { basename, join } from 'node:path';
import { monotonicMicros } from '../clock.ts';
import { KeptFile } from '../proc/kept-file.ts';
import {
  isDeviceSuspended,
  listDirectory,
  mayDeviceSleep,
  readAttribute,
  readIntegerAttribute,
  readSysfsInteger,
  realPath,
} from './sysfs-value.ts';

/** A chip of /sys/class/hwmon (Documentation/hwmon/sysfs-interface.rst). */
export interface HwmonChip {
  /** `hwmon2`. */
  readonly id: string;
  /** The driver's name for it: `coretemp`, `nvme`. */
  readonly name: string;
  /** Of the device that it measures, all links followed; undefined: of none. */
  readonly devicePath: string | undefined;
  /** Tells it from others of the same device; undefined: it is the only one. */
  readonly suffix: string | undefined;
  readonly temperatures: readonly HwmonTemperature[];
  readonly fans: readonly HwmonInput[];
  /** Whether its device sleeps, as a GPU that nobody uses: a question would wake it. */
  isAsleep(): boolean;
  /** Closes the files of all its inputs. */
  close(): void;
}

/** What identifies a chip, before any of its sensors are looked at. */
type ChipIdentity = Pick<HwmonChip, 'id' | 'name' | 'devicePath'>;

const LOWEST_MILLIDEGREES = -50_000;
const HIGHEST_MILLIDEGREES = 125_000;
/** Far more than any fan turns; drivers say more where none is connected. */
const FASTEST_RPM = 60_000;
/**
 * A sensor may hold up whoever asks it: by firmware that stops a processor (dell_smm), on a slow bus, or because its
 * drive does not answer. One that takes longer than this is left alone for so many times as long.
 */
const SLOW_MICROS = 2000;
const REST_FACTOR = 100;
/** Its last value is no longer shown then. */
const STALE_MICROS = 30e6;
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

/** Every chip that measures something. The caller closes them. */
export function readHwmonChips(sysRoot: string): HwmonChip[] {
  const root = join(sysRoot, 'class/hwmon');
  const all = listDirectory(root)
    .slice(0, CHIPS_LIMIT)
    .map((id) => readIdentity(join(root, id), id));
  const byPlace = Map.groupBy(all, placeOf);
  return all.flatMap((chip) => {
    const { devicePath } = chip;
    const maySleep = devicePath !== undefined && mayDeviceSleep(devicePath);
    const isAsleep = (): boolean => maySleep && isDeviceSuspended(devicePath);
    const temperatures = readTemperatures(join(root, chip.id), isAsleep());
    const fans = findInputs(join(root, chip.id), /^(fan\d{1,4})_input$/).map(
      ([from, name]) => new HwmonInput(from, name, plausibleRpm),
    );
    if (temperatures.length + fans.length === 0) return [];
    const close = (): void => {
      for (const input of [...temperatures, ...fans]) input.close();
    };
    const suffix = suffixAmong(byPlace.get(placeOf(chip))!, chip);
    return [{ ...chip, suffix, temperatures, fans, isAsleep, close }];
  });
}

function readIdentity(path: string, id: string): ChipIdentity {
  return {
    id,
    name: readAttribute(join(path, 'name')) ?? readAttribute(join(path, 'device/name')) ?? id,
    devicePath: realPath(join(path, 'device')),
  };
}

/** A chip is called by its device and what that hangs on; one without a device by its driver. */
function placeOf({ name, devicePath }: ChipIdentity): string {
  return devicePath === undefined ? name : devicePath.split('/').slice(-2).join('/');
}

/**
 * The numbers of chips depend on the order in which modules were loaded, so a driver's name is taken where it is the
 * only such one of the device.
 */
function suffixAmong(chips: readonly ChipIdentity[], { id, name }: ChipIdentity): string | undefined {
  if (chips.length === 1) return undefined;
  return chips.filter((other) => other.name === name).length === 1 ? name : id;
}

function readTemperatures(path: string, isAsleep: boolean): HwmonTemperature[] {
  return findInputs(path, /^(temp\d{1,4})_input$/).map(
    ([from, name]) => new HwmonTemperature(from, name, isAsleep),
  );
}

/** Inputs of a kind by their names, each with the folder that it is in: old drivers keep theirs with the device. */
function findInputs(path: string, kind: RegExp): (readonly [path: string, name: string])[] {
  for (const from of [path, join(path, 'device')]) {
    const names = listDirectory(from).flatMap((file) => kind.exec(file)?.[1] ?? []);
    if (names.length > 0) return names.slice(0, INPUTS_LIMIT).map((name) => [from, name]);
  }
  return [];
}

/** A fan that stands still turns 0 times a minute. */
function plausibleRpm(rpm: number): number | undefined {
  return rpm >= 0 && rpm <= FASTEST_RPM ? rpm : undefined;
}

/** An input of a chip. */
class HwmonInput {
  /** `temp1`, `fan1`. */
  readonly name: string;
  /** What the driver calls it, else its name. */
  readonly label: string;
  readonly #plausible: (value: number) => number | undefined;
  readonly #input: KeptFile;
  readonly #fault: KeptFile | undefined;
  #value: number | undefined;
  #readMicros = Number.NEGATIVE_INFINITY;
  #restMicros = 0;

  constructor(path: string, name: string, plausible: (value: number) => number | undefined) {
    const attribute = (kind: string): string => join(path, `${name}_${kind}`);
    this.name = name;
    this.label = readAttribute(attribute('label')) ?? name;
    this.#plausible = plausible;
    this.#input = new KeptFile(attribute('input'));
    const hasFault = readIntegerAttribute(attribute('fault')) !== undefined;
    this.#fault = hasFault ? new KeptFile(attribute('fault')) : undefined;
  }

  /** Degrees Celsius, or revolutions a minute; undefined: faulty, asleep, too slow, or no plausible value. */
  read(): number | undefined {
    const now = monotonicMicros();
    if (now - this.#readMicros >= this.#restMicros) {
      this.#value = this.#ask();
      this.#readMicros = now;
      const took = monotonicMicros() - now;
      this.#restMicros = took < SLOW_MICROS ? 0 : took * REST_FACTOR;
    }
    return now - this.#readMicros < STALE_MICROS ? this.#value : undefined;
  }

  #ask(): number | undefined {
    if (this.#fault !== undefined && readSysfsInteger(this.#fault) > 0) return undefined;
    return this.#plausible(readSysfsInteger(this.#input));
  }

  close(): void {
    this.#input.close();
    this.#fault?.close();
  }
}

export class HwmonTemperature extends HwmonInput {
  readonly maxCelsius: number | undefined;
  readonly criticalCelsius: number | undefined;

  constructor(path: string, name: string, isAsleep: boolean) {
    super(path, name, plausibleCelsius);
    this.maxCelsius = isAsleep ? undefined : limitOf(join(path, `${name}_max`));
    this.criticalCelsius = isAsleep ? undefined : limitOf(join(path, `${name}_crit`));
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
