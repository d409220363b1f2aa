import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { OpError } from '../src/kit/errors/op-error.ts';
import { hostTarget, runtimePackageOf } from './dev/target.ts';
import { VERSION } from './executable.ts';
import { debianRoot, muslRoot } from './testing/bare-root.ts';
import { inRoot, PROGRAMS } from './testing/in-root.ts';
import { RELEASE, released } from './testing/released.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const LIMIT_MILLIS = 300_000;
const isRoot = process.getuid?.() === 0;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/packages-`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Outcome {
  const env = { ...process.env, ...environment };
  const done = Bun.spawnSync([...command], { cwd: folder, env, stdout: 'pipe', stderr: 'pipe' });
  return { exitCode: done.exitCode, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
}

/** The root, or why it cannot be had here. */
function rootOr(make: () => string): { readonly root: string; readonly reason?: string } {
  try {
    return { root: make() };
  } catch (thrown) {
    if (thrown instanceof OpError && thrown.code === 'UNAVAILABLE')
      return { root: '', reason: thrown.message };
    throw thrown;
  }
}

const debian = rootOr(() => debianRoot('bookworm', 'amd64'));
const musl = rootOr(() => muslRoot('amd64'));
const nameFor = (text: string, reason: string | undefined): string =>
  reason === undefined ? text : `${text}: ${reason}`;

/** Every step prints what the test looks at; a step that fails ends it. */
const LIFE_OF_A_PACKAGE = `
export DEBIAN_FRONTEND=noninteractive
dpkg -i ./*_${VERSION}_amd64.deb >/dev/null
for program in sstop socktop socktop-agent socktop_agent; do $program --version; done
echo "user: $(getent passwd socktop | cut -d : -f 6)"
echo "token: $(stat -c %a:%U /etc/socktop/agent.env) state: $(stat -c %a:%U /var/lib/socktop)"
token=$(cat /etc/socktop/agent.env)
HOME=/var/lib/socktop setpriv --reuid socktop --regid socktop --clear-groups socktop-agent --enableSSL --bind 127.0.0.1 --port 8443 >/tmp/agent.log 2>&1 & agent=$!
certificate=/var/lib/socktop/.config/socktop_agent/tls/cert.pem
tries=0; until [ -e $certificate ] || [ $tries -gt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
kill $agent; wait $agent || true
sum=$(sha256sum < $certificate)
echo 'SOCKTOP_AGENT_OPTIONS="--port 3001"' > /etc/default/socktop-agent
dpkg -i ./later.deb >/dev/null 2>&1
echo "upgraded: $(dpkg-query -W -f '\${Version}' socktop-agent)"
[ "$token" = "$(cat /etc/socktop/agent.env)" ] && echo 'token kept'
[ "$sum" = "$(sha256sum < $certificate)" ] && echo 'certificate kept'
grep -q 3001 /etc/default/socktop-agent && echo 'settings kept'
dpkg -r socktop-agent >/dev/null
[ ! -e /usr/bin/socktop-agent ] && [ ! -e /usr/bin/socktop_agent ] && echo 'removed'
[ "$token" = "$(cat /etc/socktop/agent.env)" ] && [ -e $certificate ] && echo 'token and certificate kept'
dpkg -P socktop-agent sstop socktop >/dev/null 2>&1
[ ! -e /etc/socktop ] && [ ! -e /var/lib/socktop ] && [ ! -e /etc/default/socktop-agent ] && echo 'purged'
getent passwd socktop || echo 'no user left'
`;

describe('Debian packages', () => {
  test.skipIf(debian.reason !== undefined)(
    nameFor('are installed, upgraded, removed and purged (needs a root of Debian)', debian.reason),
    () => {
      const packages = ['sstop', 'socktop', 'socktop-agent'].map((name) =>
        released(`${name}_${VERSION}_amd64.deb`),
      );
      const later = `${folder}/later`;
      expect(run(['dpkg-deb', '--raw-extract', packages[2]!, later]).exitCode).toBe(0);
      const control = `${later}/DEBIAN/control`;
      writeFileSync(
        control,
        readFileSync(control, 'utf8').replace(`Version: ${VERSION}`, `Version: ${VERSION}+1`),
      );
      expect(run(['dpkg-deb', '-Znone', '--build', later, `${folder}/later.deb`]).exitCode).toBe(0);
      const { stdout, stderr, exitCode } = run(
        inRoot({
          ...{ root: debian.root, architecture: 'amd64', archives: [] },
          files: [...packages, `${folder}/later.deb`],
          command: ['sh', '-ec', LIFE_OF_A_PACKAGE],
        }),
      );
      const lines = stdout.trim().split('\n');
      expect([
        exitCode,
        stderr,
        lines.slice(0, 4).map((line) => line.split(' ').slice(0, 2).join(' ')),
      ]).toEqual([
        ...[0, expect.any(String)],
        [`sstop ${VERSION}`, `socktop ${VERSION}`, `socktop-agent ${VERSION}`, `socktop-agent ${VERSION}`],
      ]);
      expect(lines.slice(4)).toEqual([
        ...['user: /var/lib/socktop', 'token: 600:root state: 700:socktop', `upgraded: ${VERSION}+1`],
        ...['token kept', 'certificate kept', 'settings kept', 'removed', 'token and certificate kept'],
        ...['purged', 'no user left'],
      ]);
    },
    LIMIT_MILLIS,
  );

  const withoutLintian = Bun.which('lintian') === null;
  test.skipIf(withoutLintian)(
    `have no errors by lintian${withoutLintian ? ' (needs lintian)' : ''}`,
    () => {
      for (const cpu of ['amd64', 'arm64']) {
        const name = released(`socktop-agent_${VERSION}_${cpu}.deb`);
        const { exitCode, stdout } = run([
          'lintian',
          ...(isRoot ? ['--allow-root'] : []),
          '--fail-on',
          'error',
          name,
        ]);
        expect([exitCode, stdout.split('\n').filter((line) => line.startsWith('E:'))]).toEqual([0, []]);
      }
    },
    LIMIT_MILLIS,
  );
});

describe('install.sh', () => {
  const mirror = (name: string): string => {
    const copy = `${folder}/${name}`;
    mkdirSync(copy);
    for (const file of ['SHA256SUMS', 'sstop-linux-amd64.tar.gz'])
      copyFileSync(released(file), `${copy}/${file}`);
    return copy;
  };
  const install = (from: string, ...args: readonly string[]): Outcome =>
    run(['sh', released('install.sh'), '--from', `file://${from}`, '--prefix', `${folder}/bin`, ...args]);

  test('installs what is asked for, without root', () => {
    const { exitCode, stdout } = install(mirror('good'), 'sstop');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining(`installed ${folder}/bin/sstop: sstop ${VERSION}`),
    ]);
    expect(readdirSync(`${folder}/bin`)).toEqual(['sstop']);
    rmSync(`${folder}/bin`, { recursive: true });
  });

  test('fetches from a server, and says what it cannot have', async () => {
    const server = Bun.serve({
      ...{ port: 0, hostname: '127.0.0.1' },
      fetch: ({ url }) => {
        const name = new URL(url).pathname.slice(1);
        const file = Bun.file(`${RELEASE}/${name}`);
        return name.startsWith('socktop-linux') ? new Response('', { status: 404 }) : new Response(file);
      },
    });
    try {
      const fetched = async (program: string): Promise<[number, string]> => {
        const options = ['--from', server.url.origin, '--prefix', `${folder}/served`, program];
        const child = Bun.spawn(['sh', released('install.sh'), ...options], {
          stderr: 'pipe',
          stdout: 'ignore',
        });
        return [await child.exited, await new Response(child.stderr).text()];
      };
      expect(await fetched('sstop')).toEqual([0, '']);
      expect(run([`${folder}/served/sstop`, '--version']).stdout).toStartWith(`sstop ${VERSION} (`);
      expect(await fetched('socktop')).toEqual([1, expect.stringContaining('install.sh: cannot fetch http')]);
    } finally {
      await server.stop(true);
    }
  });

  test('refuses an archive with one flipped byte', () => {
    const copy = mirror('flipped');
    const path = `${copy}/sstop-linux-amd64.tar.gz`;
    const bytes = readFileSync(path);
    bytes[30_000_000]! ^= 1;
    writeFileSync(path, bytes);
    const { exitCode, stderr } = install(copy, 'sstop');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('checksum mismatch for')]);
    expect(existsSync(`${folder}/bin/sstop`)).toBe(false);
  });

  test('says in words what a processor of 2007 lacks', () => {
    const cpuinfo = `${folder}/cpuinfo`;
    writeFileSync(cpuinfo, 'flags\t\t: fpu sse sse2 ssse3 sse4_1 lahf_lm\n');
    const command = ['sh', released('install.sh'), '--from', 'file:///nowhere', 'sstop'];
    const { exitCode, stderr } = run(command, { SSTOP_CPUINFO: cpuinfo });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('this CPU has no sse4_2')]);
  });

  test('says what it does not understand', () => {
    for (const args of [['--prefix'], ['emacs'], ['--from', 'ftp://nowhere']]) {
      const { exitCode, stderr } = run(['sh', released('install.sh'), ...args]);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('usage: install.sh')]);
    }
  });

  test('--help prints how it is called', () => {
    const { exitCode, stdout, stderr } = run(['sh', released('install.sh'), '--help']);
    expect([exitCode, stdout, stderr]).toEqual([0, expect.stringMatching(/^usage: install\.sh /), '']);
  });

  test.skipIf(musl.reason !== undefined)(
    nameFor('takes the archive for musl where that is the C library (needs a root with it)', musl.reason),
    () => {
      const command = `busybox --install -s /bin; sh ./install.sh --from file://${PROGRAMS} --prefix /usr/bin sstop`;
      const { exitCode, stdout, stderr } = run(
        inRoot({
          ...{ root: musl.root, architecture: 'amd64', archives: [] },
          files: ['install.sh', 'SHA256SUMS', 'sstop-linux-amd64-musl.tar.gz'].map(released),
          command: ['sh', '-ec', command],
        }),
      );
      expect([exitCode, stderr, stdout]).toEqual([
        0,
        '',
        expect.stringContaining('installed /usr/bin/sstop: sstop'),
      ]);
    },
  );
});

/** A registry of npm with these archives alone. */
function registry(archives: readonly string[]): Bun.Server<unknown> {
  const packages = new Map<string, { manifest: { version: string }; path: string }>();
  for (const path of archives) {
    const manifest = JSON.parse(run(['tar', '-xzOf', path, 'package/package.json']).stdout);
    packages.set(manifest.name, { manifest, path });
  }
  return Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1' },
    fetch({ url }) {
      const { pathname, origin } = new URL(url);
      const name = decodeURIComponent(pathname.slice(1)).replace(/^archives\//, '');
      const found = packages.get(name);
      if (found === undefined) return new Response('{}', { status: 404 });
      const { manifest, path } = found;
      if (pathname.startsWith('/archives/')) return new Response(Bun.file(path));
      const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
      const dist = { tarball: `${origin}/archives/${encodeURIComponent(name)}`, integrity };
      return Response.json({
        ...{ name, 'dist-tags': { latest: manifest.version } },
        versions: { [manifest.version]: { ...manifest, dist } },
      });
    },
  });
}

