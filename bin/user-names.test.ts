import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { SOCKTOP, SSTOP } from './testing/executables.ts';
import { linesOf } from './testing/traffic.ts';

const UID = 64321;

test.skipIf(process.geteuid?.() !== 0 || Bun.which('setpriv') === null).each([
  [SSTOP, ['--once']],
  [SOCKTOP, ['--local', '--once']],
])('a user without an entry and without HOME can start %s (needs root, setpriv)', (program, args) => {
  const asUser = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', program, ...args];
  const { exitCode, stderr } = Bun.spawnSync(asUser, { env: { PATH: '/usr/bin:/bin' }, stdin: 'ignore' });
  expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: '' });
});

/** A user that a service knows (systemd's user records stand for LDAP and SSSD) and /etc/passwd does not. */

const SET_UP = `
mount -t tmpfs none /run && mkdir -p /run/userdb
printf '{"userName":"ldapanna","uid":${UID},"gid":${UID},"homeDirectory":"/","shell":"/bin/sh","disposition":"regular"}' > /run/userdb/ldapanna.user
ln -s ldapanna.user /run/userdb/${UID}.user
sed 's/^passwd:.*/passwd: files systemd/' /etc/nsswitch.conf > /run/nsswitch.conf
mount --bind /run/nsswitch.conf /etc/nsswitch.conf
echo "known as $(getent passwd ${UID} | cut -d: -f1)"
exec setpriv --reuid ${UID} --regid ${UID} --clear-groups cat`;
const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((name) => [
  `/usr/lib/${name}/libnss_systemd.so.2`,
]);
const canTry =
  process.geteuid?.() === 0 &&
  ['unshare', 'nsenter', 'setpriv', 'getent'].every((tool) => Bun.which(tool) !== null) &&
  [...LIBRARIES, '/usr/lib64/libnss_systemd.so.2'].some((path) => existsSync(path));

let child: Bun.Subprocess<'pipe', 'pipe', 'inherit'> | undefined;

beforeAll(async () => {
  if (!canTry) return;
  child = Bun.spawn(['unshare', '--mount', '--propagation=private', 'sh', '-c', SET_UP], {
    ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
  });
  expect((await linesOf(child.stdout)[Symbol.asyncIterator]().next()).value).toBe('known as ldapanna');
});

afterAll(async () => {
  child?.kill('SIGKILL');
  await child?.exited;
});

const inside = (): string[] => ['nsenter', `--mount=/proc/${child!.pid}/ns/mnt`, '--'];

describe.skipIf(!canTry)(
  'a user of a name service (needs root, unshare, setpriv, getent, libnss_systemd)',
  () => {
    test('has its name in socktop', async () => {
      const socktop = Bun.spawn([...inside(), SOCKTOP, '--local', '--json', '--once'], { stderr: 'inherit' });
      const line = JSON.parse((await new Response(socktop.stdout).text()).split('\n')[0]!);
      const own = line.processes.find((process: { pid: number }) => process.pid === child!.pid);
      expect(own.user).toBe('ldapanna');
      expect(await socktop.exited).toBe(0);
    });
  },
);
