/** A system that executables are made for, by the name that stands in the files' names. */
export interface Target {
  readonly name: string;
  readonly system: 'linux' | 'darwin' | 'windows';
  readonly cpu: 'amd64' | 'arm64';
  /** Whether the C library is musl (Alpine); of Linux alone. */
  readonly isMusl: boolean;
}

/** All that Bun has a runtime for and that is released. There is none for 32-bit ARM or RISC-V. */
export const TARGETS: readonly Target[] = [
  ...(['', '-musl'] as const).flatMap((libc) =>
    (['amd64', 'arm64'] as const).map((cpu) => ({
      ...{ name: `linux-${cpu}${libc}`, system: 'linux' as const, cpu, isMusl: libc !== '' },
    })),
  ),
  { name: 'darwin-amd64', system: 'darwin', cpu: 'amd64', isMusl: false },
  { name: 'darwin-arm64', system: 'darwin', cpu: 'arm64', isMusl: false },
  { name: 'windows-amd64', system: 'windows', cpu: 'amd64', isMusl: false },
];

/** The target of this name; undefined for an unknown one. */
export function targetOf(name: string): Target | undefined {
  return TARGETS.find((target) => target.name === name);
}

/** The target that this machine is. Undefined where nothing is made for it. */
export function hostTarget(): Target | undefined {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const cpu = process.arch === 'x64' ? 'amd64' : process.arch;
  return targetOf(`${system}-${cpu}${isMuslHost() ? '-musl' : ''}`);
}

function isMuslHost(): boolean {
  if (process.platform !== 'linux') return false;
  const { header } = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  };
  return header?.glibcVersionRuntime === undefined;
}

/** The npm package with the runtime; package-lock.json has its version and sum. */
export function runtimePackageOf({ system, cpu, isMusl }: Target): string {
  return `@oven/bun-${system}-${cpu === 'amd64' ? 'x64' : 'aarch64'}${isMusl ? '-musl' : ''}`;
}

/** What `bun build --target` calls it. */
export function bunTargetOf({ system, cpu, isMusl }: Target): string {
  return `bun-${system}-${cpu === 'amd64' ? 'x64' : 'arm64'}${isMusl ? '-musl' : ''}`;
}

/** Of executables. */
export function suffixOf({ system }: Target): string {
  return system === 'windows' ? '.exe' : '';
}
