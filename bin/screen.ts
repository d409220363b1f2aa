import { ignoreUnnamedSignals, secondsEastOfUtc, system } from '../platforms/index.ts';
import type { Signaller } from '../src/data/sample/platform.ts';
import { useLocalTime } from '../src/kit/text/format.ts';
import { groupsWithout, type KeyGroup } from '../src/programs/config/keymap.ts';
import type {
  Effect as NetworkEffect,
  Message as NetworkMessage,
  Model as NetworkModel,
} from '../src/programs/sstop/sstop-model.ts';
import type { Controls, ExitReason, Program } from '../src/screen/loop/program.ts';
import { type RunOptions, runProgram } from '../src/screen/loop/run-program.ts';
import { AnsiBackend } from '../src/screen/terminal/backend.ts';
import type { PlaybackCommand } from '../src/views/screen-update.ts';
import { EXIT_FAILURE, EXIT_OK, exitCodeOfSignal } from './exit-codes.ts';
import { exportView } from './export-view.ts';
import { complain } from './messages.ts';
import type { EventLog } from './sstop-log.ts';

/** How long a row that crossed the alert's threshold stands out before it settles to a sign: seen, and no blinking. */
const FLASH_MILLIS = 1500;
const WITHOUT_JOB_CONTROL: ReadonlySet<string> = new Set(['suspend']);

type ScreenOptions<Model, Message, Effect> = Pick<
  RunOptions<Model, Message, Effect>,
  'color' | 'mouse' | 'effect'
> & {
  /** Ends the program after so long. */
  readonly durationMillis: number | undefined;
  started(controls: Controls<Model, Message>): void;
};

/** Runs a program on this process's terminal until it is left. */
export async function runOnTerminal<Model, Message, Effect>(
  program: Program<Model, Message, Effect>,
  { durationMillis, started, ...options }: ScreenOptions<Model, Message, Effect>,
): Promise<ExitReason> {
  if (secondsEastOfUtc !== undefined) useLocalTime(secondsEastOfUtc);
  await ignoreUnnamedSignals();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reason = await runProgram<Model, Message, Effect>(program, {
    backend: new AnsiBackend(system.terminalPath),
    environment: system.terminalEnvironment(process.env),
    hasJobControl: system.hasJobControl,
    ...options,
    started: (controls) => {
      started(controls);
      if (durationMillis !== undefined) timer = setTimeout(() => controls.quit(), durationMillis);
    },
  });
  clearTimeout(timer);
  return reason;
}

/** The groups of keys without those that do nothing on this system. */
export function groupsHere<Action extends string>(
  groups: readonly KeyGroup<Action>[],
): readonly KeyGroup<Action>[] {
  return system.hasJobControl ? groups : groupsWithout(groups, WITHOUT_JOB_CONTROL);
}

type Terminal = Pick<Controls<unknown, unknown>, 'setMouse' | 'redraw' | 'suspend' | 'bell'>;

/** What every screen asks of the terminal. */
export function carryOutOnTerminal(
  effect: Extract<NetworkEffect, { kind: 'set-mouse' | 'redraw' | 'suspend' }>,
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

/** What lies around the network views of one machine. */
interface NetworkOutside {
  readonly names: { setDns(isOn: boolean): void };
  readonly signaller: Signaller | undefined;
  readonly model: NetworkModel | undefined;
  readonly log: EventLog;
  tell(message: NetworkMessage): void;
  steer(command: PlaybackCommand): void;
  /** The model's interval has changed. */
  setInterval(): void;
}

/** What the network views ask of what is around them. */
export function carryOutNetwork(effect: NetworkEffect, terminal: Terminal, outside: NetworkOutside): void {
  const { names, signaller, model, log, tell, steer, setInterval } = outside;
  switch (effect.kind) {
    case 'set-interval':
      setInterval();
      break;
    case 'set-dns':
      names.setDns(effect.isOn);
      break;
    case 'signal': {
      const { pid, startTicks, signal } = effect;
      const outcome = signaller?.send(pid, startTicks, signal) ?? 'not-permitted';
      log.event('info', 'signal-sent', { pid, signal, outcome });
      tell({ kind: 'signalled', outcome });
      break;
    }
    case 'playback':
      steer(effect.command);
      break;
    case 'export': {
      if (model === undefined) break;
      const { text, isBad, path } = exportView(model);
      if (path !== undefined) log.event('info', 'exported', { file: path });
      tell({ kind: 'noticed', text, isBad });
      break;
    }
    case 'alarm':
      terminal.bell();
      setTimeout(() => tell({ kind: 'settled', round: effect.round }), FLASH_MILLIS).unref();
      break;
    case 'set-mouse':
    case 'redraw':
    case 'suspend':
      carryOutOnTerminal(effect, terminal);
      break;
  }
}

/** The exit code of a screen that was left; the terminal is as it was, so a crash is told. */
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
