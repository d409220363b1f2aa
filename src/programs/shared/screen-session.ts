import type { Signaller, SignalOutcome, System } from '../../data/sample/platform.ts';
import { useLocalTime } from '../../kit/text/format.ts';
import type { Controls, ExitReason, Program } from '../../screen/loop/program.ts';
import { type RunOptions, runProgram } from '../../screen/loop/run-program.ts';
import type { TerminalControl } from '../../screen/terminal/terminal-input.ts';
import { AnsiBackend } from '../../screen/terminal/terminal-output.ts';
import type { ScreenEffect } from '../../views/screen-update.ts';
import { COLLECTED_MILLIS, Garbage } from './garbage.ts';
import { complain, EXIT_FAILURE, EXIT_OK, exitCodeOfSignal } from './messages.ts';

/** Facts about the operating system, supplied by the entry point. */
export interface ScreenSystem {
  readonly system: System;
  /** undefined: the runtime's streams are used. */
  readonly terminalControl: TerminalControl | undefined;
  /** Offset of local time from UTC in seconds at a wall time in milliseconds; undefined: use the runtime's. */
  readonly secondsEastOfUtc: ((wallMillis: number) => number) | undefined;
  /** Ignores signals without a handler, which would leave the terminal as it is. Rejects with OpError. */
  ignoreUnnamedSignals(): Promise<void>;
}

type ScreenOptions<Model, Message, Effect> = Pick<
  RunOptions<Model, Message, Effect>,
  'color' | 'mouse' | 'effect'
> & {
  /** Time limit of the program, milliseconds. */
  readonly durationMillis: number | undefined;
  started(controls: Controls<Model, Message>): void;
};

/** Runs a program on this process's terminal until it quits. */
export async function runOnTerminal<Model, Message, Effect>(
  program: Program<Model, Message, Effect>,
  { system, terminalControl, secondsEastOfUtc, ignoreUnnamedSignals }: ScreenSystem,
  { durationMillis, started, ...options }: ScreenOptions<Model, Message, Effect>,
): Promise<ExitReason> {
  if (secondsEastOfUtc !== undefined) useLocalTime(secondsEastOfUtc);
  await ignoreUnnamedSignals();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const garbage = new Garbage();
  const collecting = setInterval(() => void garbage.collect(), COLLECTED_MILLIS);
  const reason = await runProgram<Model, Message, Effect>(program, {
    backend: new AnsiBackend(system.terminalPath, terminalControl),
    environment: system.terminalEnvironment(process.env),
    hasJobControl: system.hasJobControl,
    ...options,
    started: (controls) => {
      started(controls);
      if (durationMillis !== undefined) timer = setTimeout(() => controls.quit(), durationMillis);
    },
  });
  clearTimeout(timer);
  clearInterval(collecting);
  return reason;
}

export type Terminal = Pick<Controls<unknown, unknown>, 'setMouse' | 'redraw' | 'suspend' | 'bell'>;

/** Terminal options of every screen. */
export function carryOutOnTerminal(
  effect: Extract<ScreenEffect, { kind: 'set-mouse' | 'redraw' | 'suspend' }>,
  terminal: Terminal,
): void {
  switch (effect.kind) {
    case 'set-mouse':
      terminal.setMouse(effect.isOn);
      break;
    case 'redraw':
      terminal.redraw();
      break;
    case 'suspend':
      terminal.suspend();
      break;
  }
}

/** Sends a signal where that is possible; `told` is given what became of it, at once or later. */
export function sendSignal(
  signaller: Signaller | undefined,
  { pid, startTicks, signal }: { readonly pid: number; readonly startTicks: number; readonly signal: number },
  told: (outcome: SignalOutcome) => void,
): void {
  const sent = signaller?.send(pid, startTicks, signal) ?? 'not-permitted';
  if (typeof sent === 'string') told(sent);
  else void sent.then(told);
}

/** Returns the exit code of a finished screen. The terminal is restored, so a crash is printed. */
export function exitCodeOf(program: string, reason: ExitReason): number {
  switch (reason.kind) {
    case 'quit':
      return EXIT_OK;
    case 'signal':
      return exitCodeOfSignal(reason.signal);
    case 'gone':
      return exitCodeOfSignal('SIGHUP');
    case 'crash':
      complain(program, `internal error: ${reason.error.message}`);
      return EXIT_FAILURE;
  }
}

/** Returns why a screen cannot run here; undefined: it can. */
export function screenObstacle(
  system: System,
  isTerminal: (descriptor: number) => boolean,
): string | undefined {
  if (!isTerminal(1)) return 'standard output is not a terminal';
  if (!isTerminal(0)) return 'standard input is not a terminal';
  const term = system.terminalEnvironment(process.env)['TERM'] ?? '';
  if (term === '' || term === 'dumb') return `the screen does not work with TERM="${term}"`;
  return undefined;
}

/** Returns why this machine cannot be monitored, with an alternative; undefined: it can. */
export function localObstacle(
  program: 'sstop' | 'socktop',
  { isWatchable, system }: { readonly isWatchable: boolean; readonly system: System },
): string | undefined {
  if (isWatchable) return undefined;
  return `${system.name} cannot be monitored directly; add a URL: ${program} ssh://HOST, or wss://HOST:8443/ws for an agent`;
}
