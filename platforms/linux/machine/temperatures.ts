import { basename, dirname } from 'node:path';
import type { Battery, SensorsSample, TemperatureSensor } from '../../../src/data/schema/sensors-sample.ts';
import { monotonicMicros } from '../clock.ts';
import { deviceNameOf, type HwmonChip, readHwmonChips } from '../sys/hwmon.ts';
import { type PowerSupply, readPowerSupplies } from '../sys/power-supply.ts';
import { readThermalZones, type ThermalZone } from '../sys/thermal-zone.ts';
import { chooseCpuSensor } from './cpu-sensor.ts';

interface TemperatureCollectorOptions {
  /** Default `/sys`. */
  readonly sysRoot?: string;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
}

/** Chips come with modules and plugged devices; looking for them costs some ten reads each. */
const SCAN_INTERVAL_MICROS = 30e6;
/** A battery changes slowly, and its controller may take some milliseconds to answer. */
const BATTERY_INTERVAL_MICROS = 5e6;

/** Temperatures of hwmon chips and thermal zones, fans, and batteries. A machine without any has an empty list. */
export class TemperatureCollector {
  readonly #sysRoot: string;
  readonly #clock: () => number;
  #chips: readonly HwmonChip[] = [];
  #zones: readonly ThermalZone[] = [];
  #supplies: readonly PowerSupply[] = [];
  #batteries: readonly Battery[] = [];
  #nextBatteryMicros = Number.NEGATIVE_INFINITY;
  #nextScanMicros = Number.NEGATIVE_INFINITY;

  constructor(options: TemperatureCollectorOptions = {}) {
    this.#sysRoot = options.sysRoot ?? '/sys';
    this.#clock = options.clock ?? monotonicMicros;
  }

  collect(): SensorsSample {
    const now = this.#clock();
    if (now >= this.#nextScanMicros) {
      this.#nextScanMicros = now + SCAN_INTERVAL_MICROS;
      this.#scan();
    }
    const sensors = [...this.#chips.flatMap(readChip), ...this.#zones.map(readZone)];
    const fans = this.#chips.flatMap((chip) =>
      chip.fans.map((fan) => ({ ...inputOf(chip, fan), rpm: fan.read() })),
    );
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
    this.#chips = readHwmonChips(this.#sysRoot).filter(
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
function inputOf(chip: HwmonChip, { name, label }: HwmonChip['fans'][number]) {
  return {
    chip: chip.name,
    label,
    id: `${chip.id}/${name}`,
    device: deviceNameOf(chip),
    bus: chip.devicePath === undefined ? undefined : basename(dirname(chip.devicePath)),
    chipSuffix: chip.suffix,
  };
}

function readChip(chip: HwmonChip): TemperatureSensor[] {
  return chip.temperatures.map((temperature) => ({
    ...inputOf(chip, temperature),
    celsius: temperature.read(),
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
