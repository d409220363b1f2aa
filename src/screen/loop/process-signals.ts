import { toOpError } from '../../kit/errors/op-error.ts';

/**
 * Signals whose default action ends the process silently, except:
 * SIGKILL, which cannot be caught; SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV and SIGSYS, by which the
 * engine detects its own crashes, after which no program code can run; SIGPWR, by which the engine
 * halts its threads, and 32 and 33, which are the C library's; SIGPIPE and SIGXFSZ, which the engine ignores; SIGSTKFLT
 * and the real-time signals, which the engine has no names for, and which the program is to ignore
 * (ignoreUnnamedSignals).
 */
const END_SIGNALS = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const),
  ...(['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGXCPU', 'SIGABRT'] as const),
] as const;

export type ExitSignal = (typeof END_SIGNALS)[number];

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
  readonly #process: NodeJS.EventEmitter = process;
  readonly #listeners: readonly (readonly [string, (thrown: unknown) => void])[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isListening = false;

  constructor(events: ProcessEvents) {
    this.#events = events;
    const crash = (thrown: unknown): void => this.crash(thrown);
    this.#listeners = [
      ...END_SIGNALS.map((signal) => [signal, () => events.end(signal)] as const),
      ['SIGWINCH', () => events.resized()],
      ['SIGTSTP', this.#onSuspend],
      ['SIGCONT', this.#onContinue],
      ['uncaughtException', crash],
      ['unhandledRejection', crash],
      ['exit', () => events.exit()],
    ];
  }

  listen(): void {
    this.#isListening = true;
    for (const [event, listener] of this.#listeners) this.#process.on(event, listener);
  }

  close(): void {
    this.#isListening = false;
    clearTimeout(this.#timer);
    for (const [event, listener] of this.#listeners) this.#process.off(event, listener);
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

  readonly #onSuspend = (): void => this.#events.suspend();

  readonly #onContinue = (): void => {
    clearTimeout(this.#timer);
    if (!this.#isListening) return;
    process.off('SIGTSTP', this.#onSuspend);
    process.on('SIGTSTP', this.#onSuspend);
    this.#events.resumed();
  };
}
