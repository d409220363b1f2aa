import { OpError } from '../../src/kit/errors/op-error.ts';

/** Debian's names of the processors that the machines have, and what else goes by the processor. */
export type Architecture = 'amd64' | 'arm64';

interface ArchitectureFacts {
  /** Of programs and folders of libraries. */
  readonly triplet: string;
  /** Where every dynamically linked program looks for its loader. */
  readonly loader: string;
  readonly emulator: string;
  readonly emulatorPackage: string;
}

export const ARCHITECTURES: Readonly<Record<Architecture, ArchitectureFacts>> = {
  amd64: {
    triplet: 'x86_64-linux-gnu',
    loader: 'lib64/ld-linux-x86-64.so.2',
    emulator: 'qemu-system-x86_64',
    emulatorPackage: 'qemu-system-x86',
  },
  arm64: {
    triplet: 'aarch64-linux-gnu',
    loader: 'lib/ld-linux-aarch64.so.1',
    emulator: 'qemu-system-aarch64',
    emulatorPackage: 'qemu-system-arm',
  },
};

export const HOST: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

const ROOT_UID = 0;

/** Name of the compiler that makes programs for the architecture. */
export function compilerFor(architecture: Architecture): string {
  return architecture === HOST ? 'gcc' : `${ARCHITECTURES[architecture].triplet}-gcc`;
}

/**
 * Throws `UNAVAILABLE` with a reason where a machine of that architecture cannot be started here. What is missing and
 * is a package of Debian's is installed, where this process may do that.
 */
export function requireTools(architecture: Architecture): void {
  const missing = ['apt-get', 'dpkg-deb', 'tar'].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) throw unavailable(`lacks ${missing.join(', ')}: the kernels are Debian's packages`);
  const packages = packagesMissing(architecture);
  if (packages.length === 0) return;
  if (process.getuid?.() === ROOT_UID) installPackages(packages);
  const still = packagesMissing(architecture);
  if (still.length > 0) throw unavailable(`lacks ${still.join(' ')} (Debian: apt-get install)`);
}

/** An error that is a reason to skip, not to fail. */
export function unavailable(reason: string): OpError {
  return new OpError({ op: 'start a machine', code: 'UNAVAILABLE', message: reason });
}

function packagesMissing(architecture: Architecture): string[] {
  const { triplet, emulator, emulatorPackage } = ARCHITECTURES[architecture];
  const compilerPackages =
    architecture === HOST ? ['gcc', 'libc6-dev'] : [`gcc-${triplet}`, `libc6-dev-${architecture}-cross`];
  return [
    ...(Bun.which(emulator) === null ? [emulatorPackage] : []),
    ...(Bun.which(compilerFor(architecture)) === null ? compilerPackages : []),
  ];
}

function installPackages(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  Bun.spawnSync(['apt-get', 'install', '-qq', '--no-install-recommends', ...packages], {
    env,
    stdout: 'ignore',
    stderr: 'ignore',
  });
}
