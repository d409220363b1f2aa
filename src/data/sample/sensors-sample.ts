/** A temperature that the machine measures. */
export interface TemperatureSensor {
  /** Driver: `coretemp`, `k10temp`, `nvme`, `acpitz`, `cpu-thermal`. */
  readonly chip: string;
  /** What the driver calls the sensor, else its number (`temp1`). */
  readonly label: string;
  /** Stable while the machine runs: `hwmon2/temp1`, `thermal_zone0`. */
  readonly id: string;
  /** Name of the device that the chip belongs to, as sysfs has it (`coretemp.0`, `0000:00:18.3`, `nvme0`). */
  readonly device: string | undefined;
  /** What that device hangs on, as sysfs has it (`platform`, `pci0000:00`, `nvme`); not on the wire. */
  readonly bus?: string | undefined;
  /** Tells the chip from others of its device: its driver's name, else `hwmon2`. undefined: it is alone; not on the wire. */
  readonly chipSuffix?: string | undefined;
  /** undefined: faulty, or no plausible value. */
  readonly celsius: number | undefined;
  readonly maxCelsius: number | undefined;
  readonly criticalCelsius: number | undefined;
}

/** Every temperature, and which of them speaks for the CPU. */
export interface SensorsSample {
  readonly sensors: readonly TemperatureSensor[];
  /** The hottest package of the best CPU sensor; undefined: there is none. */
  readonly cpu: TemperatureSensor | undefined;
}
