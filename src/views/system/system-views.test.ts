import { describe, expect, test } from 'bun:test';
import { ProcessTable } from '../../data/sample/process-table.ts';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import type { Battery } from '../../data/schema/sensors-sample.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { foregroundAt, lineOf, linesOf } from '../../screen/buffer/buffer-look.fixture.ts';
import { rect } from '../../screen/layout/rect.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { coreGrid } from './cpu-panel.ts';
import { dashboardForm, layoutDashboard, needsOf, renderDashboard } from './dashboard.ts';
import { layoutDevices } from './devices-panel.ts';
import { temperatureText } from './gpu-panel.ts';
import { layoutPane } from './process-pane.ts';
import { SystemData } from './system-data.ts';
import { renderSystemHeader } from './system-header.ts';

const SIZES = [
  ...[
    [0, 0],
    [1, 1],
    [2, 2],
    [40, 10],
    [41, 11],
    [60, 16],
    [80, 24],
    [100, 30],
    [120, 33],
    [160, 45],
    [200, 60],
    [400, 120],
  ],
  [3, 200],
  [300, 2],
] as const;
const CORES = [1, 2, 3, 4, 8, 16, 24, 32, 64, 96, 128, 192, 256] as const;

function dataOf(world: SystemWorld): SystemData {
  const data = new SystemData(() => undefined);
  data.absorb(world.snapshot());
  world.pass(1, 0.5);
  data.absorb(world.snapshot());
  return data;
}

function drawn(data: SystemData, width: number, height: number, isCompact = false, ascii = false): string[] {
  const buffer = new Buffer(width, height);
  buffer.isAscii = ascii;
  const layout = layoutDashboard(width, height, needsOf(data, isCompact));
  renderDashboard(layout, buffer, { data, theme: TOKYO_NIGHT }, { title: 'Processes', rightTitle: '' });
  return linesOf(buffer);
}

