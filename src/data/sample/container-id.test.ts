import { expect, test } from 'bun:test';
import { containerKeyOf } from './container-id.ts';

const ID = '0123456789abcdef'.repeat(4);
const UID = '2f9a1b34-5c6d-4e7f-8a9b-0c1d2e3f4a5b';

test('what the path of a control group tells of its container: id, user and pod', () => {
  expect(containerKeyOf(`/docker/${ID}`)).toEqual({ id: ID, uid: undefined, podUid: undefined });
  const ofUser = `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`;
  expect(containerKeyOf(ofUser)).toEqual({ id: ID, uid: 1000, podUid: undefined });
  const pod = { id: ID, uid: undefined, podUid: UID };
  const slice = `kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`;
  expect(
    containerKeyOf(`/kubepods.slice/kubepods-burstable.slice/${slice}/cri-containerd-${ID}.scope`),
  ).toEqual(pod);
  expect(containerKeyOf(`/kubepods/besteffort/pod${UID}/${ID}`)).toEqual(pod);
  expect(containerKeyOf('/lxc/web')).toBeUndefined();
  expect(containerKeyOf('/system.slice/nginx.service')).toBeUndefined();
  expect(containerKeyOf(`/user.slice/user-${'9'.repeat(400)}.slice/docker-${ID}.scope`)?.uid).toBeUndefined();
});
