import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capabilitySet } from '../privileges.ts';
import { examineLinux, type LinuxExamination } from './doctor.ts';
import { canHaveSockets, parseLockdown, parseSetting } from './doctor-facts.ts';
import { doctorSections } from './doctor-words.ts';

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sstop-doctor-'));
  const files: Record<string, string> = {
    'proc/self/status': 'Uid:\t7\t7\t7\t7\nCapEff:\t0\nCapBnd:\t0\nSeccomp:\t2\n',
    'proc/self/mountinfo': `9 8 0:1 / ${root}/proc rw - proc proc rw,hidepid=2,gid=24\n`,
    'proc/self/cgroup': '0::/kubepods/pod1\n',
    'proc/self/uid_map': '0 1000 1\n',
    'proc/self/attr/current': 'docker-default (enforce)\n',
    'proc/sys/kernel/osrelease': '5.10.0-23-amd64\n',
    'proc/sys/kernel/modules_disabled': '1\n',
    'proc/41/stat': '41 (a ) R 1) S 1 41 41 0 -1 4194560 1 0\n',
    'proc/2/stat': '2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n',
    'proc/not-a-pid/stat': 'x\n',
    'sys/kernel/security/lockdown': 'none integrity [confidentiality]\n',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(join(root, 'proc/self/ns'));
  symlinkSync('pid:[4026532201]', join(root, 'proc/self/ns/pid'));
  symlinkSync('net:[4026532300]', join(root, 'proc/self/ns/net'));
});

afterAll(() => rmSync(root, { recursive: true }));

const examineBuilt = (): LinuxExamination =>
  examineLinux({ executablePath: undefined, procRoot: `${root}/proc`, sysRoot: `${root}/sys` });

/** All that is said, without marks and lines. */
const words = (found: LinuxExamination): string =>
  doctorSections(found, (uid) => `user-${uid}`)
    .flatMap(({ entries }) =>
      entries.flatMap(({ label, text, commands }) => [label, text, ...(commands ?? [])]),
    )
    .join('\n');

test('a confined container on an old kernel is understood and explained', () => {
  const found = examineBuilt();
  expect(found).toMatchObject({
    cgroup2MountPoints: [],
    kernel: {
      release: '5.10.0-23-amd64',
      btfBytes: undefined,
      lockdown: 'confidentiality',
      areModulesClosed: true,
      taskDelayAccounting: undefined,
      hasPressure: false,
    },
    procMount: { hidepid: 'invisible', exemptGid: 24 },
    visibility: { seen: 1, isPartial: false },
    scope: { pidNamespace: 'own', netNamespace: 'unknown', isMachineUserNamespace: false },
    privileges: { effectiveUid: 7, hasSeccompFilter: true },
  });
  const text = words(found);
  for (const said of [
    ...['7 (user-7)', 'hidepid=invisible', 'getent group 24', 'Kubernetes', 'docker-default (enforce)'],
    ...[
      '/sys/kernel/btf/vmlinux is missing',
      'Not mounted; sstop creates its own mount',
      'confidentiality',
      '--pid=host',
      '--cap-add=SYS_PTRACE',
      'System calls are filtered',
    ],
    ...['Linux 5.10.0-23-amd64', 'Separate user namespace', 'last user'],
  ]) {
    expect(text).toContain(said);
  }
});

test('missing modules are said with their command, unless no module can be loaded', () => {
  const found = examineBuilt();
  const closings = { verdict: undefined, shards: 16, capacity: 0 };
  const lacking = { ...found, diag: { tcp: 'EOPNOTSUPP', udp: 'ENOENT', closings } };
  expect(words(lacking)).toContain('No module can be loaded until the next boot.');
  expect(words(lacking)).not.toContain('modprobe');
  const open = words({ ...lacking, kernel: { ...found.kernel, areModulesClosed: false } });
  expect(open).toContain('sudo modprobe -a inet_diag tcp_diag');
  expect(open).toContain('sudo modprobe udp_diag');
});

test('what is known of waits depends on the setting and on who is asked', () => {
  const found = examineBuilt();
  const wordsWith = (taskDelayAccounting: number | undefined, hasIterator: boolean, effective = 0n): string =>
    words({
      ...found,
      kernel: { ...found.kernel, taskDelayAccounting },
      privileges: { ...found.privileges, effective },
      programs: { ...found.programs, processes: hasIterator ? undefined : { code: 'EPERM', message: 'no' } },
    });
  const off = wordsWith(0, true);
  expect(off).toContain('DISK WAIT % and MEM WAIT % of socktop are -');
  expect(off).toContain('sudo sysctl kernel.task_delayacct=1');
  expect(off).toContain('boot parameter delayacct');
  expect(off).toContain('all threads of a process are counted, by eBPF');
  expect(wordsWith(undefined, true)).toContain('This kernel has no kernel.task_delayacct.');
  expect(wordsWith(1, false, capabilitySet(['cap_net_admin']))).toContain('by taskstats');
  const plain = wordsWith(1, false);
  expect(plain).not.toContain('sysctl kernel.task_delayacct');
  expect(plain).toContain('Only the waits of the first thread of a process are known, and MEM WAIT % is -');
});

test('nothing at all to read is no reason to fail', () => {
  const found = examineLinux({
    executablePath: '/proc/nonexistent/sstop',
    procRoot: '/proc/nonexistent',
    sysRoot: '/proc/nonexistent',
  });
  expect(found.visibility.seen).toBe(0);
  expect(words(found)).toContain('No proc file system is mounted.');
});

test('this machine is examined, every tier and capability with a word about it', () => {
  const found = examineLinux({ executablePath: process.execPath });
  expect(found.visibility.seen).toBeGreaterThan(0);
  expect(found.procMount).toBeDefined();
  const text = words(found);
  for (const name of ['ebpf', 'netlink', 'packet', 'proc', 'cap_sys_ptrace', 'cap_bpf', 'payload']) {
    expect(text).toContain(name);
  }
  for (const { entries } of doctorSections(found, String)) {
    for (const { text: sentences, commands } of entries) expect(`${sentences}${commands ?? ''}`).not.toBe('');
  }
});

test('threads of the kernel and zombies are known, whatever their name', () => {
  expect(canHaveSockets('2 (kthreadd) S 0 0 0 0 -1 2129984 0')).toBe(false);
  expect(canHaveSockets('41 (a) S 0 0 0 0 -1 2129984 0 (x) S 1 1 1 0 -1 4194560 1')).toBe(true);
  expect(canHaveSockets('41 (a) S 1) Z 1 1 1 0 -1 4194560 1')).toBe(false);
});

test('settings are numbers, or not known', () => {
  expect(parseSetting('212992')).toBe(212992);
  for (const text of [undefined, '', '-1', '1 2', '0x10', '1'.repeat(16)])
    expect(parseSetting(text)).toBeUndefined();
  expect(parseLockdown('[none] integrity confidentiality\n')).toBe('none');
  expect(parseLockdown('none')).toBeUndefined();
});
