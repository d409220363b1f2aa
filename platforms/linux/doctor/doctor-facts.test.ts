import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  isMachineUserMap,
  managerOfCgroup,
  netScopeOf,
  parseNamespaceLink,
  parseSecurityProfile,
  pidScopeOf,
} from './doctor-facts.ts';

const MACHINE_PID = 'pid:[4026531836]';
const OWN_PID = 'pid:[4026532201]';

test('namespace links are numbers in brackets', () => {
  expect(parseNamespaceLink('net:[4026531840]')).toBe(4026531840);
  expect(parseNamespaceLink('pid_for_children:[4026531836]')).toBe(4026531836);
  for (const text of ['', 'net:[]', 'net:4026531840', '/proc', 'net:[x]']) {
    expect(parseNamespaceLink(text)).toBeUndefined();
  }
});

describe('the scope of a namespace', () => {
  const scope = (ownPid: string | undefined, ownNet: string | undefined, firstNet?: string) =>
    netScopeOf({ ownPid, ownNet, firstNet });

  test('of PIDs is known by its number', () => {
    expect(pidScopeOf({ ownPid: MACHINE_PID, ownNet: undefined, firstNet: undefined })).toBe('machine');
    expect(pidScopeOf({ ownPid: OWN_PID, ownNet: undefined, firstNet: undefined })).toBe('own');
    expect(pidScopeOf({ ownPid: undefined, ownNet: undefined, firstNet: undefined })).toBe('unknown');
  });

  test('of the network is known by its number on new kernels', () => {
    expect(scope(OWN_PID, 'net:[4026531833]')).toBe('machine');
    expect(scope(MACHINE_PID, 'net:[4026532300]', 'net:[4026531833]')).toBe('own');
  });

  test('of the network is that of process 1 on older ones, if that is the first of the machine', () => {
    expect(scope(MACHINE_PID, 'net:[4026531992]', 'net:[4026531992]')).toBe('machine');
    expect(scope(MACHINE_PID, 'net:[4026532300]', 'net:[4026531992]')).toBe('own');
    expect(scope(OWN_PID, 'net:[4026532300]', 'net:[4026532300]')).toBe('unknown');
    expect(scope(OWN_PID, 'net:[4026532301]', 'net:[4026532300]')).toBe('own');
  });

  test('is not guessed where the links cannot be read', () => {
    expect(scope(MACHINE_PID, undefined, 'net:[4026531992]')).toBe('unknown');
    expect(scope(MACHINE_PID, 'net:[4026531992]')).toBe('unknown');
  });
});

test('the map of users is that of the machine only if it is the whole', () => {
  expect(isMachineUserMap('         0          0 4294967295\n')).toBe(true);
  expect(isMachineUserMap('         0       1000          1\n')).toBe(false);
  expect(isMachineUserMap('0 0 1000\n1000 1000 4294966295\n')).toBe(false);
  for (const text of ['', '\n', 'x y z', '0 0']) expect(isMachineUserMap(text)).toBeUndefined();
});

test.each([
  ['/docker/0123456789abcdef', 'Docker'],
  ['/system.slice/docker-0123456789abcdef.scope', 'Docker'],
  ['/machine.slice/libpod-0123.scope/container', 'Podman'],
  ['/kubepods.slice/kubepods-besteffort.slice/cri-containerd-0123.scope', 'Kubernetes'],
  ['/system.slice/containerd-tasks/cri-containerd-01.scope', 'containerd'],
  ['/lxc.payload.web/init.scope', 'LXC'],
  ['/machine.slice/machine-web.scope', 'systemd-nspawn'],
] as const)('the cgroup %s speaks of %s', (path, manager) => {
  expect(managerOfCgroup(path)).toBe(manager);
});

test('services and sessions are no containers', () => {
  for (const path of ['/system.slice/docker.service', '/user.slice/user-1000.slice/session-2.scope', '/']) {
    expect(managerOfCgroup(path)).toBeUndefined();
  }
});

test('a profile confines, unless it says that it does not', () => {
  expect(parseSecurityProfile('docker-default (enforce)\n')).toBe('docker-default (enforce)');
  expect(parseSecurityProfile('system_u:system_r:container_t:s0:c1,c2\0')).toBe(
    'system_u:system_r:container_t:s0:c1,c2',
  );
  for (const text of ['', '\n', 'unconfined\n', 'kernel\0', 'unconfined_u:unconfined_r:unconfined_t:s0\0']) {
    expect(parseSecurityProfile(text)).toBeUndefined();
  }
  expect(parseSecurityProfile('brave (unconfined)')).toBeUndefined();
});

test('no text makes any of them throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      isMachineUserMap(text);
      parseSecurityProfile(text);
      return parseNamespaceLink(text) === undefined || text.endsWith(']');
    }),
  );
});
