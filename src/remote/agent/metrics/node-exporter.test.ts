import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LinuxMachine } from '../../../../platforms/linux/machine/machine.ts';
import { ClassNetLinkSource } from '../../../../platforms/linux/sys/class-net.ts';
import { BuiltTree } from '../../../../platforms/linux/testdata/built-tree.fixture.ts';
import { parseExposition, seriesOf } from './exposition-parser.fixture.ts';
import { MetricsPage } from './metrics-page.ts';
import { HEADER, pageRequest } from './metrics-world.fixture.ts';

/** The same machine as node_exporter shows it and as `/metrics` does; its README tells where the files are from. */
const NOTED = join(import.meta.dir, '../testdata/node-exporter');
const FIXTURES = process.env['NODE_EXPORTER_FIXTURES'] ?? NOTED;
/** Floating point: node_exporter multiplies milliseconds by 0.001. */
const TOLERANCE = 1e-12;

/** By series, `name{label="value"}` with its labels in order. */
type Series = ReadonlyMap<string, number>;

/** Series that differ, and why that is right. Each must cover a difference of the noted tree. */
const REASONS: readonly (readonly [series: RegExp, reason: string])[] = [
  [/^node_boot_time_seconds$/, 'the clock of the kernel tells it to the millisecond, `btime` to the second'],
  [
    /^node_cpu_scaling_frequency_hertz/,
    'the tree has folders of cpufreq by core; here policies are read, which Linux has had since 4.3',
  ],
  [/^node_disk_\w+\{device="mmcblk0p\d"/, 'partitions are left out, of every kind of disk'],
  [/^node_disk_\w+\{device="fd0"/, 'a floppy disk is a disk'],
  [/^node_disk_info/, 'sysfs has no path, serial number and WWN; those are in the data base of udev'],
  [
    /^node_hwmon_chip_names\{chip="platform_applesmc_768"/,
    'an old driver has its name with the device, where it is read too',
  ],
  [/^node_network_info/, 'address and state alone are labels'],
  [/^node_network_up\{device="(?!bond0|eth0)/, 'the tree has no folders of them, but counters'],
];

/** Families named as those of node_exporter that its output for this tree does not have. */
const OURS_ALONE: Readonly<Record<string, string>> = {
  node_memory_MemAvailable_bytes: 'estimated where the kernel is older than 3.14',
  node_network_transmit_drop_total: 'left out of the noted figures',
  node_network_transmit_errs_total: 'left out of the noted figures',
  node_network_transmit_packets_total: 'left out of the noted figures',
  node_time_seconds: 'differs each time, so node_exporter leaves out the value',
};

let tree: BuiltTree;
let ours: Series;
let theirs: Series;
/** Families that both have, by the noted figures: where one is missing here, all of its series differ. */
let shared: ReadonlySet<string>;

beforeAll(async () => {
  tree = new BuiltTree({});
  cpSync(join(FIXTURES, 'proc'), tree.procRoot, { recursive: true, verbatimSymlinks: true });
  unpack(readFileSync(join(FIXTURES, 'sys.ttar'), 'utf8'));
  completeInterfaces();
  // The mount points there are none of this machine, which would be asked for their space.
  tree.remove('proc/self');
  tree.write('proc/self/mountinfo', '');
  ours = await shown();
  theirs = expected(readFileSync(join(FIXTURES, 'e2e-output.txt'), 'utf8'));
  const noted = expected(readFileSync(join(NOTED, 'e2e-output.txt'), 'utf8'));
  shared = familiesOf(theirs).intersection(familiesOf(noted));
});
afterAll(() => tree[Symbol.dispose]());

/** An archive of ttar, by the same authors: `Directory:`, or `Path:` with either `SymlinkTo:` or `Lines:` and those. */
function unpack(archive: string): void {
  const lines = archive.split('\n');
  let path = '';
  for (let at = 0; at < lines.length; at++) {
    const [, key, value = ''] = /^(Directory|Path|SymlinkTo|Lines): (.*)$/.exec(lines[at]!) ?? [];
    if (key === 'Directory') tree.write(`${value}/`, '');
    if (key === 'Path') path = value;
    if (key === 'SymlinkTo') tree.write(path, { link: value });
    if (key !== 'Lines') continue;
    const content = lines.slice(at + 1, at + 1 + Number(value)).map((line) => `${line}\n`);
    tree.write(path, content.join('').replaceAll('EOF\n', '').replaceAll('NULLBYTE', '\0'));
    at += Number(value);
  }
}

/** Every interface has a folder and a number of its own, as on a machine. */
function completeInterfaces(): void {
  const folders = readdirSync(join(tree.sysRoot, 'class/net')).filter((name) =>
    existsSync(join(tree.sysRoot, 'class/net', name, 'ifindex')),
  );
  const counters = readFileSync(join(tree.procRoot, 'net/dev'), 'utf8');
  const counted = Array.from(counters.matchAll(/^ *(\w+):/gm), ([, name]) => name!);
  for (const [i, name] of [...new Set([...folders, ...counted])].entries()) {
    tree.write(`sys/class/net/${name}/ifindex`, `${i + 1}\n`);
    if (!folders.includes(name)) tree.write(`sys/class/net/${name}/flags`, '0x0\n');
  }
}

async function shown(): Promise<Series> {
  const { procRoot, sysRoot } = tree;
  const links = new ClassNetLinkSource(sysRoot);
  const machine = new LinuxMachine({ procRoot, sysRoot, links, gpus: false });
  try {
    const snapshot = {
      ...{ header: HEADER, errors: [], machine: await machine.collectMachine() },
      disks: await machine.collectDisks(),
    };
    const page = new MetricsPage().encode(pageRequest(snapshot), 'text');
    return seriesOf(parseExposition(page, 'text'));
  } finally {
    machine.close();
  }
}

function expected(output: string): Series {
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

const familyOf = (series: string): string => series.replace(/\{.*$/s, '');
const familiesOf = (all: Series): Set<string> => new Set(Array.from(all.keys(), familyOf));

/** Of the shared families: the series that only one has, or with another value. */
function differences(): string[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .filter((series) => shared.has(familyOf(series)))
    .filter((series) => !isEqual(ours.get(series), theirs.get(series)));
}

function isEqual(one: number | undefined, other: number | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Math.abs(one - other) <= TOLERANCE * Math.abs(other);
}

test('families that node_exporter has too have its series and values, or differ for a reason', () => {
  const unexplained = differences().filter((series) => !REASONS.some(([pattern]) => pattern.test(series)));
  expect(unexplained.map((series) => [series, ours.get(series), theirs.get(series)])).toEqual([]);
});

test('a reason that nothing needs is no reason', () => {
  if (FIXTURES !== NOTED) return;
  const found = differences();
  expect(REASONS.filter(([pattern]) => !found.some((series) => pattern.test(series)))).toEqual([]);
});

test('every family with a name of node_exporter is compared', () => {
  const named = [...familiesOf(ours)].filter((family) => family.startsWith('node_'));
  expect(named.filter((family) => !shared.has(family) && OURS_ALONE[family] === undefined)).toEqual([]);
  const different = new Set(differences().map(familyOf));
  const equal = [...shared].filter((family) => !different.has(family));
  if (FIXTURES === NOTED) expect(shared.size).toBe(58);
  expect(equal.length).toBeGreaterThanOrEqual(FIXTURES === NOTED ? 41 : 30);
});
