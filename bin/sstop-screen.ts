import { ignoreUnnamedSignals, secondsEastOfUtc } from '../platforms/index.ts';
import { exitSummary } from '../src/apps/sstop/exit-summary.ts';
import { groupsFor, keymapOf } from '../src/apps/sstop/keymap.ts';
import type { Effect, Message, Model, PlaybackCommand } from '../src/apps/sstop/model.ts';
import { type SstopProgram, sstopProgram } from '../src/apps/sstop/program.ts';
import { prepared } from '../src/apps/sstop/rows.ts';
import { Sampler } from '../src/apps/sstop/sampler.ts';
import type { Signaller } from '../src/data/sample/platform.ts';
import { useLocalTime } from '../src/kit/text/clock-text.ts';
import type { Controls, ExitReason } from '../src/screen/loop/program.ts';
import { runProgram } from '../src/screen/loop/run-program.ts';
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE, exitCodeOfSignal } from './exit-codes.ts';
import { exportView } from './export-view.ts';
import { withInjectedFault } from './fault-injection.ts';
import { readFilterOption } from './filter-option.ts';
import { complain } from './messages.ts';
import { nameLookup } from './name-lookup.ts';
import { playbackProblem } from './playback-problem.ts';
import { playbackState, steer } from './playback-steering.ts';
import type { SstopInput } from './sstop-input.ts';
import { exceptionFields } from './sstop-log-line.ts';
import { rehearse } from './sstop-rehearsal.ts';
import type { Settings } from './sstop-settings.ts';
import { groupsHere, terminalOptions } from './terminal-options.ts';

/** How long a row that crossed the alert's threshold stands out before it settles to a sign: seen, and no blinking. */
const FLASH_MILLIS = 1500;

type ScreenControls = Controls<Model, Message>;

/** Runs the screen on this terminal until it is left, then prints the summary. */
export async function runScreen(
  settings: Settings,
  input: SstopInput,
  signaller: Signaller | undefined,
): Promise<number> {
  // One that cannot be read would be shown as in force, and hold nothing back.
  if (settings.filter !== '' && readFilterOption(settings, input) === undefined) return EXIT_USAGE;
  return new Screen(settings, input, signaller).run();
}

class Screen {
  readonly #settings: Settings;
  readonly #input: SstopInput;
  readonly #signaller: Signaller | undefined;
  readonly #sampler: Sampler;
  readonly #startMillis = performance.now();
  /** Said again when the screen is left: a notice lasts until the next key. */
  readonly #problems: string[] = [];
  #controls: ScreenControls | undefined;
  #isBreakTold = false;