describe('the package for npm', () => {
  test(
    'is installed from a registry and runs each program',
    async () => {
      const runtime = runtimePackageOf(hostTarget()!);
      const archives = [`bun@${Bun.version}`, `${runtime}@${Bun.version}`].map((name) => {
        const packed = run(['npm', 'pack', '--silent', '--prefer-offline', name]);
        expect([name, packed.exitCode, packed.stderr]).toEqual([name, 0, '']);
        return `${folder}/${packed.stdout.trim()}`;
      });
      const server = registry([released(`sstop-${VERSION}.tgz`), ...archives]);
      try {
        const prefix = `${folder}/npm`;
        const options = [
          `--registry=${server.url.origin}`,
          `--cache=${folder}/npm-cache`,
          `--prefix=${prefix}`,
        ];
        const child = Bun.spawn(['npm', 'install', '--global', ...options, 'sstop'], {
          stderr: 'pipe',
          stdout: 'pipe',
        });
        expect([await child.exited, await new Response(child.stderr).text()]).toEqual([
          0,
          expect.any(String),
        ]);
        for (const name of ['sstop', 'socktop', 'socktop-agent']) {
          expect(run([`${prefix}/bin/${name}`, '--version']).stdout).toStartWith(`${name} ${VERSION} (`);
        }
        const snapshot = JSON.parse(run([`${prefix}/bin/sstop`, '--once', '--json']).stdout);
        expect(snapshot.processes.length).toBeGreaterThan(0);
        expect(run([`${prefix}/bin/socktop`, '--nonsense'])).toMatchObject({ exitCode: 2 });
      } finally {
        await server.stop(true);
      }
    },
    LIMIT_MILLIS,
  );
});