describe('the dashboard', () => {
  const world = new SystemWorld(8);
  world.addFileSystem('/', 50e9, 100e9);
  world.addFileSystem('/home', 99e9, 100e9);
  const data = dataOf(world);

  test.each(SIZES)('of %i x %i is drawn without a word, and inside the screen', (width, height) => {
    for (const isCompact of [false, true]) {
      const layout = layoutDashboard(width, height, needsOf(data, isCompact));
      for (const [name, area] of Object.entries(layout)) {
        if (name === 'form') continue;
        const { x, y, width: w, height: h } = area as ReturnType<typeof rect>;
        expect(w === 0 || h === 0 || (x >= 0 && y >= 0 && x + w <= width && y + h <= height)).toBe(true);
      }
      expect(() => drawn(data, width, height, isCompact)).not.toThrow();
      for (const line of drawn(data, width, height, isCompact, true)) expect(line).toMatch(/^[ -~]*$/);
    }
  });

  test('has panels, lines or one line by the size, and one less when compact', () => {
    expect(dashboardForm(200, 60, false)).toBe('panels');
    expect(dashboardForm(200, 60, true)).toBe('lines');
    expect(dashboardForm(80, 24, false)).toBe('lines');
    expect(dashboardForm(80, 24, true)).toBe('line');
    expect(dashboardForm(40, 10, false)).toBe('line');
  });

  test('in panels fills the screen: every line between header and footer ends in a border', () => {
    for (const [width, height] of SIZES.filter(([w, h]) => w >= 100 && h >= 30)) {
      const lines = drawn(data, width, height).slice(1, -1);
      for (const line of lines) expect(line).toMatch(/^[╭│├╰].*[╮│┤╯]$/);
      expect(lines.every((line) => line.length === width)).toBe(true);
    }
  });

  test('says what is there: processors, memory, swap, disks, traffic', () => {
    const text = drawn(data, 160, 45).join('\n');
    expect(text).toContain('CPU 50.0 %');
    expect(text).toMatch(/used +━+╸?─+ +4\.0\/16\.0 GB +25\.0 %/);
    expect(text).toMatch(/swap +━+╸?─+ +1\.0\/2\.0 GB +50\.0 %/);
    expect(text).toMatch(/\/home .* 99\.0 %/);
    expect(text).toMatch(/Download · eth0 {2}0 B\/s .* peak 0 B\/s/);
  });

  test('shows disk I/O with the busiest disk, what traffic is the sum of, and how long ago a column was', () => {
    const disks = new SystemWorld(2);
    const device = {
      ...{ name: 'vda', label: 'vda', major: 8, minor: 0, isPartition: false, parentName: '', model: '' },
      ...{ sizeBytes: 1e12, isRotational: false, reads: 1, readBytes: 0, readMillis: 0, writes: 1 },
      ...{ writtenBytes: 0, writeMillis: 0, inFlight: 1, busyMillis: 0, weightedMillis: 0 },
      ...{ discardedBytes: undefined, temperatureCelsius: undefined },
    };
    disks.devices.push(device);
    disks.addFileSystem('/srv/a/very/long/path/to/the/mount/point/of/data', 1e9, 2e9);
    for (let i = 0; i < 5; i++) disks.addInterface(`veth${i}`, false);
    const data = dataOf(disks);
    Object.assign(device, { readBytes: 3 * 2 ** 20, writtenBytes: 2 ** 20 });
    disks.pass(1, 0.5);
    data.absorb(disks.snapshot());
    for (const [width, height] of [
      [110, 30],
      [160, 45],
    ] as const) {
      const text = drawn(data, width, height).join('\n');
      expect(text).toMatch(/Disk I\/O {2}R 3\.0M {2}W 1\.0M/);
      expect(text).toMatch(/vda .*R +3\.0M +W +1\.0M/);
      expect(text).toContain('Download · 6 interfaces ');
      expect(text).toMatch(/Interfaces ─+ \d more {2}now/);
      expect(text).toMatch(/╰─.*─ 30s ─/);
      expect(text).toMatch(/\/srv\S*…\S*data /);
    }
    expect(drawn(data, 80, 24).join('\n')).toMatch(/Disks +R 3\.0M {2}W 1\.0M/);
  });

  test('says the limit of the control group, and what it has of it', () => {
    const limited = new SystemWorld(2);
    limited.memory = { ...limited.memory!, groupLimitBytes: 600 * 2 ** 20, groupUsedBytes: 849 * 2 ** 20 };
    const text = drawn(dataOf(limited), 160, 45).join('\n');
    expect(text).toMatch(/Memory ─+ 849\.0 MB of 600\.0 MB limit/);
  });

  test('marks what is full by colour beside its figure', () => {
    const buffer = new Buffer(160, 45);
    const layout = layoutDashboard(160, 45, needsOf(data, false));
    const view = { data, theme: TOKYO_NIGHT };
    renderDashboard(layout, buffer, view, { title: '', rightTitle: '' });
    const y = linesOf(buffer).findIndex((line) => line.includes('/home'));
    const x = lineOf(buffer, y).indexOf('99.0');
    expect(foregroundAt(buffer, x, y)).toBe(TOKYO_NIGHT.bad.foreground);
  });

  test('shows what is missing as such, with the reason', () => {
    const bare = new SystemData(() => undefined);
    const error = { op: 'collect memory', code: 'EACCES', message: 'memory is not to be read' };
    const section = new SystemWorld().machine();
    const machine = { ...section, memory: { ...section.memory, value: undefined, error } };
    bare.absorb({ ...new SystemWorld().snapshot({}), machine, errors: [] });
    const text = drawn(bare, 160, 45).join('\n');
    expect(text).toContain('memory is not to be read');
    expect(text).toContain('CPU -');
  });
});

