import { expect, test } from 'bun:test';
import { openDescriptors } from '../testdata/test-slices.fixture.ts';
import { type DiagFacts, examineDiag, type ProgramFacts, remedyOf, tierReportsOf } from './doctor-tiers.ts';

const WORKING: DiagFacts = {
  ...{ tcp: undefined, udp: undefined },
  closings: { verdict: undefined, shards: 16, capacity: 1000 },
};

const REFUSED = { code: 'EPERM', message: 'PROG_LOAD: EPERM' };
const NO_PROGRAMS: ProgramFacts = {
  ...{
    counting: REFUSED,
    parts: undefined,
    processes: REFUSED,
    exits: REFUSED,
    packets: REFUSED,
    names: REFUSED,
  },
};
const PARTS = {
  ...({
    lastUser: 'tracepoint',
    seeded: true,
    release: true,
    scope: 'machine',
    connects: true,
    drops: 'sockets',
    problems: [],
  } as const),
};
const PROGRAMS: ProgramFacts = {
  ...{
    counting: undefined,
    parts: PARTS,
    processes: undefined,
    exits: undefined,
    packets: undefined,
    names: undefined,
  },
};

test('this kernel answers, and nothing stays open', () => {
  examineDiag();
  const before = openDescriptors();
  const { tcp, udp, closings } = examineDiag();
  expect({ tcp, udp, verdict: closings.verdict }).toEqual({
    tcp: undefined,
    udp: undefined,
    verdict: undefined,
  });
  expect(closings.capacity).toBeGreaterThan(0);
  expect([...openDescriptors().difference(before)]).toEqual([]);
});

test('missing modules are named with the command that loads them', () => {
  expect(remedyOf('ENOENT', 'tcp').command).toBe('sudo modprobe tcp_diag');
  expect(remedyOf('ENOENT', 'udp')).toEqual({
    explanation: 'The kernel module udp_diag is missing and was not loaded automatically.',
    command: 'sudo modprobe udp_diag',
  });
  expect(remedyOf('EOPNOTSUPP', 'tcp').command).toBe('sudo modprobe -a inet_diag tcp_diag');
  expect(remedyOf('EPROTONOSUPPORT', 'tcp').command).toBeUndefined();
  expect(remedyOf('EPERM', 'tcp').explanation).toContain('seccomp filter');
  expect(remedyOf('ERRNO_77', 'tcp').explanation).toContain('ERRNO_77');
});

test('the tier is refused with the reason, and limited by what is missing', () => {
  const netlink = (diag: DiagFacts, effective = 0n) =>
    tierReportsOf(diag, NO_PROGRAMS, {
      ...{ effectiveUid: 1, effective, bounding: 0n, hasNoNewPrivileges: false, hasSeccompFilter: false },
    })[1]!;
  expect(netlink({ ...WORKING, tcp: 'ENOENT' })).toMatchObject({ isAvailable: false });
  expect(netlink({ ...WORKING, tcp: 'ENOENT' }).detail).toContain('tcp_diag');
  const mute = { ...WORKING.closings, verdict: 'EPERM' };
  expect(netlink({ ...WORKING, closings: mute }).isAvailable).toBe(false);
  expect(netlink(WORKING).detail).toContain('not attributed');
  expect(netlink(WORKING, (1n << 19n) | (1n << 2n)).detail).toContain('of every process');
  expect(netlink({ ...WORKING, udp: 'ENOENT' }).detail).toContain('UDP is not listed');
  expect(tierReportsOf(WORKING, NO_PROGRAMS, undefined)[1]?.detail).toContain('not attributed');
});

test('every other tier is judged by what opened, with how and why not', () => {
  const tiersOf = (programs: ProgramFacts, diag = WORKING) =>
    tierReportsOf(diag, programs, undefined).map(({ tier, isAvailable, detail }) => ({
      [tier]: `${isAvailable} ${detail}`,
    }));
  expect(tiersOf(NO_PROGRAMS)).toMatchObject([
    { ebpf: expect.stringMatching(/^false .*cap_bpf and cap_net_admin/) },
    { netlink: expect.stringMatching(/^true .*UDP is listed, but not counted/) },
    { packet: expect.stringMatching(/^false .*cap_net_raw/) },
    { proc: expect.stringMatching(/^true /) },
  ]);
  expect(tiersOf(PROGRAMS)).toMatchObject([
    {
      ebpf: expect.stringMatching(/^true .*other network namespaces, counted for the process that last used/),
    },
    { netlink: expect.stringMatching(/UDP payload from packets/) },
    { packet: expect.stringMatching(/^true /) },
    {},
  ]);
  const partA = { ...PROGRAMS, parts: { ...PARTS, lastUser: 'none', scope: 'container' } as const };
  expect(tiersOf(partA)[0]).toMatchObject({
    ebpf: expect.stringMatching(/of this container, .*opened the socket/),
  });
  const own = { ...NO_PROGRAMS, counting: { code: 'PID_NAMESPACE', message: 'it needs cap_perfmon' } };
  expect(tiersOf(own)[0]).toMatchObject({ ebpf: 'false it needs cap_perfmon' });
  expect(tiersOf(PROGRAMS, { ...WORKING, tcp: 'ENOENT' })[0]).toMatchObject({
    ebpf: expect.stringMatching(/^false .*tcp_diag/),
  });
});
