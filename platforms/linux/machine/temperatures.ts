import { basename, dirname, join } from 'node:path';
import type { Battery, SensorsSample, TemperatureSensor } from '../../../src/data/schema/sensors-sample.ts';
import { monotonicMicros } from '../clock.ts';
import { KeptFile } from '../proc/kept-file.ts';
import {
  type DriveReader,
  deviceNameOf,
  type HwmonChip,
  type HwmonTemperature,
  plausibleCelsius,
  readHwmonChips,
} from '../sys/hwmon.ts';
import { type PowerSupply, readPowerSupplies } from '../sys/power-supply.ts';
import { listDirectory, readAttribute, readIntegerAttribute, readSysfsInteger } from '../sys/sysfs-value.ts';
import type { CollectorOptions } from './machine.ts';

/** Chips come with modules and plugged devices; looking for them costs some ten reads each. */
const SCAN_INTERVAL_MICROS = 30e6;
/** A battery changes slowly, and its controller may take some milliseconds to answer. */
const BATTERY_INTERVAL_MICROS = 5e6;

/** Temperatures of hwmon chips and thermal zones, fans, and batteries. A machine without any has an empty list. */
export class TemperatureCollector {
  readonly #sysRoot: string;
  readonly #clock: () => number;
  readonly #drives: DriveReader | undefined;
  #chips: readonly HwmonChip[] = [];
  #zones: readonly ThermalZone[] = [];
  #supplies: readonly PowerSupply[] = [];
  #batteries: readonly Battery[] = [];
  #nextBatteryMicros = Number.NEGATIVE_INFINITY;
  #nextScanMicros = Number.NEGATIVE_INFINITY;

  constructor({ sysRoot, clock = monotonicMicros, drives }: CollectorOptions) {
    this.#sysRoot = sysRoot;
    this.#drives = drives;
    this.#clock = clock;
  }

