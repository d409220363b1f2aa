import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { MachineArchive } from './machine-archive.ts';
import { modulesInOrder } from './machine-modules.ts';
import { fetchPackages, type Suite, type UnpackedPackages } from './machine-packages.ts';
import { programsFor } from './machine-runtime.ts';
import { ARCHITECTURES, type Architecture } from './machine-tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = `${ROOT}.cache/machines`;

/** sch_* and the like are built in or come by themselves; these sstop and the traffic ask for. */
const MODULES = ['inet_diag', 'tcp_diag', 'udp_diag', 'veth'] as const;
const TOOLS = ['busybox', 'dash', 'ip', 'tc', 'mount', 'nsenter', 'setpriv', 'unshare'] as const;
const BUSYBOX_LINKS = ['cat', 'insmod', 'mkdir', 'poweroff', 'test', 'uname'] as const;
const TOOL_FOLDERS = ['bin', 'sbin', 'usr/bin', 'usr/sbin'] as const;
/** What the guest's own code is made of, and nothing that it only might import. */
const SOURCES = ['bench/build-floors.ts', 'bench/harness.ts', 'bench/loads', 'bin/testing', 'src/kit/errors'];
const FLOORS_CACHE = '.cache/floors';
const REPOSITORY = 'repository';

/** A machine that can be started: files on this one. */
export interface MachineImage {
  readonly architecture: Architecture;
  readonly kernel: string;
  readonly initramfs: string;
}

/**
 * Puts a machine together: Debian's kernel and tools of that release, the executable, and the tests' own code on
 * Bun. Throws `UNAVAILABLE` where something cannot be fetched.
 */
export function buildMachine(suite: Suite, architecture: Architecture): MachineImage {
  const packages = fetchPackages(suite, architecture, CACHE);
  const programs = programsFor(architecture, `${CACHE}/programs`);
  const initramfs = `${CACHE}/${suite}-${architecture}.cpio`;
  const archive = new MachineArchive(initramfs);
  archive.characterDevice('dev/console', 5, 1);
  for (const folder of ['proc', 'sys', 'tmp', 'run', 'root']) archive.folder(folder);
  addTools(archive, packages.toolsFolder, architecture);
  const modules = modulesInOrder(packages.kernelFolder, MODULES);
  for (const module of modules) archive.copy(`modules/${basename(module)}`, module);
  archive.copy('bin/bun', programs.runtime);
  for (const source of SOURCES) {
    archive.copy(`${REPOSITORY}/${source}`, `${ROOT}${source}`, (path) => !path.endsWith('.test.ts'));
  }
  archive.copy(`${REPOSITORY}/${FLOORS_CACHE}/${programs.trafficName}`, programs.traffic);
  archive.copy(`${REPOSITORY}/dist/sstop`, programs.sstop);
  archive.file('sstop-as-nobody', AS_NOBODY);
  archive.file('etc/passwd', 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
  archive.file('init', initScript(modules.map((path) => `/modules/${basename(path)}`)));
  archive.close();
  return { architecture, kernel: kernelOf(packages), initramfs };
}

function addTools(archive: MachineArchive, folder: string, architecture: Architecture): void {
  for (const tool of TOOLS) {
    const found = TOOL_FOLDERS.map((part) => `${folder}/${part}/${tool}`).find((path) => existsSync(path));
    if (found === undefined) throw new OpError({ op: `find ${tool}`, code: 'ENOENT' });
    archive.copy(`bin/${tool}`, found);
  }
  archive.link('bin/sh', 'dash');
  for (const name of BUSYBOX_LINKS) archive.link(`bin/${name}`, 'busybox');
  const { triplet, loader } = ARCHITECTURES[architecture];
  for (const part of [`lib/${triplet}`, `usr/lib/${triplet}`]) {
    for (const name of existsSync(`${folder}/${part}`) ? readdirSync(`${folder}/${part}`) : []) {
      if (/\.so(\.|$)/.test(name)) archive.copy(`lib/${triplet}/${name}`, `${folder}/${part}/${name}`);
    }
  }
  archive.link(loader, `/lib/${triplet}/${basename(loader)}`);
}

function kernelOf({ kernelFolder }: UnpackedPackages): string {
  const name = readdirSync(`${kernelFolder}/boot`).find((file) => file.startsWith('vmlinuz-'));
  if (name === undefined) throw new OpError({ op: 'find the kernel', code: 'ENOENT' });
  return `${kernelFolder}/boot/${name}`;
}

const AS_NOBODY = `#!/bin/sh
exec setpriv --reuid=65534 --regid=65534 --clear-groups -- /${REPOSITORY}/dist/sstop "$@"
`;

/** Whatever happens, the machine goes off: process 1 does not end. */
function initScript(modules: readonly string[]): string {
  const guest = `/${REPOSITORY}/bin/testing/machine-guest.ts`;
  return `#!/bin/sh
export PATH=/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
bun ${guest} ${modules.join(' ')}
poweroff -f
`;
}
