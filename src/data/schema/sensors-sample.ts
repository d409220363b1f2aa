import {
  amount,
  count,
  gauge,
  internal,
  list,
  optional,
  record,
  seldom,
  text,
  type ValueOf,
  word,
} from './record.ts';

const SENSORS_LIMIT = 4096;

/** Which input of which chip a sensor is. */
const CHIP_INPUT = {
  /** Driver: `coretemp`, `k10temp`, `nvme`, `acpitz`, `cpu-thermal`. */
  chip: text('name', { json: 'chip' }),
  /** What the driver calls the sensor, else its number (`temp1`). */
  label: text('name', { json: 'label' }),
  /** Stable while the machine runs: `hwmon2/temp1`, `thermal_zone0`. */
  id: text(),
  /** Name of the device that the chip belongs to, as sysfs has it (`coretemp.0`, `0000:00:18.3`, `nvme0`). */
  device: optional(text()),
  /** What that device hangs on, as sysfs has it (`platform`, `pci0000:00`, `nvme`). */
  bus: internal('makes the names of chips on /metrics', text()),
  /** Tells the chip from others of its device: its driver's name, else `hwmon2`. undefined: it is alone. */
  chipSuffix: internal('makes the names of chips on /metrics', text()),
};

/** A temperature that the machine measures. */
export const TEMPERATURE_SENSOR = record({
  ...CHIP_INPUT,
  /** undefined: faulty, or no plausible value. */
  celsius: amount('celsius', undefined, {
    json: 'celsius',
    metric: gauge('node_hwmon_temp_celsius', 'Hardware monitor for temperature (input).'),
  }),
  maxCelsius: amount('celsius', undefined, {
    metric: gauge('node_hwmon_temp_max_celsius', 'Hardware monitor for temperature (max).'),
  }),
  criticalCelsius: amount('celsius', undefined, {
    metric: gauge('node_hwmon_temp_crit_celsius', 'Hardware monitor for temperature (crit).'),
  }),
});
export type TemperatureSensor = ValueOf<typeof TEMPERATURE_SENSOR>;

/** A fan whose speed the machine measures. */
const FAN = record({
  ...CHIP_INPUT,
  /** Revolutions a minute, 0: it stands still. undefined: faulty, or no plausible value. */
  rpm: count('rpm', undefined, {
    json: 'rpm',
    metric: gauge('node_hwmon_fan_rpm', 'Hardware monitor for fan revolutions per minute (input).'),
  }),
});

/** What a battery does (Documentation/ABI/testing/sysfs-class-power). */
export const BATTERY_STATES = ['charging', 'discharging', 'not charging', 'full'] as const;

/** A battery of the machine itself. */
export const BATTERY = record({
  /** `BAT0`. */
  name: text('name', { json: 'name' }),
  /** Of its capacity, 0 to 100; no `percent`, which Prometheus would have as a ratio. */
  percent: count('', undefined, {
    json: 'percent',
    metric: gauge('node_power_supply_capacity', 'capacity value of /sys/class/power_supply/<power_supply>.'),
  }),
  state: word(BATTERY_STATES, undefined, { json: 'state' }),
  /** What flows in or out now; undefined: the driver does not tell. */
  milliwatts: amount('milliwatts', undefined, {
    json: 'milliwatts',
    metric: gauge(
      'node_power_supply_power_watt',
      'power_watt value of /sys/class/power_supply/<power_supply>.',
    ),
  }),
  /** Until it is empty, or full where it is charged, at what flows now. */
  secondsLeft: count('seconds', undefined, { json: 'seconds_left' }),
});
export type Battery = ValueOf<typeof BATTERY>;

/** Every sensor, and which of the temperatures speaks for the CPU. */
export const SENSORS = record({
  sensors: list(TEMPERATURE_SENSOR, SENSORS_LIMIT, { json: 'temperatures' }),
  /** The hottest package of the best CPU sensor; undefined: no such sensor. */
  cpu: optional(TEMPERATURE_SENSOR),
  /** undefined: there are none. */
  fans: seldom(list(FAN, SENSORS_LIMIT, { json: 'fans' })),
  /** undefined: there are none. */
  batteries: seldom(list(BATTERY, SENSORS_LIMIT, { json: 'batteries' })),
});
export type SensorsSample = ValueOf<typeof SENSORS>;