describe('cores', () => {
  test.each(CORES)('%i of them fit, each once', (cores) => {
    const world = new SystemWorld(cores);
    const data = dataOf(world);
    for (const [width, height] of [
      [100, 30],
      [160, 45],
      [200, 60],
    ] as const) {
      const { cores: area } = layoutDashboard(width, height, needsOf(data, false));
      const grid = coreGrid(area.width - 2, area.height - 2, cores);
      expect(grid.columns * (area.height - 2)).toBeGreaterThanOrEqual(cores);
      expect(() => drawn(data, width, height)).not.toThrow();
    }
  });

  test.each([
    [64, 160, 45],
    [16, 110, 30],
  ])('%i of them have a past and a percentage each at %i x %i', (cores, width, height) => {
    const data = dataOf(new SystemWorld(cores));
    const text = drawn(data, width, height).join('\n');
    for (let core = 0; core < cores; core++) {
      expect(text).toMatch(new RegExp(`[│ ]${String(core).padStart(2)} *[▁-▇]+ +50 `));
    }
  });

  test('beyond that are a heat map, the busiest of them named', () => {
    const world = new SystemWorld(200);
    const data = new SystemData(() => undefined);
    data.absorb(world.snapshot());
    world.pass(
      1,
      Array.from({ length: 200 }, (_, core) => (core === 137 ? 0.98 : core === 5 ? 0.5 : 0.1)),
    );
    data.absorb(world.snapshot());
    expect(drawn(data, 160, 45).join('\n')).toMatch(/busiest {2}137 98 % {2}5 50 % {2}0 10 %/);
  });

  test('that are full do not fuse with those of the line below', () => {
    const world = new SystemWorld(8);
    const data = new SystemData(() => undefined);
    data.absorb(world.snapshot());
    world.pass(1, 1);
    data.absorb(world.snapshot());
    const rows = drawn(data, 160, 45).filter((line) => /cpu\d/.test(line));
    expect(rows).toHaveLength(8);
    for (const row of rows) expect(row).toMatch(/cpu\d [^█]*▇/);
  });

  test('that are away say so', () => {
    const world = new SystemWorld(4);
    world.times.isOnline[3] = 0;
    world.times.user[3] = Number.NaN;
    expect(drawn(dataOf(world), 160, 45).join('\n')).toMatch(/cpu2 +off/);
  });
});

test('the parts of the devices panel never take more lines than there are', () => {
  for (let height = 6; height < 100; height++) {
    for (const fileSystems of [0, 1, 5, 40]) {
      for (const interfaces of [0, 1, 9]) {
        for (const devices of [0, 1, 30]) {
          const layout = layoutDevices(height, fileSystems, interfaces, devices);
          const { disks, chart, interfaces: listed, devices: busy } = layout;
          const charts = busy > 0 ? 3 : 2;
          expect(disks + charts * chart + busy + listed + charts + (listed > 0 ? 1 : 0)).toBeLessThanOrEqual(
            height,
          );

          expect(Math.min(disks, chart)).toBeGreaterThan(0);
        }
      }
    }
  }
});

test('the parts of the process pane stay in their area, whatever its size', () => {
  for (const [width, height] of SIZES) {
    for (const focus of ['threads', 'children', 'journal'] as const) {
      const area = rect(0, 1, width, height - 2);
      const { lists, ...parts } = layoutPane(area, focus);
      for (const part of [...Object.values(parts), ...Object.values(lists)]) {
        const isInside = part.y + part.height <= area.y + area.height || part.height === 0;
        expect([isInside, part.x + part.width <= width || part.width === 0]).toEqual([true, true]);
      }
    }
  }
});

test('the parent of a process is named by the list where its section holds only the process and its children', () => {
  const world = new SystemWorld();
  world.addProcess(1, { name: 'init' });
  world.addProcess(7, { name: 'postgres' });
  const data = new SystemData(() => undefined);
  const section = world.processDetail(7);
  const alone = { ...section, processes: new ProcessTable() };
  data.absorb(world.snapshot({ processDetail: alone }));
  expect(data.detail?.parentName).toBeUndefined();
  data.absorb(world.snapshot({ machineProcesses: world.machineProcesses(), processDetail: alone }));
  expect(data.detail?.parentName).toBe('init');
});

