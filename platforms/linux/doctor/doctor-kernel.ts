import { readFileSync, statSync } from 'node:fs';

/** What the kernel offers to the tiers, this release's and later ones. */
export interface KernelFacts {
  /** Such as `6.18.44`. */
  readonly release: string;
  /** Size of /sys/kernel/btf/vmlinux in bytes; undefined: not there. */
  readonly btfBytes: number | undefined;
  /** kernel.unprivileged_bpf_disabled: 0 allowed, 1 forbidden for good, 2 forbidden; undefined: no BPF system call. */
  readonly unprivilegedBpfDisabled: number | undefined;
  /** The mode of /sys/kernel/security/lockdown; undefined where there is none. */
  readonly lockdown: string | undefined;
  /** net.core.rmem_max in bytes. */
  readonly receiveBufferMaxBytes: number | undefined;
  /** kernel.modules_disabled: no module can be loaded until the next start. */
  readonly areModulesClosed: boolean;
}

/** Reads what is there below the roots. Never throws. */
export function examineKernel(procRoot: string, sysRoot: string): KernelFacts {
  const setting = (path: string): string | undefined => readText(`${procRoot}/sys/${path}`)?.trim();
  const lockdown = readText(`${sysRoot}/kernel/security/lockdown`);
  return {
    release: setting('kernel/osrelease') ?? 'of unknown release',
    btfBytes: statSync(`${sysRoot}/kernel/btf/vmlinux`, { throwIfNoEntry: false })?.size,
    unprivilegedBpfDisabled: parseSetting(setting('kernel/unprivileged_bpf_disabled')),
    lockdown: lockdown === undefined ? undefined : parseLockdown(lockdown),
    receiveBufferMaxBytes: parseSetting(setting('net/core/rmem_max')),
    areModulesClosed: setting('kernel/modules_disabled') === '1',
  };
}

/** The text of a small file of the kernel; undefined where it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A setting that is a number of at most 15 digits. */
export function parseSetting(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The mode in brackets of `none [integrity] confidentiality`. */
export function parseLockdown(text: string): string | undefined {
  return /\[([a-z]+)\]/.exec(text)?.[1];
}
