import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { DriveSensors, GuardedSpace } from '../guarded/guarded-space.ts';
import {
  type DriveQuestion,
  driveAnswerLine,
  driveQuestionLine,
  parseDriveAnswer,
  parseDriveQuestion,
} from '../guarded/helper-message.ts';
import { startHelper } from '../guarded/helper-start.fixture.ts';
import { BuiltTree, type TreeFiles } from '../testdata/built-tree.fixture.ts';
import { SERVER_128 } from './built-machines.fixture.ts';
import { LinuxMachine } from './machine.ts';

/** The input of the drive nvme0 of SERVER_128, which has a limit too. */
const INPUT = 'sys/class/hwmon/hwmon0/temp1_input';
const SERVER: TreeFiles = { ...SERVER_128, 'sys/class/hwmon/hwmon0/temp1_max': '80850\n' };
const ASLEEP: TreeFiles = {
  'sys/devices/pci0/0000:01:00.0/nvme/nvme0/power/control': 'auto\n',
  'sys/devices/pci0/0000:01:00.0/nvme/nvme0/power/runtime_status': 'suspended\n',
};
/** A file system that the helper can ask wherever the tests run. */
const MOUNTS: TreeFiles = { 'proc/self/mountinfo': '21 1 8:1 / / rw - ext4 /dev/sda1 rw\n' };

/** How long a collection may take while a drive hangs: some of the times that it waits at most. */
const IN_TIME_MILLIS = 10_000;

function open(files: TreeFiles) {
  const tree = new BuiltTree(files);
  const helpers: ReturnType<typeof startHelper>[] = [];
  const space = new GuardedSpace({
    start: () => {
      const helper = startHelper();
      helpers.push(helper);
      return helper;
    },
  });
  const machine = new LinuxMachine({
    ...tree,
    procRoot: tree.procRoot,
    sysRoot: tree.sysRoot,
    gpus: false,
    space,
  });
  const sensors = async () => {
    const { value, error } = (await machine.collectMachine()).sensors;
    const celsius = Object.fromEntries(value!.sensors.map((each) => [each.id, each.celsius]));
    return { celsius, error, sensors: value!.sensors };
  };
  return {
    ...{ tree, helpers, machine, sensors },
    [Symbol.dispose]: () => {
      machine.close();
      tree[Symbol.dispose]();
    },
  };
}

/** Reading it waits for ever, as that of a drive that is gone. */
function makeHang(tree: BuiltTree): void {
  tree.remove(INPUT);
  expect(Bun.spawnSync(['mkfifo', join(tree.root, INPUT)]).exitCode).toBe(0);
}

test('drives are read beside, by the one process that asks file systems too', async () => {
  using server = open({ ...SERVER, ...MOUNTS });
  let last = await server.sensors();
  expect([last.celsius['hwmon0/temp1'], last.celsius['hwmon2/temp1']]).toEqual([undefined, 55]);
  expect(server.helpers).toHaveLength(0);
  while (last.celsius['hwmon0/temp1'] === undefined) last = await server.sensors();
  expect(last.celsius).toMatchObject({ 'hwmon0/temp1': 38.85, 'hwmon0/temp2': 61.85, 'hwmon1/temp1': 44.85 });
  const drive = last.sensors.find(({ id }) => id === 'hwmon0/temp1');
  expect([drive?.label, drive?.maxCelsius, drive?.criticalCelsius]).toEqual(['Composite', 80.85, undefined]);
  const { devices, fileSystems, errors } = await server.machine.collectDisks();
  expect(devices.find(({ name }) => name === 'nvme0n1')?.temperatureCelsius).toBe(38.85);
  expect(fileSystems[0]?.totalBytes).toBeGreaterThan(0);
  expect([last.error, errors]).toEqual([undefined, []]);
  expect(server.helpers).toHaveLength(1);
});