test('the first line tells the speeds of fans where there is room', () => {
  const world = new SystemWorld();
  const headOf = (width: number, ...speeds: (number | undefined)[]): string => {
    const machine = world.machine();
    const fan = { chip: 'nct6798', label: 'fan1', device: undefined };
    const fans = speeds.map((rpm, at) => ({ ...fan, id: `hwmon0/fan${at}`, rpm }));
    const value = { sensors: [], cpu: undefined, fans };
    const data = new SystemData(() => undefined);
    data.absorb(world.snapshot({ machine: { ...machine, sensors: { ...machine.sensors, value } } }));
    const buffer = new Buffer(width, 1);
    renderSystemHeader(
      rect(0, 0, width, 1),
      buffer,
      {
        ...{ name: 'web-1', link: undefined, metricsIntervalMillis: 500, processesIntervalMillis: 2000 },
        ...{ nowMillis: 0, isPaused: false, alerts: [], retryKey: 'r' },
      },
      { data, theme: TOKYO_NIGHT },
    );
    return lineOf(buffer, 0);
  };
  expect(headOf(120, 1240)).toContain('fan 1240 rpm');
  expect(headOf(120, 1240, undefined, 0)).toContain('fans 0-1240 rpm');
  expect(headOf(120, undefined)).not.toContain('rpm');
  expect(headOf(120)).not.toContain('rpm');
  expect(headOf(60, 1240)).not.toContain('rpm');
});

test('the first line tells the level of batteries, and what flows', () => {
  const world = new SystemWorld();
  const headOf = (...batteries: Battery[]): string => {
    const machine = world.machine();
    const value = { sensors: [], cpu: undefined, batteries };
    const data = new SystemData(() => undefined);
    data.absorb(world.snapshot({ machine: { ...machine, sensors: { ...machine.sensors, value } } }));
    const buffer = new Buffer(140, 1);
    renderSystemHeader(
      rect(0, 0, 140, 1),
      buffer,
      {
        ...{ name: 'web-1', link: undefined, metricsIntervalMillis: 500, processesIntervalMillis: 2000 },
        ...{ nowMillis: 0, isPaused: false, alerts: [], retryKey: 'r' },
      },
      { data, theme: TOKYO_NIGHT },
    );
    return lineOf(buffer, 0);
  };
  const one: Battery = {
    name: 'BAT0',
    percent: 83,
    state: 'discharging',
    milliwatts: 12_340,
    secondsLeft: 7800,
  };
  expect(headOf(one)).toContain('battery 83 % -12.3 W 2h10m ');
  expect(headOf({ ...one, state: 'charging', secondsLeft: 2700 })).toContain(
    'battery 83 % +12.3 W 45m0s to full',
  );
  expect(headOf({ ...one, percent: 100, state: 'full', secondsLeft: undefined })).toMatch(
    /battery 100 % {2}/,
  );
  expect(headOf(one, { ...one, percent: 7 })).toContain('batteries 83 % 7 % -24.7 W ');
  // A notebook with two batteries uses one after the other.
  expect(headOf({ ...one, state: 'not charging' }, one)).toContain('batteries 83 % 83 % -12.3 W ');
  expect(headOf(one, { ...one, state: 'charging', milliwatts: 20_000 })).toContain('83 % +7.7 W ');
  expect(headOf({ ...one, percent: undefined, milliwatts: undefined, secondsLeft: undefined })).toContain(
    'battery - %',
  );
  expect(headOf()).not.toContain('batter');
});

test.each([
  [61.04, '61.0 °C'],
  [-4.5, '-4.5 °C'],
  [0.04, '0.0 °C'],
  [undefined, '-'],
])('a temperature of %p', (celsius, text) => {
  expect(temperatureText(celsius, false)).toBe(text);
});
