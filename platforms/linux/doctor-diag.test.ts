import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { tierReportsOf } from './collectors/network-tiers.ts';
import { type DiagFacts, examineDiag, remedyOf } from './doctor-diag.ts';

const WORKING: DiagFacts = {
  ...{ tcp: undefined, udp: undefined },
  closings: { verdict: undefined, shards: 16, capacity: 1000 },
};

test('this kernel answers, and nothing stays open', () => {
  examineDiag();
  const before = readdirSync('/proc/self/fd').length;
  const { tcp, udp, closings } = examineDiag();
  expect({ tcp, udp, verdict: closings.verdict }).toEqual({
    tcp: undefined,
    udp: undefined,
    verdict: undefined,
  });
  expect(closings.capacity).toBeGreaterThan(0);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

test('missing modules are named with the command that loads them', () => {
  expect(remedyOf('ENOENT', 'tcp').command).toBe('sudo modprobe tcp_diag');
  expect(remedyOf('ENOENT', 'udp')).toEqual({
    explanation: "The kernel's module udp_diag is missing and did not load by itself.",
    command: 'sudo modprobe udp_diag',
  });
  expect(remedyOf('EOPNOTSUPP', 'tcp').command).toBe('sudo modprobe -a inet_diag tcp_diag');
  expect(remedyOf('EPROTONOSUPPORT', 'tcp').command).toBeUndefined();
  expect(remedyOf('EPERM', 'tcp').explanation).toContain('filter of system calls');
  expect(remedyOf('ERRNO_77', 'tcp').explanation).toContain('ERRNO_77');
});

test('the tier is refused with the reason, and limited by what is missing', () => {
  const netlink = (diag: DiagFacts, effective = 0n) =>
    tierReportsOf(diag, {
      ...{ effectiveUid: 1, effective, bounding: 0n, hasNoNewPrivileges: false, hasSeccompFilter: false },
    })[1]!;
  expect(netlink({ ...WORKING, tcp: 'ENOENT' })).toMatchObject({ isAvailable: false });
  expect(netlink({ ...WORKING, tcp: 'ENOENT' }).detail).toContain('tcp_diag');
  const mute = { ...WORKING.closings, verdict: 'EPERM' };
  expect(netlink({ ...WORKING, closings: mute }).isAvailable).toBe(false);
  expect(netlink(WORKING).detail).toContain('not assigned');
  expect(netlink(WORKING, (1n << 19n) | (1n << 2n)).detail).toContain('of every process');
  expect(netlink({ ...WORKING, udp: 'ENOENT' }).detail).toContain('not even listed');
  expect(tierReportsOf(WORKING, undefined)[1]?.detail).toContain('not assigned');
});
