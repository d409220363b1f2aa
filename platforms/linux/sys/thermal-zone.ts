import { join } from 'node:path';
import { KeptFile } from '../proc/kept-file.ts';
import { plausibleCelsius } from './hwmon.ts';
import { listDirectory, readAttribute, readIntegerAttribute, readSysfsInteger } from './sysfs-value.ts';

const ZONES_LIMIT = 256;
const TRIP_POINTS_LIMIT = 16;

/** A zone of /sys/class/thermal (Documentation/driver-api/thermal/sysfs-api.rst). */
export class ThermalZone {
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
export function readThermalZones(sysRoot: string): ThermalZone[] {
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
