import { expect, test } from 'bun:test';
import type { Privileges } from '../privileges.ts';
import { adviceFor, type ExecutableFacts, shellWord } from './doctor.ts';

const NONE: Privileges = {
  ...{ effectiveUid: 1000, effective: 0n, bounding: (1n << 41n) - 1n },
  ...{ hasNoNewPrivileges: false, hasSeccompFilter: false },
};
/** cap_sys_ptrace, cap_dac_read_search; cap_net_admin, cap_perfmon, cap_bpf. */
const ALL = (1n << 19n) | (1n << 2n) | (1n << 12n) | (1n << 38n) | (1n << 39n);
const FILE: ExecutableFacts = {
  ...{ path: '/usr/local/bin/sstop', capabilities: [], canEverybodyStart: true, isOnNosuid: false },
};

test('what is missing is had by sudo, or by setcap with its warning', () => {
  const { commands, warnings } = adviceFor(NONE, FILE);
  expect(commands).toEqual([
    'sudo /usr/local/bin/sstop',
    'sudo setcap cap_bpf,cap_net_admin,cap_perfmon,cap_sys_ptrace,cap_dac_read_search+ep /usr/local/bin/sstop',
    'sudo setcap cap_net_raw,cap_sys_ptrace,cap_dac_read_search+ep /usr/local/bin/sstop',
  ]);
  expect(warnings.join(' ')).toMatch(/everyone who can execute the file.*0750.*a copy or an update has none/);
});

test('nothing is advised where nothing is missing', () => {
  expect(adviceFor({ ...NONE, effective: ALL }, FILE)).toEqual({ commands: [], warnings: [] });
});

test('a file with capabilities that everybody may start is warned of', () => {
  const file: ExecutableFacts = { ...FILE, capabilities: ['cap_sys_ptrace', 'cap_dac_read_search'] };
  expect(adviceFor({ ...NONE, effective: ALL }, file).warnings.join()).toContain(
    'sudo chmod o-rwx /usr/local/bin/sstop',
  );
  const closed = { ...file, canEverybodyStart: false };
  expect(adviceFor({ ...NONE, effective: ALL }, closed).warnings).toEqual([]);
});

test('no command is given that cannot help', () => {
  const bounded = adviceFor({ ...NONE, bounding: ALL & ~(1n << 19n) }, FILE);
  expect(bounded.commands).toEqual([]);
  expect(bounded.warnings.join()).toContain('--cap-add=SYS_PTRACE');
  const stuck = adviceFor({ ...NONE, hasNoNewPrivileges: true }, FILE);
  expect(stuck.commands).toEqual([]);
  expect(stuck.warnings.join()).toContain('no_new_privs');
  const nosuid = adviceFor(NONE, { ...FILE, isOnNosuid: true });
  expect(nosuid.commands).toEqual(['sudo /usr/local/bin/sstop']);
  expect(nosuid.warnings.join()).toContain('nosuid');
  expect(adviceFor(NONE, { ...FILE, path: undefined }).commands).toEqual([]);
});

test('paths are words that a shell reads as they are', () => {
  for (const path of ['/opt/a b/sstop', "/o'clock/$(id)/sstop", '/x;y/`id`', '/plain-1.2_3/sstop']) {
    const run = Bun.spawnSync(['sh', '-c', `printf %s ${shellWord(path)}`]);
    expect(run.stdout.toString()).toBe(path);
  }
  expect(shellWord('/plain-1.2_3/sstop')).toBe('/plain-1.2_3/sstop');
});
