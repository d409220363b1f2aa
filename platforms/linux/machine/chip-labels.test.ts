import { expect, spyOn, test } from 'bun:test';
import { basename } from 'node:path';
import { ExpositionWriter } from '../../../src/remote/agent/metrics/exposition-writer.ts';
import { writeSensors } from '../../../src/remote/agent/metrics/machine-metrics.ts';
import { KeptFile } from '../proc/kept-file.ts';
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

test('fans stand beside the temperatures of their chip, or alone', () => {
  const fan2 = 'sys/devices/platform/nct6775.656/hwmon/hwmon0';
  const files = {
    ...treeOf([
      ['hwmon0', 'nct6775.656', 'nct6798', 35],
      ['hwmon1', 'pwm-fan', 'pwmfan', undefined],
    ]),
    ...{
      [`${fan2}/fan1_label`]: 'CPU Fan\n',
      [`${fan2}/fan2_input`]: '0\n',
      [`${fan2}/fan3_input`]: '1350000\n',
    },
    ...{ [`${fan2}/fan4_input`]: '700\n', [`${fan2}/fan4_fault`]: '1\n' },
  };
  using tree = new BuiltTree(files);
  const collector = new TemperatureCollector(tree);
  const sample = collector.collect();
  collector.close();
  const speeds = sample.fans?.map(({ chip, label, id, rpm }) => [chip, label, id, rpm]);
  expect(speeds).toEqual([
    ['nct6798', 'CPU Fan', 'hwmon0/fan1', 900],
    ['nct6798', 'fan2', 'hwmon0/fan2', 0],
    ['nct6798', 'fan3', 'hwmon0/fan3', undefined],
    ['nct6798', 'fan4', 'hwmon0/fan4', undefined],
    ['pwmfan', 'fan1', 'hwmon1/fan1', 900],
  ]);
  const writer = new ExpositionWriter();
  writer.begin('text');
  writeSensors(writer, sample);
  const lines = new TextDecoder().decode(writer.finish()).split('\n');
  expect(lines.filter((line) => line.includes('fan'))).toEqual([
    '# HELP node_hwmon_fan_rpm Hardware monitor for fan revolutions per minute (input).',
    '# TYPE node_hwmon_fan_rpm gauge',
    'node_hwmon_fan_rpm{chip="platform_nct6775_656",sensor="fan1"} 900',
    'node_hwmon_fan_rpm{chip="platform_nct6775_656",sensor="fan2"} 0',
    'node_hwmon_fan_rpm{chip="platform_pwm_fan",sensor="fan1"} 900',
    'node_hwmon_sensor_label{chip="platform_nct6775_656",label="CPU Fan",sensor="fan1"} 1',
    'node_hwmon_chip_names{chip="platform_pwm_fan",chip_name="pwmfan"} 1',
  ]);
});

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

