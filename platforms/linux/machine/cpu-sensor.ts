import type { TemperatureSensor } from '../../../src/data/schema/sensors-sample.ts';

/** Kernel names of sensors at a processor's cores. */
const CORES = silicon('cpu|cpuss|bigcore|littlecore|mtktscpu');
/** And of those in a system-on-chip's middle: a part of it that is no core may be the hotter. */
const WHOLE_CHIP = silicon('soc|bcm2835|exynos|sun\\w+i?|armada|meson|rk\\w*');
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
  return new RegExp(`^(${names})\\d*([-_]?\\d+)*(-top|-bottom)?[-_]?(therm|thermal|temp|sensor)?$`, 'i');
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
