import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Slice } from '../../../src/data/sample/slice.ts';

/** Never asks to rest. */
export const UNHURRIED: Slice = {
  due: () => false,
  rest: () => Promise.resolve(),
};

/** Rests whenever it is asked, and counts. */
export function restlessSlice(): Slice & { rests: number } {
  return {
    rests: 0,
    due: () => true,
    rest() {
      this.rests++;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** A file of /proc/PID/task/TID by thread, without the threads that end while they are read. */
export function threadTexts(pid: number | 'self', file: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    try {
      texts.set(tid, readFileSync(`/proc/${pid}/task/${tid}/${file}`, 'latin1'));
    } catch (thrown) {
      if (!['ENOENT', 'ESRCH'].includes((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown;
    }
  }
  return texts;
}

/**
 * Resolves once a child has become the program of this command line. Before its exec has ended it has the name and the
 * arguments of who started it, or none: after Bun.spawn for a moment, after a shell's `&` for longer.
 */
export async function untilRuns(pid: number, commandLine: string): Promise<void> {
  const words = (): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trimEnd();
  while (words() !== commandLine) await Bun.sleep(1);
}

/**
 * For `sh -c`: leaves a zombie behind, whose number it prints, and becomes sleep(1), which asks for nobody. The child
 * ends after that: a shell may have asked for one that was faster.
 */
export const ZOMBIE =
  `sh -c 'until grep -qx sleep "/proc/$0/comm"; do :; done; exit 3' "$$" & echo "$!"; exec sleep 1000`;

/** Resolves once every thread of a process is in this state, a letter of proc_pid_stat(5). */
export async function untilInState(pid: number, state: 'S' | 'T' | 'Z'): Promise<void> {
  const states = () => [...threadTexts(pid, 'stat').values()].map((stat) => stat[stat.lastIndexOf(')') + 2]);
  while (!states().every((each) => each === state)) await Bun.sleep(1);
}

/**
 * Whether root may not look at a process: kernels that guard the first process of a virtual machine in that way hide it
 * from programs in the kernel, too.
 */
export function isGuarded(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/pid`);
    return false;
  } catch (thrown) {
    return process.geteuid?.() === 0 && (thrown as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** The processes that /proc lists. */
function listedPids(): Set<number> {
  return new Set(readdirSync('/proc').map(Number).filter(Number.isInteger));
}

/**
 * What a collection of all processes got wrong, however many come and go meanwhile: `missing` are those that /proc
 * lists before and after it, `strange` those that it lists neither before nor after, and that are there all the same.
 */
export async function comparedWithProc(
  collect: () => Iterable<number> | Promise<Iterable<number>>,
): Promise<{ missing: number[]; strange: number[] }> {
  const before = listedPids();
  const seen = new Set(await collect());
  const after = listedPids();
  return {
    missing: [...before].filter((pid) => after.has(pid) && !seen.has(pid) && !isGuarded(pid)),
    strange: [...seen].filter((pid) => !before.has(pid) && !after.has(pid) && listedPids().has(pid)),
  };
}

/** Descriptors of this process by number; those of other tests in it may close at any time. */
export function openDescriptors(): Set<string> {
  return new Set(readdirSync('/proc/self/fd').filter((name) => existsSync(`/proc/self/fdinfo/${name}`)));
}

/** Lines of a child's output, as they come. */
export async function* outputLines(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
}
