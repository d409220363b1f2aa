import type { DoctorSection, Platform, System } from '../src/data/sample/platform.ts';
import { OpError } from '../src/kit/errors/op-error.ts';
import { useUserRights, withUserRights } from '../src/kit/files/user-file.ts';
import { type ChildOutput, outputOf } from './child-output.ts';
import { systemNamed } from './system.ts';

/** The runtime's name of the system that this is; agents tell their clients. */
export const platformName: string = process.platform;

/** What the programs have to know of the system that they run on, whether or not it can be watched. */
export const system: System = systemNamed(platformName, process.env);

// No static imports: what they name opens the C library of Linux at once. `process.platform` is a constant of each
// build for another system, so that its bundle holds none of this (platforms/client-bundle.test.ts). What collects is
// loaded when it is asked for: a screen is painted before.
const linux =
  process.platform === 'linux'
    ? {
        ...(await import('./linux/start-calls.ts')).startCalls,
        loadPlatform: () => import('./linux/linux-platform.ts'),
        loadHandedPrograms: () => import('./linux/handed-programs.ts'),
        loadPrivilegeDrop: () => import('./linux/privilege-drop.ts'),
        loadLibc: () => import('./linux/libc.ts'),
        loadServiceManager: () => import('./linux/service-manager.ts'),
        loadProgramText: () => import('./linux/program-text.ts'),
        loadChildProgram: () => import('./linux/child-program.ts'),
      }
    : undefined;
const darwin =
  process.platform === 'darwin' ? { loadPlatform: () => import('./darwin/darwin-platform.ts') } : undefined;
/** Names the descriptors of what counts in the kernel already, to the program that was started anew. */
const HANDED_VARIABLE = 'SSTOP_HANDED';
const handedText = process.env[HANDED_VARIABLE];
delete process.env[HANDED_VARIABLE];
let handed =
  handedText === undefined ? undefined : (await linux?.loadHandedPrograms())?.adoptPrograms(handedText);
/** Root reads every file anyway; a capability of the executable must not let its user do so. */
const isOrdinaryUser = process.getuid?.() !== 0;

// Files that the user names are opened with his own rights whenever that is, a screen that collects included.
if (isOrdinaryUser && linux !== undefined) useUserRights(linux.withoutCapabilities);

/** Until `raisePrivileges`, files are opened with the rights of the user alone. Throws SyscallError. */
export function lowerPrivileges(): void {
  if (isOrdinaryUser) linux?.lowerCapabilities();
}

/** What the executable may do is in force again, for collecting. Throws SyscallError. */
export function raisePrivileges(): void {
  if (isOrdinaryUser) linux?.raiseCapabilities();
}

/**
 * Cuts what the program may do down to what collecting needs, for good once it has executed itself anew; true: there
 * was something to cut, and it is to do so. `needsLowPort`: it will listen below 1024. Throws SyscallError.
 */
export async function dropPrivileges(needsLowPort: boolean): Promise<boolean> {
  if (linux === undefined) return false;
  return (await linux.loadPrivilegeDrop()).dropPrivileges(needsLowPort);
}

/**
 * Whether the executable gives more rights than its user has: its name is then the file's, not what its user calls it.
 */
export async function isSecureExecution(): Promise<boolean> {
  // Elsewhere only another user's identity gives rights.
  if (linux === undefined) return process.getuid?.() !== process.geteuid?.();
  return (await linux.loadLibc()).isSecureExecution();
}

/**
 * Tells whoever started this program as a service a line such as `READY=1`; nobody did: nothing. Throws SyscallError.
 */
export async function tellServiceManager(state: string): Promise<void> {
  const address = process.env['NOTIFY_SOCKET'] ?? '';
  if (linux === undefined || address === '') return;
  const { notifyServiceManager } = await linux.loadServiceManager();
  withUserRights(() => notifyServiceManager(address, state));
}

/**
 * For a program that needs no privilege but to set up: starts it anew without, once that is done. Returns where there
 * was nothing to give up, or no way to, with none in force. Rejects with SyscallError.
 *
 * @param sniff as NetworkOptions has it
 */
export async function restartWithoutPrivileges(
  executable: string,
  argv: readonly string[],
  sniff: boolean,
): Promise<void> {
  if (handed !== undefined) return;
  const programs = await linux?.loadHandedPrograms();
  raisePrivileges();
  try {
    handed = programs?.restartWithoutPrivileges(executable, argv, HANDED_VARIABLE, sniff);
  } finally {
    lowerPrivileges();
  }
}

