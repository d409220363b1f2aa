import { NativeBuffer, orThrow, processControl, SyscallError, systemCall } from './libc.ts';

const [FCNTL, EXECVE] = process.arch === 'arm64' ? [25, 221] : [72, 59];
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** linux/prctl.h */
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_GET_NO_NEW_PRIVS = 39;
const POINTER_BYTES = 8;

/** Whether the descriptor is there for the program that replaces this one. Throws SyscallError. */
export function setInherited(descriptor: number, isInherited: boolean): void {
  orThrow(systemCall(FCNTL, descriptor, F_SETFD, isInherited ? 0 : FD_CLOEXEC), 'fcntl', 'F_SETFD');
}

/** From now on no program that this thread becomes has more rights than the thread has. Throws SyscallError. */
export function forbidNewPrivileges(): void {
  orThrow(processControl(PR_SET_NO_NEW_PRIVS, 1), 'prctl', 'PR_SET_NO_NEW_PRIVS');
}

/** From now on other processes of the user cannot attach to this one, nor take its descriptors. Throws SyscallError. */
export function forbidAttaching(): void {
  orThrow(processControl(PR_SET_DUMPABLE), 'prctl', 'PR_SET_DUMPABLE');
}

/** Whether this program can have gained no rights by being executed: capabilities of its file were passed over. */
export function areNewPrivilegesForbidden(): boolean {
  return processControl(PR_GET_NO_NEW_PRIVS) === 1;
}

/**
 * execve(2): this process becomes another program, with all its threads gone but one. Returns never; throws
 * SyscallError where the kernel refuses.
 */
export function replaceProgram(
  path: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): never {
  const file = NativeBuffer.ofPath(path);
  const args = new StringArray(argv);
  const pairs = Object.entries(environment).filter(([, value]) => value !== undefined);
  const variables = new StringArray(pairs.map(([name, value]) => `${name}=${value}`));
  const result = systemCall(EXECVE, file.pointer, args.table.pointer, variables.table.pointer);
  throw new SyscallError('execve', -result, path);
}

/** A NULL-terminated array of strings, which it keeps. */
class StringArray {
  readonly table: NativeBuffer;
  readonly #strings: readonly NativeBuffer[];

  constructor(strings: readonly string[]) {
    this.#strings = strings.map((text) => NativeBuffer.ofPath(text));
    this.table = new NativeBuffer((strings.length + 1) * POINTER_BYTES);
    for (const [index, { pointer }] of this.#strings.entries()) {
      this.table.view.setBigUint64(index * POINTER_BYTES, BigInt(pointer), true);
    }
  }
}
