import { SENSORS, type SensorsSample, type TemperatureSensor } from '../../../data/schema/sensors-sample.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { gauge } from './family.ts';
import { encodeLabels, LabelledRows } from './labels.ts';
import { RecordFamilies } from './record-families.ts';

const ROWS_LIMIT = 1024;
const ZONE_PREFIX = 'thermal_zone';

const SENSOR_LABEL = gauge('node_hwmon_sensor_label', 'Label for given chip and sensor.');
const CHIP_NAMES = gauge('node_hwmon_chip_names', 'Annotation metric for human-readable chip names.');
const ZONE = gauge('node_thermal_zone_temp', 'Zone temperature in Celsius.');

/** The lists of sensors, each with the families of its records. */
const LISTS = Object.entries(SENSORS.fields).flatMap(([name, { shape }]) => {
  const list = shape.kind === 'optional' ? shape.field.shape : shape;
  if (list.kind !== 'list' || list.item.shape.kind !== 'record') return [];
  const families = new RecordFamilies<ChipInput>(list.item.shape);
  return [{ name: name as SensorList, families }];
});

type SensorList = Exclude<keyof SensorsSample, 'cpu'>;
/** What all sensors have in common. */
type ChipInput = NonNullable<SensorsSample[SensorList]>[number];

/** A sensor of a chip, named as node_exporter names both. */
interface ChipSensor {
  readonly sensor: ChipInput;
  readonly chip: string;
  /** `temp1`. */
  readonly name: string;
}

/** node_exporter's collectors hwmon and thermal_zone. Returns how many rows were left out for want of room. */
export function writeSensors(writer: ExpositionWriter, sample: SensorsSample): number {
  const zones = new LabelledRows<TemperatureSensor>(ROWS_LIMIT);
  const owners = new Map<string, string>();
  const all: ChipSensor[] = [];
  let leftOut = 0;
  for (const { name, families } of LISTS) {
    const rows = new LabelledRows<ChipSensor>(ROWS_LIMIT);
    for (const sensor of sample[name] ?? []) {
      if (sensor.id.startsWith(ZONE_PREFIX) && 'celsius' in sensor) {
        zones.add(sensor, 'type', sensor.chip, 'zone', sensor.id.slice(ZONE_PREFIX.length));
      } else {
        const each = chipSensor(sensor, owners);
        rows.add(each, 'chip', each.chip, 'sensor', each.name);
      }
    }
    families.each(writer, (put) => rows.each(({ sensor }, labels) => put(labels, sensor)));
    all.push(...rows.rows);
    leftOut += rows.leftOut;
  }
  for (const { sensor, chip, name } of all) {
    if (sensor.label === name) continue;
    writer.sample(SENSOR_LABEL, encodeLabels('chip', chip, 'label', sensor.label, 'sensor', name), 1);
  }
  writeChipNames(writer, all);
  zones.each(({ celsius }, labels) => writer.sample(ZONE, labels, celsius));
  return leftOut + zones.leftOut;
}

function writeChipNames(writer: ExpositionWriter, sensors: readonly ChipSensor[]): void {
  const chips = new LabelledRows<string>(ROWS_LIMIT);
  for (const { chip, sensor } of sensors) chips.add(chip, 'chip', chip, 'chip_name', sensor.chip);
  chips.each((_, labels) => writer.sample(CHIP_NAMES, labels, 1));
}

/** `owners` says which chip had its name first: another one that would be called the same gets its number behind it. */
function chipSensor(sensor: ChipInput, owners: Map<string, string>): ChipSensor {
  const slash = sensor.id.indexOf('/');
  const hwmon = sensor.id.slice(0, Math.max(0, slash));
  const base = chipName(sensor, hwmon);
  const owner = owners.get(base) ?? hwmon;
  owners.set(base, owner);
  const chip = owner === hwmon ? base : `${base}_${cleaned(hwmon)}`;
  return { sensor, chip, name: sensor.id.slice(slash + 1) };
}

/**
 * As node_exporter 1.12 calls chips. `platform_coretemp_0`, `nvme_nvme0`: where the device hangs, and its name; else
 * the driver. Several chips of one device all have their driver behind it (`platform_asus_nb_wmi_asus`), or their
 * number where the driver is the same.
 */
function chipName({ chip, device, bus, chipSuffix = '' }: ChipInput, hwmon: string): string {
  const own = device === undefined ? cleaned(chip) : cleaned(device);
  const name = own === '' ? cleaned(hwmon) : own;
  const isPlaced = own !== '' && device !== undefined && bus !== undefined;
  const base = isPlaced ? `${cleaned(bus)}_${name}` : name;
  const suffix = cleaned(chipSuffix);
  return suffix === '' ? base : `${base}_${suffix}`;
}

/** As node_exporter makes names fit for metrics: lower case, everything else but digits and colons an underscore. */
function cleaned(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '');
}