test('batteries of the machine: level, state, power and the time that is left', () => {
  const supply = (name: string, ...properties: string[]): TreeFiles => ({
    [`sys/class/power_supply/${name}/uevent`]: [
      `DEVTYPE=power_supply\nPOWER_SUPPLY_NAME=${name}`,
      ...properties.map((each) => `POWER_SUPPLY_${each}`),
      '',
    ].join('\n'),
  });
  const level = ['TYPE=Battery', 'CAPACITY=50'];
  const energy = ['ENERGY_NOW=25000000', 'ENERGY_FULL=50000000', 'POWER_NOW=12500000'];
  using tree = new BuiltTree({
    ...supply('AC', 'TYPE=Mains', 'ONLINE=0'),
    ...supply('BAT0', ...level, 'STATUS=Discharging', ...energy),
    ...supply(
      'BAT1',
      ...level,
      'STATUS=Charging',
      'CHARGE_NOW=1000000',
      'CHARGE_FULL=3000000',
      'CURRENT_NOW=-1000000',
      'VOLTAGE_NOW=12000000',
    ),
    ...supply('BAT2', ...level, 'STATUS=Discharging', 'TIME_TO_EMPTY_NOW=600', ...energy),
    ...supply('BAT3', 'TYPE=Battery', 'CAPACITY=999', 'STATUS=Melting', 'POWER_NOW=x'),
    ...supply('BAT4', ...level, 'PRESENT=0'),
    ...supply('BAT5', ...level, 'STATUS=Discharging', 'ENERGY_NOW=25000000', 'POWER_NOW=0'),
    ...supply('BAT6', 'TYPE=Battery', 'STATUS=Discharging', ...energy),
    ...supply(
      'BAT7',
      'TYPE=Battery',
      'CAPACITY=-1',
      'STATUS=Discharging',
      'CHARGE_NOW=-1',
      'CURRENT_NOW=1000',
    ),
    ...supply('hidpp_battery_0', ...level, 'SCOPE=Device'),
  });
  const collector = new TemperatureCollector(tree);
  const sample = collector.collect();
  collector.close();
  expect(sample.batteries).toEqual([
    { name: 'BAT0', percent: 50, state: 'discharging', milliwatts: 12_500, secondsLeft: 7200 },
    { name: 'BAT1', percent: 50, state: 'charging', milliwatts: 12_000, secondsLeft: 7200 },
    { name: 'BAT2', percent: 50, state: 'discharging', milliwatts: 12_500, secondsLeft: 600 },
    { name: 'BAT3', percent: undefined, state: undefined, milliwatts: undefined, secondsLeft: undefined },
    { name: 'BAT5', percent: 50, state: 'discharging', milliwatts: 0, secondsLeft: undefined },
    { name: 'BAT6', percent: 50, state: 'discharging', milliwatts: 12_500, secondsLeft: 7200 },
    { name: 'BAT7', percent: undefined, state: 'discharging', milliwatts: undefined, secondsLeft: undefined },
  ]);
  const writer = new ExpositionWriter();
  writer.begin('text');
  writeSensors(writer, sample);
  const lines = new TextDecoder().decode(writer.finish()).split('\n');
  expect(lines.filter((line) => line.includes('BAT'))).toEqual([
    ...['BAT0', 'BAT1', 'BAT2', 'BAT5', 'BAT6'].map(
      (name) => `node_power_supply_capacity{power_supply="${name}"} 50`,
    ),
    'node_power_supply_power_watt{power_supply="BAT0"} 12.5',
    'node_power_supply_power_watt{power_supply="BAT1"} 12',
    'node_power_supply_power_watt{power_supply="BAT2"} 12.5',
    'node_power_supply_power_watt{power_supply="BAT5"} 0',
    'node_power_supply_power_watt{power_supply="BAT6"} 12.5',
  ]);
});

test('a chip whose device sleeps is not asked until that runs', () => {
  using tree = new BuiltTree({
    ...treeOf([['hwmon3', '0000:03:00.0', 'amdgpu', 51]]),
    'sys/devices/platform/0000:03:00.0/power/control': 'auto\n',
    'sys/devices/platform/0000:03:00.0/power/runtime_status': 'suspended\n',
  });
  const collector = new TemperatureCollector(tree);
  const read = () => {
    const { sensors, fans } = collector.collect();
    return [sensors.map(({ celsius }) => celsius), fans?.map(({ rpm }) => rpm)];
  };
  expect(read()).toEqual([[undefined], [undefined]]);
  tree.write('sys/devices/platform/0000:03:00.0/power/runtime_status', 'active\n');
  expect(read()).toEqual([[51], [900]]);
  collector.close();
});

test('a sensor that holds up whoever asks it is left alone for a while', () => {
  using tree = new BuiltTree(treeOf([['hwmon0', 'x', 'dell_smm', 50]]));
  const asked: string[] = [];
  const { read } = KeptFile.prototype;
  const slow = spyOn(KeptFile.prototype, 'read').mockImplementation(function (this: KeptFile, into, at) {
    asked.push(basename(this.path));
    if (asked.at(-1) === 'temp1_input') Bun.sleepSync(50);
    return read.call(this, into, at);
  });
  const collector = new TemperatureCollector(tree);
  try {
    for (let look = 0; look < 2; look++) expect(collector.collect().sensors[0]?.celsius).toBe(50);
    expect(asked.filter((name) => name === 'temp1_input')).toHaveLength(1);
    expect(asked.filter((name) => name === 'fan1_input')).toHaveLength(2);
  } finally {
    slow.mockRestore();
    collector.close();
  }
});
