import { expectProgramText, releaseProgramText } from '../platforms/index.ts';
import type { RestingMemory } from '../src/data/recording/history-recorder.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import type { LogLevel } from '../src/programs/shared/event-log.ts';

/** Whoever keeps events. */
interface MemoryLog {
  event(level: LogLevel, event: string, fields: Readonly<Record<string, string>>): void;
}

/** By then the first screens, the first rates and what they compile are over; 10 ms once are not noticed. */
const SETTLED_MILLIS = 5000;

/**
 * Gives back, once, what only the start has needed: code of this program and of the runtime, and what the engine has
 * made of it; some 30 MB of the resident memory, as sstop.load.system.test.ts prints it. Hardly anything is compiled by
 * then, and what runs again is there again at once. Returns what calls it off.
 */
export function giveBackStartMemory(log: MemoryLog): () => void {
  const timer = setTimeout(() => {
    Bun.shrink();
    giveBackText(log);
  }, SETTLED_MILLIS);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Code of this executable, for a program that works for a moment and then rests. */
export function restingMemory(log: MemoryLog): RestingMemory {
  return { expect: () => tryTo(expectProgramText, log), giveBack: () => giveBackText(log) };
}

/** Gives back code of this executable that was run and may not be for a while; what is needed again comes back. */
function giveBackText(log: MemoryLog): void {
  tryTo(releaseProgramText, log);
}

/** Nobody is the worse for pages that stay. */
function tryTo(work: () => Promise<void>, log: MemoryLog): void {
  void work().catch((thrown: unknown) => {
    const { op, code, message } = toOpError('release program text', thrown);
    log.event('warning', 'memory', { op, code, message });
  });
}