/**
 * For a screen: signals that it cannot be told of do not end it with the terminal left as it is. Throws SyscallError.
 */
export async function ignoreUnnamedSignals(): Promise<void> {
  linux?.ignoreUnnamedSignals();
}

let programText: typeof import('./linux/program-text.ts') | undefined;

/** An agent with a history asks for it twice a sample. */
async function loadProgramText(): Promise<typeof programText> {
  programText ??= await linux?.loadProgramText();
  return programText;
}

/** Lets go of the memory that only the start has needed, where that is known how. Rejects with SyscallError. */
export async function releaseProgramText(): Promise<void> {
  (await loadProgramText())?.releaseProgramText();
}

/** Much of the program is about to be run, for who has released it before: it comes back faster. */
export async function expectProgramText(): Promise<void> {
  (await loadProgramText())?.expectProgramText();
}

/**
 * Runs a program without any capability, with these variables and PATH alone in its environment, until it ends or one
 * of the limits is met: then it is killed. Rejects with OpError: `ENOENT`, `EINVAL` its path is not absolute.
 */
export async function runProgram(
  [path = '', ...args]: readonly string[],
  variables: Readonly<Record<string, string>>,
  limits: { readonly deadlineMillis: number; readonly limit: number; readonly complaintLimit: number },
): Promise<ChildOutput> {
  if (linux === undefined) throw new OpError({ op: 'start program', code: 'ENOTSUP' });
  const { startChild } = await linux.loadChildProgram();
  return outputOf(startChild([path], args, variables), limits);
}

/** Locks an open file for this program, without waiting; false: another one has it. Rejects with OpError `ENOTSUP`. */
export async function lockFile(descriptor: number): Promise<boolean> {
  const libc = await linux?.loadLibc();
  if (libc !== undefined) return libc.lockFile(descriptor) === 0;
  throw new OpError({ op: 'lock', code: 'ENOTSUP', message: `files are not locked on ${system.name}` });
}

/** How far local time is ahead of UTC, in seconds, by the wall time in milliseconds; undefined: the runtime knows. */
export const secondsEastOfUtc = linux?.secondsEastOfUtc;

/** The terminal by the system's calls; undefined: the runtime's streams know it. */
export const terminalControl = linux?.terminalControl;

export const isTerminal: (descriptor: number) => boolean =
  terminalControl?.isTerminal ?? (await import('node:tty')).isatty;

/** Whether this program can watch the machine that it runs on, and not only ask agents of others. */
export const isWatchable = linux !== undefined || darwin !== undefined;

/** Whether an agent can run on this machine. */
export const isServable = linux !== undefined;

/** What an examination has found, for people and for programs. */
interface Examination {
  sections(userName: (uid: number) => string): readonly DoctorSection[];
  json(version: string): string;
}

/** Examines this machine; `executablePath`: of this program, undefined: it runs from source. */
type Examine = (executablePath: string | undefined) => Promise<Examination>;

/** undefined: it cannot be watched. */
export const examineMachine: Examine | undefined =
  process.platform === 'linux'
    ? async (executablePath) => {
        const [doctor, words, json] = await Promise.all([
          import('./linux/doctor/doctor.ts'),
          import('./linux/doctor/doctor-words.ts'),
          import('./linux/doctor/doctor-json.ts'),
        ]);
        const found = doctor.examineLinux({ executablePath });
        return {
          sections: (userName) => words.doctorSections(found, userName),
          json: (version) => json.doctorJson(version, found),
        };
      }
    : process.platform === 'darwin'
      ? async () => {
          const doctor = await import('./darwin/darwin-doctor.ts');
          const found = doctor.examineDarwin();
          return {
            sections: () => doctor.darwinSections(found),
            json: (version) => doctor.darwinJson(version, found),
          };
        }
      : undefined;

/** Loads the reader of another machine through its shell; it reads nothing of this machine. */
export const loadShell = () => import('./linux/shell/shell-platform.ts');

/** The machine that this program runs on. Rejects with OpError (`ENOTSUP`) where it cannot be watched. */
export async function currentPlatform(): Promise<Platform> {
  const taken = handed;
  handed = undefined;
  if (linux !== undefined) return new (await linux.loadPlatform()).LinuxPlatform({ handed: taken });
  if (darwin !== undefined) return new (await darwin.loadPlatform()).DarwinPlatform();
  const message = `${system.name} cannot be monitored directly`;
  throw new OpError({ op: 'platform', code: 'ENOTSUP', message });
}
