import { expect, test } from 'bun:test';
import { RASPBERRY_PI } from '../machine/built-machines.fixture.ts';
import { LinuxMachine } from '../machine/machine.ts';
import { BuiltTree } from '../testdata/built-tree.fixture.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';

const PID = 812;

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
