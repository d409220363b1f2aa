import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { outputOf } from '../dev/run-tool.ts';
import { mirror, type Suite, unpackPackages } from './machine-packages.ts';
import { type Architecture, HOST, unavailable } from './machine-tools.ts';

const CACHE = fileURLToPath(new URL('../../.cache/roots', import.meta.url));
/** Debian's release whose musl (1.2.5) is newer than the one that first left names out. */
const MUSL_SUITE: Suite = 'trixie';
/** musl's libstdc++ comes in no package of Debian's; this one of PyPI brings it along for Alpine. */
const LIBSTDCXX_WHEEL = 'kiwisolver==1.4.9';
const MUSL_NAMES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };
const BUSYBOX_LINKS = ['sh', 'cat', 'sleep', 'kill', 'uname', 'ls'] as const;
const COMPLETE = '.complete';

/**
 * A folder with Debian's smallest system of a release, nothing else installed, made once. For another processor it is
 * unpacked and not configured, for which its own programs would have to run. Throws `UNAVAILABLE` with a reason.
 */
export function debianRoot(suite: Suite, architecture: Architecture): string {
  return madeOnce(`${suite}-${architecture}`, (folder) => {
    requireRoot('debootstrap');
    const foreign = architecture === HOST ? [] : [`--arch=${architecture}`, '--foreign'];
    attempt(() =>
      outputOf(['debootstrap', '--variant=minbase', ...foreign, suite, folder, mirror()], 'DEBOOTSTRAP'),
    );
    replaceProcLink(folder);
  });
}

/** A root with musl and busybox in the place of glibc and Debian's tools, as on Alpine. */
export function muslRoot(architecture: Architecture): string {
  return madeOnce(`musl-${architecture}`, (folder) => {
    requireRoot('pip3');
    const name = MUSL_NAMES[architecture];
    const packages = `${folder}.packages`;
    unpackPackages(MUSL_SUITE, architecture, ['musl', 'busybox-static'], packages);
    for (const part of ['bin', 'lib', 'usr/lib', 'etc', 'tmp', 'proc', 'sys', 'dev']) {
      mkdirSync(`${folder}/${part}`, { recursive: true });
    }
    copyFileSync(`${packages}/usr/lib/${name}-linux-musl/libc.so`, `${folder}/lib/ld-musl-${name}.so.1`);
    symlinkSync(`ld-musl-${name}.so.1`, `${folder}/lib/libc.musl-${name}.so.1`);
    copyFileSync(busyboxIn(packages), `${folder}/bin/busybox`);
    for (const link of BUSYBOX_LINKS) symlinkSync('busybox', `${folder}/bin/${link}`);
    writeFileSync(`${folder}/etc/passwd`, 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
    addLibstdcxx(name, folder);
    rmSync(packages, { recursive: true });
  });
}

function busyboxIn(packages: string): string {
  const found = ['bin/busybox', 'usr/bin/busybox'].find((path) => existsSync(`${packages}/${path}`));
  return `${packages}/${found ?? 'bin/busybox'}`;
}

function addLibstdcxx(name: string, folder: string): void {
  const wheels = `${folder}.wheels`;
  const platform = `--platform=musllinux_1_2_${name}`;
  const argv = [
    'pip3',
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--python-version=3.12',
    platform,
  ];
  attempt(() => outputOf([...argv, '--dest', wheels, LIBSTDCXX_WHEEL], 'PIP'));
  const [wheel = ''] = readdirSync(wheels);
  outputOf(['unzip', '-q', `${wheels}/${wheel}`, '-d', `${wheels}/unpacked`], 'UNPACK');
  const libraries = `${wheels}/unpacked/kiwisolver.libs`;
  for (const file of readdirSync(libraries)) {
    const plain = /^(libstdc\+\+|libgcc_s)-[^.]*\.so\.(\d+)/.exec(file);
    if (plain !== null) copyFileSync(`${libraries}/${file}`, `${folder}/usr/lib/${plain[1]}.so.${plain[2]}`);
    // libstdc++ asks for libgcc_s by the name that the wheel gave it.
    if (plain !== null) copyFileSync(`${libraries}/${file}`, `${folder}/usr/lib/${file}`);
  }
  rmSync(wheels, { recursive: true });
}

function madeOnce(name: string, make: (folder: string) => void): string {
  const folder = `${CACHE}/${name}`;
  if (existsSync(`${folder}/${COMPLETE}`)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  make(folder);
  writeFileSync(`${folder}/${COMPLETE}`, '');
  return folder;
}

/** In a container, debootstrap may leave a link to where its own /proc is. */
function replaceProcLink(folder: string): void {
  if (!lstatSync(`${folder}/proc`).isSymbolicLink()) return;
  rmSync(`${folder}/proc`);
  mkdirSync(`${folder}/proc`);
}

function requireRoot(tool: string): void {
  if (process.getuid?.() !== 0) throw unavailable('needs root, to make a root folder and to change to it');
  if (Bun.which(tool) === null) throw unavailable(`needs ${tool}`);
}

function attempt(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    throw unavailable(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