/** In namespaces of its own: the agent in the root of an image, a client of this machine beside it. */
const IMAGE_RUN = `
mount --rbind /proc "$1/proc"; mount --rbind /sys "$1/sys"; mount --rbind /dev "$1/dev"
ip link set lo up
export SOCKTOP_TOKEN=word
: >"$1.log"
HOME=/var/lib/socktop chroot "$1" /usr/bin/socktop-agent --enableSSL --port 8443 --bind 127.0.0.1 >"$1.log" 2>&1 & agent=$!
tries=0; until grep -q 8443 "$1.log" || [ $tries -gt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
"$2" --once --json -t "$1/var/lib/socktop/.config/socktop_agent/tls/cert.pem" 'wss://127.0.0.1:8443/ws?token=word' || { cat "$1.log" >&2; kill $agent; exit 1; }
kill $agent; wait $agent || true
`;

describe('the image for Docker', () => {
  test.skipIf(!isRoot)('has a root that holds what the agent needs (needs root)', () => {
    for (const name of ['socktop-agent', 'socktop']) {
      run(['tar', '-xzf', released(`${name}-linux-amd64.tar.gz`)]);
    }
    const image = `${folder}/image`;
    const recipe = `${ROOT}packaging/docker/rootfs.sh`;
    expect(run(['sh', recipe, `${folder}/socktop-agent`, image])).toMatchObject({ exitCode: 0, stderr: '' });
    const enter = ['unshare', '--mount', '--net', '--fork', '--kill-child', 'sh', '-ec', IMAGE_RUN, 'sh'];
    const { exitCode, stdout, stderr } = run([...enter, image, `${folder}/socktop`]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ host: expect.any(String) });
  });
});

test('the recipes for package managers name this release and its sums, and never strip', () => {
  const recipe = (name: string): string => readFileSync(`${RELEASE}/recipes/${name}`, 'utf8');
  const sum = createHash('sha256')
    .update(readFileSync(released('sstop-linux-arm64.tar.gz')))
    .digest('hex');
  for (const name of ['aur/PKGBUILD', 'homebrew/sstop.rb', 'nix/flake.nix']) {
    expect(recipe(name)).toContain(sum);
    expect(recipe(name)).toContain(VERSION);
    expect(recipe(name)).not.toMatch(/@[A-Z]/);
  }
  expect(recipe('aur/PKGBUILD')).toContain('options=(!strip');
  expect(recipe('nix/flake.nix')).toContain('dontStrip = true');
  expect(recipe('homebrew/sstop.rb')).toContain('skip_clean');
});
