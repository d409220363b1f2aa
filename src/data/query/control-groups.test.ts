import { describe, expect, test } from 'bun:test';
import { controlGroupOf } from './control-groups.ts';

const ID = '0123456789abcdef'.repeat(4);
const SHORT = '0123456789ab';

describe('controlGroupOf', () => {
  const containers: readonly (readonly [path: string, service: string | undefined])[] = [
    [`/docker/${ID}`, undefined],
    [`/system.slice/docker-${ID}.scope`, undefined],
    [`/machine.slice/libpod-${ID}.scope`, undefined],
    [`/machine.slice/libpod-${ID}.scope/container`, undefined],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`, undefined],
    [`/kubepods/burstable/pod2a3f/${ID}`, undefined],
    [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`, undefined],
    [`/kubepods.slice/kubepods-besteffort.slice/crio-${ID}.scope`, undefined],
    [
      `/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:${ID}`,
      'containerd.service',
    ],
    [`/docker/${ID}/system.slice/nginx.service`, 'nginx.service'],
  ];
  test.each(containers)('container of %s', (path, service) => {
    expect(controlGroupOf(path)).toEqual({
      type: 'container',
      name: SHORT,
      containerId: ID,
      containerName: undefined,
      serviceName: service,
    });
    expect(controlGroupOf(path, 'web')).toMatchObject({ name: 'web', containerId: ID, containerName: 'web' });
  });

  const others: readonly (readonly [
    path: string,
    type: string,
    name: string,
    service: string | undefined,
  ])[] = [
    ['/system.slice/nginx.service', 'systemd', 'nginx.service', 'nginx.service'],
    [
      '/system.slice/system-getty.slice/getty@tty1.service',
      'systemd',
      'getty@tty1.service',
      'getty@tty1.service',
    ],
    ['/user.slice/user-1000.slice/session-3.scope', 'user session', 'user 1000', undefined],
    [
      '/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox.scope',
      'user session',
      'user 1000',
      undefined,
    ],
    [
      '/user.slice/user-1000.slice/user@1000.service/app.slice/pipewire.service',
      'user session',
      'user 1000',
      'pipewire.service',
    ],
    ['/init.scope', 'other', '/init.scope', undefined],
    ['/', 'other', '/', undefined],
    [`/docker-${ID.slice(1)}`, 'other', `/docker-${ID.slice(1)}`, undefined],
  ];
  test.each(others)('%s is %s %s', (path, type, name, serviceName) => {
    expect(controlGroupOf(path)).toEqual({
      type,
      name,
      containerId: undefined,
      containerName: undefined,
      serviceName,
    } as never);
  });

  test('lxc containers have names', () => {
    expect(controlGroupOf('/lxc.payload.web/init.scope')?.containerId).toBe('web');
    expect(controlGroupOf('/lxc/web')?.containerId).toBe('web');
  });

  test('no path, no group', () => {
    expect(controlGroupOf(undefined)).toBeUndefined();
    expect(controlGroupOf('')).toBeUndefined();
  });
});