  collect(): SensorsSample {
    const now = this.#clock();
    if (now >= this.#nextScanMicros) {
      this.#nextScanMicros = now + SCAN_INTERVAL_MICROS;
      this.#scan();
    }
    const sensors = [...this.#chips.flatMap(readChip), ...this.#zones.map(readZone)];
    const fans = this.#chips.flatMap(readFans);
    const batteries = this.#readBatteries(now);
    return {
      ...{ sensors, cpu: chooseCpuSensor(sensors), ...(fans.length > 0 && { fans }) },
      ...(batteries.length > 0 && { batteries }),
    };
  }

  close(): void {
    for (const chip of this.#chips) chip.close();
    for (const zone of this.#zones) zone.close();
    for (const supply of this.#supplies) supply.close();
    this.#supplies = [];
    this.#chips = [];
    this.#zones = [];
  }

  #scan(): void {
    this.close();
    // The kernel shows thermal zones as chips too: each is read once.
    this.#chips = readHwmonChips(this.#sysRoot, this.#drives).filter(
      ({ devicePath }) => devicePath === undefined || !basename(devicePath).startsWith('thermal_zone'),
    );
    this.#zones = readThermalZones(this.#sysRoot);
    this.#supplies = readPowerSupplies(this.#sysRoot);
  }

  #readBatteries(now: number): readonly Battery[] {
    if (now >= this.#nextBatteryMicros) {
      this.#nextBatteryMicros = now + BATTERY_INTERVAL_MICROS;
      this.#batteries = this.#supplies.flatMap((supply) => supply.read() ?? []);
    }
    return this.#batteries;
  }
}

/** Which input of which chip it is. */
function inputOf(chip: HwmonChip, { name, label }: Pick<HwmonTemperature, 'name' | 'label'>) {
  return {
    chip: chip.name,
    label,
    id: `${chip.id}/${name}`,
    device: deviceNameOf(chip),
    bus: chip.devicePath === undefined ? undefined : basename(dirname(chip.devicePath)),
    chipSuffix: chip.suffix,
  };
}

function readFans(chip: HwmonChip) {
  const isAsleep = chip.isAsleep();
  return chip.fans.map((fan) => ({ ...inputOf(chip, fan), rpm: isAsleep ? undefined : fan.read() }));
}

function readChip(chip: HwmonChip): TemperatureSensor[] {
  const isAsleep = chip.isAsleep();
  return chip.temperatures.map((temperature) => ({
    ...inputOf(chip, temperature),
    celsius: isAsleep ? undefined : temperature.read(),
    maxCelsius: temperature.maxCelsius,
    criticalCelsius: temperature.criticalCelsius,
  }));
}

function readZone(zone: ThermalZone): TemperatureSensor {
  return {
    chip: zone.type,
    label: zone.type,
    id: zone.id,
    device: undefined,
    celsius: zone.read(),
    maxCelsius: undefined,
    criticalCelsius: zone.criticalCelsius,
  };
}

/** Kernel names of sensors at a processor's cores. */
const CORES = silicon('t?cpu|cpuss|mpu|cluster|core-cluster|bigcore|littlecore|mtktscpu');
/** And of those in a system-on-chip's middle: a part of it that is no core may be the hotter. */
const WHOLE_CHIP = silicon('soc|package|bcm2835|exynos|sun\\w+i?|armada|meson|rk\\w*|imx|sfc');
const PROCESSOR_LABEL = /\bcpu|cputin|\bpackage\b|\bprocessor\b|\btctl\b|\btdie\b|\bpeci\b/i;

/** Kinds of sensors from the best to the last resort; the first with a value speaks for the CPU. */
const KINDS: readonly ((sensor: TemperatureSensor) => boolean)[] = [
  ({ chip, label }) => chip === 'coretemp' && /^(Package|Physical) id/.test(label),
  // Tctl drives the fans and is up to 27 degrees too high on some models; Tdie is the truth where it exists.
  ({ chip, label }) => isRyzen(chip) && label === 'Tdie',
  ({ chip, label }) => isRyzen(chip) && (label === 'Tctl' || label === 'temp1'),
  ({ chip }) => chip === 'x86_pkg_temp',
  ({ chip }) => CORES.test(chip),
  ({ chip }) => WHOLE_CHIP.test(chip),
  ({ chip }) => chip === 'coretemp' || chip === 'k8temp' || chip === 'via_cputemp',
  ({ label }) => PROCESSOR_LABEL.test(label),
  ({ chip }) => PROCESSOR_LABEL.test(chip.replaceAll('_', ' ')),
];

function silicon(names: string): RegExp {
  return new RegExp(
    `^(${names})\\d*([-_]?\\d+)*(-top|-bottom)?[-_]?(therm|thermal|temp|sensor)?([-_]zone)?$`,
    'i',
  );
}

function isRyzen(chip: string): boolean {
  return chip === 'k10temp' || chip === 'zenpower';
}

/** The sensor that speaks for the CPU, of several packages the hottest; undefined: none does. */
export function chooseCpuSensor(sensors: readonly TemperatureSensor[]): TemperatureSensor | undefined {
  for (const isKind of KINDS) {
    let hottest: TemperatureSensor | undefined;
    for (const sensor of sensors) {
      if (sensor.celsius === undefined || !isKind(sensor)) continue;
      if (hottest?.celsius === undefined || sensor.celsius > hottest.celsius) hottest = sensor;
    }
    if (hottest !== undefined) return hottest;
  }
  return undefined;
}

const ZONES_LIMIT = 256;
const TRIP_POINTS_LIMIT = 16;

/** A zone of /sys/class/thermal (Documentation/driver-api/thermal/sysfs-api.rst). */
class ThermalZone {
  /** `thermal_zone0`. */
  readonly id: string;
  /** `cpu-thermal`, `x86_pkg_temp`, `acpitz`. */
  readonly type: string;
  readonly criticalCelsius: number | undefined;
  readonly #temperature: KeptFile;

  constructor(path: string, id: string) {
    this.id = id;
    this.type = readAttribute(join(path, 'type')) ?? id;
    this.criticalCelsius = criticalPoint(path);
    this.#temperature = new KeptFile(join(path, 'temp'));
  }

  /** Now; undefined: switched off, or no plausible value. */
  read(): number | undefined {
    return plausibleCelsius(readSysfsInteger(this.#temperature));
  }

  close(): void {
    this.#temperature.close();
  }
}

/** Every thermal zone. The caller closes their files. */
function readThermalZones(sysRoot: string): ThermalZone[] {
  const root = join(sysRoot, 'class/thermal');
  return listDirectory(root)
    .filter((name) => name.startsWith('thermal_zone'))
    .slice(0, ZONES_LIMIT)
    .map((name) => new ThermalZone(join(root, name), name));
}

function criticalPoint(path: string): number | undefined {
  for (let i = 0; i < TRIP_POINTS_LIMIT; i++) {
    const type = readAttribute(join(path, `trip_point_${i}_type`));
    if (type === undefined) return undefined;
    if (type !== 'critical') continue;
    const millidegrees = readIntegerAttribute(join(path, `trip_point_${i}_temp`));
    return millidegrees === undefined ? undefined : plausibleCelsius(millidegrees);
  }
  return undefined;
}
