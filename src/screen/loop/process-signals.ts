import { toOpError } from '../../kit/errors/op-error.ts';
import type { ExitSignal } from './program.ts';

/**
 * Signals whose default action ends the process silently, except:
 * SIGKILL, which cannot be caught; SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV and SIGSYS, by which the
 * engine detects its own crashes, after which no program code can run; SIGPWR, by which the engine
 * halts its threads, and 32 and 33, which are the C library's; SIGPIPE and SIGXFSZ, which the engine ignores; SIGSTKFLT
 * and the real-time signals, which the engine has no names for, and which the program is to ignore
 * (ignoreUnnamedSignals).
 */
const END_SIGNALS: readonly ExitSignal[] = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const),
  ...(['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGXCPU', 'SIGABRT'] as const),
];
/** Timeout for SIGTSTP to stop the process: an orphaned process group is never stopped. */
const STOP_MILLIS = 30;

/** Signal callbacks of a running program. */
interface ProcessEvents {
  end(signal: ExitSignal): void;
  crash(error: Error): void;
  /** SIGWINCH. */
  resized(): void;
  /** SIGTSTP. */
  suspend(): void;
  /** SIGCONT, or a stop that did not happen. */
  resumed(): void;
  /** Somebody ends the process here and now. */
  exit(): void;
}

/** The process's signals and last resorts while a program runs, and none of them afterwards. */
export class ProcessSignals {
  readonly #events: ProcessEvents;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isListening = false;

  constructor(events: ProcessEvents) {
    this.#events = events;
  }

  listen(): void {
    this.#isListening = true;
    for (const signal of END_SIGNALS) process.on(signal, this.#onEnd);
    process.on('SIGWINCH', this.#onResized);
    process.on('SIGTSTP', this.#onSuspend);
    process.on('SIGCONT', this.#onContinue);
    process.on('uncaughtException', this.#onCrash);
    process.on('unhandledRejection', this.#onCrash);
    process.on('exit', this.#onExit);
  }

  close(): void {
    this.#isListening = false;
    clearTimeout(this.#timer);
    for (const signal of END_SIGNALS) process.off(signal, this.#onEnd);
    process.off('SIGWINCH', this.#onResized);
    process.off('SIGTSTP', this.#onSuspend);
    process.off('SIGCONT', this.#onContinue);
    process.off('uncaughtException', this.#onCrash);
    process.off('unhandledRejection', this.#onCrash);
    process.off('exit', this.#onExit);
  }

  crash(thrown: unknown): void {
    this.#events.crash(thrown instanceof Error ? thrown : toOpError('run', thrown));
  }

  /**
   * Stops the process group with the default action of SIGTSTP, so that the shell sees a stopped job; unlike
   * SIGSTOP the kernel ignores it where no shell is there to resume anything (an orphaned process group).
   */
  stopJob(): void {
    process.off('SIGTSTP', this.#onSuspend);
    process.kill(0, 'SIGTSTP');
    this.#timer = setTimeout(this.#onContinue, STOP_MILLIS);
  }

  readonly #onEnd = (signal: NodeJS.Signals): void => {
    const known = END_SIGNALS.find((candidate) => candidate === signal);
    if (known !== undefined) this.#events.end(known);
  };

  readonly #onResized = (): void => this.#events.resized();
  readonly #onSuspend = (): void => this.#events.suspend();
  readonly #onCrash = (thrown: unknown): void => this.crash(thrown);
  readonly #onExit = (): void => this.#events.exit();

  readonly #onContinue = (): void => {
    clearTimeout(this.#timer);
    if (!this.#isListening) return;
    process.off('SIGTSTP', this.#onSuspend);
    process.on('SIGTSTP', this.#onSuspend);
    this.#events.resumed();
  };
}