test('a drive that does not answer holds up nobody: it is unknown, and the sections say so', async () => {
  using server = open({ ...SERVER, ...MOUNTS });
  makeHang(server.tree);
  let longest = 0;
  const timed = async <T>(collect: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const collected = await collect();
    longest = Math.max(longest, performance.now() - started);
    return collected;
  };
  let last = await timed(server.sensors);
  while (last.error === undefined) last = await timed(server.sensors);
  const error = { op: 'read temperatures', code: 'ETIMEDOUT', message: 'the drive nvme0 does not answer' };
  expect(last.error).toEqual(error);
  const { 'hwmon0/temp1': hung, 'hwmon1/temp1': other, 'hwmon2/temp1': core } = last.celsius;
  expect([hung, other, core]).toEqual([undefined, 44.85, 55]);
  const { devices, fileSystems, errors } = await timed(() => server.machine.collectDisks());
  const degrees = devices.map(({ name, temperatureCelsius }) => [name, temperatureCelsius]);
  expect(Object.fromEntries(degrees)).toMatchObject({ nvme0n1: undefined, nvme1n1: 44.85 });
  expect(fileSystems[0]?.totalBytes).toBeGreaterThan(0);
  expect(errors).toEqual([error]);
  expect(longest).toBeLessThan(IN_TIME_MILLIS);
});

test('a drive that sleeps is not asked', async () => {
  using server = open({ ...SERVER, ...ASLEEP });
  makeHang(server.tree);
  let last = await server.sensors();
  while (last.celsius['hwmon1/temp1'] === undefined) last = await server.sensors();
  // It was asked before the other one, and would have held up the helper.
  expect(last.celsius['hwmon0/temp1']).toBeUndefined();
  expect(last.error).toBeUndefined();
  expect(server.helpers).toHaveLength(1);
});

test('they are asked every ten seconds for all who show them, and a value of half a minute is none', async () => {
  let now = 0;
  let isSilent = false;
  const rounds: DriveQuestion[][] = [];
  const askDrives = async (questions: ReadonlyMap<string, DriveQuestion>) => {
    rounds.push([...questions.values()]);
    const values = Array.from(questions, ([path]) => [path, [now]] as const);
    return new Map(isSilent ? [] : values);
  };
  const drives = new DriveSensors({ askDrives }, () => now);
  const drive = { path: '/a', names: ['temp1_input'], device: 'nvme0', isAsleep: () => false };
  const same = { ...drive };
  await drives.renew();
  expect(rounds).toHaveLength(0);
  drives.open(drive);
  drives.open(same);
  const asked: number[] = [];
  for (; now < 60e6; now += 1e6) {
    isSilent = now >= 30e6;
    await drives.renew();
    asked.push(drives.valueOf(drive, 'temp1_input'));
    expect(drives.valueOf(same, 'temp1_input')).toBe(asked.at(-1)!);
  }
  expect(rounds.map((round) => round.length)).toEqual([1, 1, 1, 1, 1, 1]);
  // A round that begins beside is seen by the next sample.
  expect([asked[0], asked[9], asked[11], asked[49], asked[50]]).toEqual([0, 0, 10e6, 20e6, Number.NaN]);
  expect(drives.error?.message).toBe('the drive nvme0 does not answer');
  drives.close(drive);
  drives.close(same);
  now += 60e6;
  await drives.renew();
  expect(rounds).toHaveLength(6);
});

test('its lines, and those of others', () => {
  const question: DriveQuestion = { path: '/sys/class/hwmon/a b', names: ['temp1_input', 'temp1_max'] };
  expect(parseDriveQuestion(driveQuestionLine(question))).toEqual(question);
  for (const line of ['drive', 'drive zz temp1_input', 'drive 2f ../x', 'drive 2f a  b', 'names 2f']) {
    expect(parseDriveQuestion(line)).toBeUndefined();
  }
  expect(parseDriveAnswer(driveAnswerLine([-5, undefined, 38850]))).toEqual([-5, Number.NaN, 38850]);
  expect(parseDriveAnswer('0 1 2 3 4 5 ')).toBeUndefined();
});