  constructor(settings: Settings, input: SstopInput, signaller: Signaller | undefined) {
    this.#settings = settings;
    this.#input = input;
    this.#signaller = signaller;
    this.#sampler = new Sampler(input.source, settings.intervalMillis, {
      prepare: async (data, slice) => {
        const model = this.#controls?.model;
        if (model !== undefined) await prepared(model, data, slice);
      },
      sampled: (data) => {
        this.#tellProgress();
        this.#controls?.dispatch({ kind: 'sampled', data });
      },
      failed: ({ message }) => this.#controls?.dispatch({ kind: 'failed', message }),
    });
    input.playback?.observe((snapshot) => {
      if (snapshot.network !== undefined) this.#sampler.rates.update(snapshot.network, snapshot.header);
    });
    input.link?.onChange(() => this.#tellLink());
    input.names.onChange = () => this.#controls?.repaint();
    input.onProblem = (message) => this.#tellProblem(message);
  }

  async run(): Promise<number> {
    const { color, mouse, durationMillis } = this.#settings;
    if (secondsEastOfUtc !== undefined) useLocalTime(secondsEastOfUtc);
    await ignoreUnnamedSignals();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let starting: ReturnType<typeof setImmediate> | undefined;
    const reason = await runProgram<Model, Message, Effect>(withInjectedFault(this.#program()), {
      ...terminalOptions(),
      color,
      mouse,
      effect: (effect, controls) => this.#carryOut(effect, controls),
      started: (controls) => {
        this.#controls = controls;
        this.#tellLink();
        // A turn of its own: keys typed at the first frame do not wait for what the first sample begins with.
        starting = setImmediate(() => this.#sampler.start());
        void rehearse(this.#program(), () => this.#sampler.data !== undefined);
        if (durationMillis !== undefined) timer = setTimeout(() => controls.quit(), durationMillis);
      },
    });
    clearTimeout(timer);
    clearImmediate(starting);
    this.#sampler.stop();
    this.#input.onProblem = (message) => complain('sstop', message);
    this.#logEnd(reason);
    return this.#leave(reason);
  }

  #program(): SstopProgram {
    const { settings, input } = { settings: this.#settings, input: this.#input };
    return sstopProgram({
      ...settings,
      keymap: keymapOf(groupsHere(groupsFor(settings.keymap.groups, input.playback !== undefined))),
      canSignal: input.playback === undefined && this.#signaller !== undefined,
      // Another machine's process of that number is another process.
      ownPid: input.link === undefined ? process.pid : 0,
      names: nameLookup(input.names),
    });
  }

  #carryOut(effect: Effect, controls: ScreenControls): void {
    switch (effect.kind) {
      case 'set-interval':
        this.#sampler.setInterval(effect.intervalMillis);
        break;
      case 'set-mouse':
        controls.setMouse(effect.isOn);
        break;
      case 'set-dns':
        this.#input.names.setDns(effect.isOn);
        break;
      case 'signal': {
        const { pid, startTicks, signal } = effect;
        if (this.#signaller === undefined) break;
        const outcome = this.#signaller.send(pid, startTicks, signal);
        this.#input.log.event('info', 'signal-sent', { pid, signal, outcome });
        controls.dispatch({ kind: 'signalled', outcome });
        break;
      }
      case 'playback':
        this.#steer(effect.command);
        break;
      case 'export':
        this.#export(controls);
        break;
      case 'alarm':
        controls.bell();
        setTimeout(() => controls.dispatch({ kind: 'settled', round: effect.round }), FLASH_MILLIS).unref();
        break;
      case 'redraw':
        controls.redraw();
        break;
      case 'suspend':
        controls.suspend();
        break;
    }
  }

  #steer(command: PlaybackCommand): void {
    const { playback } = this.#input;
    if (playback === undefined) return;
    steer(playback, command);
    this.#tellProgress();
    this.#sampler.sampleNow();
  }

  #tellProgress(): void {
    const { playback } = this.#input;
    if (playback === undefined) return;
    const path = this.#settings.playbackPath ?? '';
    this.#controls?.dispatch({ kind: 'played', playback: playbackState(playback, path) });
    if (this.#isBreakTold) return;
    const problem = playbackProblem(path, playback.progress);
    if (problem === undefined) return;
    this.#isBreakTold = true;
    this.#tellProblem(problem);
  }

  #tellLink(): void {
    const { link } = this.#input;
    if (link !== undefined) this.#controls?.dispatch({ kind: 'linked', link: link.status });
  }

  #tellProblem(message: string): void {
    this.#problems.push(message);
    this.#controls?.dispatch({ kind: 'noticed', text: message, isBad: true });
  }

  #export(controls: ScreenControls): void {
    const { text, isBad, path } = exportView(controls.model);
    if (path !== undefined) this.#input.log.event('info', 'exported', { file: path });
    controls.dispatch({ kind: 'noticed', text, isBad });
  }

  #logEnd(reason: ExitReason): void {
    const { log } = this.#input;
    if (reason.kind === 'signal') log.event('info', 'signal', { signal: reason.signal });
    if (reason.kind === 'gone') log.event('warning', 'terminal-gone', { code: reason.error.code });
    if (reason.kind === 'crash') log.lastWords('error', 'exception', exceptionFields(reason.error));
  }

  /** The terminal is as it was: say what is to be said, if anybody is left to read it. */
  #leave(reason: ExitReason): number {
    if (reason.kind !== 'gone') for (const problem of this.#problems) complain('sstop', problem);
    switch (reason.kind) {
      case 'quit':
        this.#printSummary();
        return EXIT_OK;
      case 'signal':
        if (reason.signal !== 'SIGHUP') this.#printSummary();
        return exitCodeOfSignal(reason.signal);
      case 'gone':
        return exitCodeOfSignal('SIGHUP');
      case 'crash':
        complain('sstop', `internal error: ${reason.error.message}`);
        return EXIT_FAILURE;
    }
  }

  #printSummary(): void {
    const { data } = this.#sampler;
    const model = this.#controls?.model;
    if (data === undefined || model === undefined) return;
    const micros = (performance.now() - this.#startMillis) * 1000;
    process.stdout.write(exitSummary(data, micros, { ...model.scope, interfaceIndex: undefined }));
  }
}
