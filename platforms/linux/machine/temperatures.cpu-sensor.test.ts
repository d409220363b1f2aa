import { expect, test } from 'bun:test';
import { plausibleCelsius } from '../sys/hwmon.ts';
import { chooseCpuSensor } from './temperatures.ts';

/** `chip label degrees`, as sensors of a machine; `-` is a faulty one. */
function choose(
  ...sensors: readonly (readonly [chip: string, label: string, celsius: number | undefined])[]
) {
  const chosen = chooseCpuSensor(
    sensors.map(([chip, label, celsius], i) => ({
      ...{ chip, label, celsius, id: `hwmon${i}/temp1`, device: undefined },
      ...{ maxCelsius: undefined, criticalCelsius: undefined },
    })),
  );
  return chosen === undefined ? undefined : `${chosen.chip} ${chosen.label}`;
}

test('the die before what drives the fans, the package before the cores', () => {
  expect(choose(['nvme', 'Composite', 80], ['k10temp', 'Tctl', 97], ['k10temp', 'Tdie', 70])).toBe(
    'k10temp Tdie',
  );
  expect(choose(['k10temp', 'Tccd1', 90], ['k10temp', 'Tctl', 60])).toBe('k10temp Tctl');
  expect(choose(['coretemp', 'Core 0', 90], ['coretemp', 'Package id 0', 80])).toBe('coretemp Package id 0');
  expect(choose(['acpitz', 'temp1', 99], ['coretemp', 'Core 3', 50])).toBe('coretemp Core 3');
});

test('small boards', () => {
  expect(choose(['gpu-thermal', 'gpu-thermal', 90], ['soc-thermal', 'soc-thermal', 50])).toBe(
    'soc-thermal soc-thermal',
  );
  for (const chip of ['cpu-thermal', 'cpu_thermal', 'bcm2835_thermal', 'cpu0-thermal', 'bigcore0-thermal']) {
    expect(choose([chip, chip, 40])).toBe(`${chip} ${chip}`);
  }
  // i.MX6, VisionFive 2, RK3588 without its cores, Kirin; Layerscape, TI K3, Intel's TCPU.
  const others = ['core-cluster', 'mpu-thermal', 'TCPU'];
  for (const chip of ['imx_thermal_zone', 'sfctemp', 'package-thermal', 'cluster0-thermal', ...others]) {
    expect(choose(['gpu-thermal', 'gpu-thermal', 90], [chip, 'temp1', 40])).toBe(`${chip} temp1`);
  }
  expect(choose(['cpuss-0-thermal', 'a', 40], ['cpuss-1-thermal', 'b', 45])).toBe('cpuss-1-thermal b');
});

test('its cores before the whole of a system-on-chip, however hot a part of that is', () => {
  const zones = (...names: readonly (readonly [string, number])[]) =>
    choose(...names.map(([name, celsius]) => [name, name, celsius] as const));
  // Jetson Orin with a busy GPU, Rockchip, Snapdragon, an older Jetson.
  expect(
    zones(['cpu-thermal', 50.7], ['gpu-thermal', 55], ['soc0-thermal', 53.2], ['soc1-thermal', 54.4]),
  ).toBe('cpu-thermal cpu-thermal');
  expect(zones(['soc-thermal', 60], ['bigcore0-thermal', 50], ['littlecore-thermal', 49])).toBe(
    'bigcore0-thermal bigcore0-thermal',
  );
  expect(zones(['soc_thermal', 70], ['cpu0-0-top-thermal', 45], ['cpuss0-top-thermal', 47])).toBe(
    'cpuss0-top-thermal cpuss0-top-thermal',
  );
  expect(zones(['soc-thermal', 70], ['CPU-therm', 45], ['GPU-therm', 60])).toBe('CPU-therm CPU-therm');
  expect(zones(['soc0-thermal', 53.2], ['gpu-thermal', 55])).toBe('soc0-thermal soc0-thermal');
});

test('what somebody calls CPU, as a last resort; never a drive, a battery or a board', () => {
  expect(choose(['nct6775', 'SYSTIN', 30], ['nct6775', 'CPUTIN', 35])).toBe('nct6775 CPUTIN');
  expect(choose(['thinkpad', 'CPU', 48], ['thinkpad', 'GPU', 60])).toBe('thinkpad CPU');
  expect(choose(['nvme', 'Composite', 40], ['BAT0', 'temp1', 30], ['acpitz', 'acpitz', 27])).toBeUndefined();
  expect(choose()).toBeUndefined();
});

test('a faulty one gives way to the next', () => {
  expect(choose(['coretemp', 'Package id 0', undefined], ['coretemp', 'Core 0', 51])).toBe('coretemp Core 0');
});

test('values that no sensor measures', () => {
  expect([42500, -10500, 124000].map(plausibleCelsius)).toEqual([42.5, -10.5, 124]);
  for (const value of [127000, -128000, -273200, 0, 65261850, Number.NaN]) {
    expect(plausibleCelsius(value)).toBeUndefined();
  }
});
