import { expect, test } from 'bun:test';
import { RASPBERRY_PI } from '../machine/built-machines.fixture.ts';
import { LinuxMachine } from '../machine/machine.ts';
import { BuiltTree } from '../testdata/built-tree.fixture.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import { ProcessCollector } from './processes.ts';

const PID = 812;

/** Words 9 and 14 of the text. */
const withFlags = (stat: string, flags: number, userTicks: number): string =>
  stat.replace(/(\) \w (?:\S+ ){5})\S+((?: \S+){4}) \S+/, `$1${flags}$2 ${userTicks}`);

test('a kernel thread is not asked for a command line each time that it has run', async () => {
  using tree = new BuiltTree(RASPBERRY_PI);
  let micros = 1e6;
  const collector = new ProcessCollector({ procRoot: tree.procRoot, clock: () => micros });
  const stat = RASPBERRY_PI[`proc/${PID}/stat`] as string;
  const seenAt = async (seconds: number, flags: number) => {
    micros = seconds * 1e6;
    tree.write(`proc/${PID}/stat`, withFlags(stat, flags, 1000 + seconds));
    await collector.collect(UNHURRIED);
    return collector.commandLine(PID);
  };
  expect(await seenAt(1, 0x00200040)).toBeUndefined();
  expect(await seenAt(60, 0x00400100)).toBeUndefined();
  expect(await seenAt(64, 0x00400100)).toBe('/usr/sbin/sshd --flag');
  collector.close();
});

test('a process in state D is not asked for its command line until it is out of it', async () => {
  using tree = new BuiltTree(RASPBERRY_PI);
  const machine = new LinuxMachine({ procRoot: tree.procRoot, sysRoot: tree.sysRoot, nvmlPaths: [] });
  const stat = RASPBERRY_PI[`proc/${PID}/stat`] as string;
  const seen = async () => {
    const { commandLines, processes } = await machine.collectProcesses({ visiblePids: [PID] }, UNHURRIED);
    const { process } = await machine.collectProcess(PID, UNHURRIED);
    return [commandLines?.[processes.find(PID)], process.commandLine];
  };
  tree.write(`proc/${PID}/stat`, stat.replace(/\) \w /, ') D '));
  expect(await seen()).toEqual([undefined, undefined]);
  tree.write(`proc/${PID}/stat`, stat);
  expect(await seen()).toEqual(['/usr/sbin/sshd --flag', '/usr/sbin/sshd --flag']);
  machine.close();
});
