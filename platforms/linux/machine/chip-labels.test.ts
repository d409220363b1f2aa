import { expect, test } from 'bun:test';
import { ExpositionWriter } from '../../../src/remote/agent/metrics/exposition-writer.ts';
import { writeSensors } from '../../../src/remote/agent/metrics/machine-metrics.ts';
import { BuiltTree, type TreeFiles } from '../testdata/built-tree.fixture.ts';
import { TemperatureCollector } from './temperatures.ts';

/** A chip of a device below /sys/devices/platform; without degrees it has a fan alone. */
type Chip = readonly [hwmon: string, device: string | undefined, name: string, degrees: number | undefined];

function treeOf(chips: readonly Chip[]): TreeFiles {
  return Object.assign(
    {},
    ...chips.map(([hwmon, device, name, degrees]) => {
      const parent = device === undefined ? 'virtual' : `platform/${device}`;
      const path = `sys/devices/${parent}/hwmon/${hwmon}`;
      return {
        [`sys/class/hwmon/${hwmon}`]: { link: `../../devices/${parent}/hwmon/${hwmon}` },
        [`${path}/name`]: `${name}\n`,
        [`${path}/fan1_input`]: '900\n',
        ...(device === undefined ? {} : { [`${path}/device`]: { link: '../..' } }),
        ...(degrees === undefined ? {} : { [`${path}/temp1_input`]: `${degrees * 1000}\n` }),
      };
    }),
  );
}

/** Degrees by the label `chip`. */
function degreesOf(...chips: readonly Chip[]): Record<string, number> {
  using tree = new BuiltTree(treeOf(chips));
  const collector = new TemperatureCollector(tree);
  const writer = new ExpositionWriter();
  writer.begin('text');
  writeSensors(writer, collector.collect());
  collector.close();
  const page = new TextDecoder().decode(writer.finish());
  const lines = page.matchAll(/^node_hwmon_temp_celsius\{chip="([^"]*)",sensor="temp1"\} (.*)$/gm);
  return Object.fromEntries([...lines].map(([, chip, value]) => [chip, Number(value)]));
}

// What node_exporter 1.12 makes of the same trees (its pull request 3646 and the tests there).
test('two chips of one device are called by their drivers, whichever came first', () => {
  const labels = { platform_asus_nb_wmi_asus: 40, platform_asus_nb_wmi_asus_wmi_sensors: 70 };
  const fan = ['asus-nb-wmi', 'asus', 40] as const;
  const board = ['asus-nb-wmi', 'asus_wmi_sensors', 70] as const;
  expect(degreesOf(['hwmon6', ...fan], ['hwmon7', ...board])).toEqual(labels);
  expect(degreesOf(['hwmon6', ...board], ['hwmon7', ...fan])).toEqual(labels);
  expect(degreesOf(['hwmon2', ...board], ['hwmon10', ...fan])).toEqual(labels);
});

test('a chip without temperatures counts too', () => {
  expect(
    degreesOf(['hwmon0', 'asus-nb-wmi', 'asus', undefined], ['hwmon1', 'asus-nb-wmi', 'ec', 50]),
  ).toEqual({
    platform_asus_nb_wmi_ec: 50,
  });
});

test('drivers of one name keep their numbers, and single chips have nothing behind them', () => {
  expect(degreesOf(['hwmon3', 'dev', 'same', 41], ['hwmon4', 'dev', 'same', 42])).toEqual({
    platform_dev_hwmon3: 41,
    platform_dev_hwmon4: 42,
  });
  expect(
    degreesOf(['hwmon0', 'coretemp.0', 'coretemp', 42], ['hwmon1', 'coretemp.1', 'coretemp', 43]),
  ).toEqual({
    platform_coretemp_0: 42,
    platform_coretemp_1: 43,
  });
  expect(degreesOf(['hwmon0', 'd', 'x', 1], ['hwmon1', 'd', 'x', 2], ['hwmon2', 'd', 'y', 3])).toEqual({
    platform_d_hwmon0: 1,
    platform_d_hwmon1: 2,
    platform_d_y: 3,
  });
  expect(degreesOf(['hwmon0', undefined, 'acpitz', 20])).toEqual({ acpitz: 20 });
});
