import { ProcessRows } from '../../data/query/process-rows.ts';
import type { Scope } from '../../data/query/scope.ts';
import type { RecordedSource } from '../../data/recording/recorded-source.ts';
import type { Signaller } from '../../data/sample/platform.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { ageText, bytesText, type RateUnits } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { Controls, ExitReason } from '../../screen/loop/program.ts';
import type { NetworkData } from '../../views/network/network-list.ts';
import type { PlaybackCommand, TravelCommand } from '../../views/screen-update.ts';
import { type EventLog, exceptionFields } from '../shared/event-log.ts';
import { ALERTS_MILLIS } from '../shared/interval.ts';
import { keymapFor } from '../shared/keymaps.ts';
import { complain, EXIT_USAGE } from '../shared/messages.ts';
import { nameLookup } from '../shared/name-lookup.ts';
import { NetworkFeed } from '../shared/network-feed.ts';
import { carryOutTravel } from '../shared/past.ts';
import { controlPlayback, playbackProblem, playbackState } from '../shared/recordings.ts';
import { NO_DEMAND, Sampler } from '../shared/sampler.ts';
import { exitCodeOf, runOnTerminal, type ScreenSystem } from '../shared/screen-session.ts';
import { readFilterOption, type Settings, saveChosen } from '../shared/settings.ts';
import { carryOutNetwork } from './network-effects.ts';
import type { SstopInput } from './sstop-input.ts';
import type { Effect, Message, Model } from './sstop-model.ts';
import { prepareList } from './sstop-rows.ts';
import { type SstopProgram, sstopProgram } from './sstop-update.ts';

type ScreenControls = Controls<Model, Message>;

/** What the screen shows, once it is open. */
export interface OpenedInput {
  readonly input: SstopInput;
  /** Undefined: signals are not possible. */
  readonly signaller: Signaller | undefined;
}

/** Facts about this program and its system, supplied by the entry point. */
interface ScreenOutside extends ScreenSystem {
  readonly log: EventLog;
  /** Name of this machine; undefined: another machine is shown. */
  readonly machineName: string | undefined;
  /** Opens the input after the first frame. Rejects with OpError. */
  open(): Promise<OpenedInput>;
}

/** Runs the screen until it quits, then prints the summary. Rejects, terminal restored, if opening fails. */
export async function runScreen(settings: Settings, outside: ScreenOutside): Promise<number> {
  // An invalid filter would be shown as active without having an effect.
  if (settings.filter !== '' && readFilterOption(settings, {}) === undefined) return EXIT_USAGE;
  return new Screen(settings, outside).run();
}

class Screen {
  readonly #settings: Settings;
  readonly #outside: ScreenOutside;
  readonly #feed: NetworkFeed;
  readonly #startMillis = performance.now();
  /** Repeated at exit, because a notice lasts only until the next key. */
  readonly #problems: string[] = [];
  #opened: OpenedInput | undefined;
  #openFailure: unknown;
  #sampler: Sampler | undefined;
  #controls: ScreenControls | undefined;
  #isLeft = false;
  #isBreakTold = false;
  /** Choices made by keys, saved at exit, so that a slow disk does not block the screen. */
  #chosenUnits: RateUnits | undefined;

  constructor(settings: Settings, outside: ScreenOutside) {
    this.#settings = settings;
    this.#outside = outside;
    this.#feed = new NetworkFeed({
      prepare: async (data, slice) => {
        const model = this.#controls?.model;
        if (model !== undefined) await prepareList(model, data, slice);
      },
      sampled: (data) => {
        this.#tellProgress();
        this.#controls?.dispatch({ kind: 'sampled', data });
      },
      failed: ({ message }) => this.#controls?.dispatch({ kind: 'failed', message }),
    });
  }

  async run(): Promise<number> {
    const { color, mouse, durationMillis } = this.#settings;
    let starting: ReturnType<typeof setImmediate> | undefined;
    const reason = await runOnTerminal<Model, Message, Effect>(
      withInjectedFault(this.#program()),
      this.#outside,
      {
        ...{ color, mouse, durationMillis },
        effect: (effect, controls) => this.#carryOut(effect, controls),
        started: (controls) => {
          this.#controls = controls;
          // In the turn after drawing.
          starting = setImmediate(() => void this.#open(controls));
        },
      },
    );
    this.#isLeft = true;
    clearImmediate(starting);
    this.#sampler?.stop();
    if (this.#opened !== undefined) {
      this.#opened.input.onProblem = (message) => complain('sstop', message);
    }
    this.#logEnd(reason);
    if (this.#openFailure !== undefined) throw this.#openFailure;
    return this.#leave(reason);
  }

  async #open(controls: ScreenControls): Promise<void> {
    let opened: OpenedInput;
    try {
      opened = await this.#outside.open();
    } catch (thrown) {
      this.#openFailure = thrown;
      controls.quit();
      return;
    }
    if (this.#isLeft) return;
    this.#opened = opened;
    this.#listen(opened.input, controls);
    const alertsMillis = opened.input.link === undefined ? NO_DEMAND.alertsMillis : ALERTS_MILLIS;
    const demand = () => ({ ...NO_DEMAND, networkMillis: controls.model.intervalMillis, alertsMillis });
    this.#sampler = new Sampler(opened.input.source, demand, {
      sampled: () => undefined,
      failed: () => undefined,
      network: this.#feed,
      alerts: ({ alerts }) => controls.dispatch({ kind: 'alerts', alerts }),
    });
    // In a turn of its own, so that keys typed at the first frame do not wait for the first sample.
    setImmediate(() => this.#sampler?.start());
  }

  #listen(input: SstopInput, controls: ScreenControls): void {
    const { playback, link, names } = input;
    (playback ?? input.travel)?.observe((snapshot) => {
      if (snapshot.network !== undefined) this.#feed.rates.update(snapshot.network, snapshot.header);
    });
    link?.onChange(() => this.#tellLink());
    names.setDns(controls.model.isDnsOn);
    names.onChange = () => controls.repaint();
    input.onProblem = (message) => this.#tellProblem(message);
    this.#tellLink();
  }

  #program(): SstopProgram {
    const { machineName, system } = this.#outside;
    const { agent, playbackPath, keymap } = this.#settings;
    const isPlayback = playbackPath !== undefined;
    const shown = isPlayback ? 'recording' : 'live';
    return sstopProgram({
      ...this.#settings,
      machineName,
      keymap: keymapFor(keymap, 'sstop', shown, system.hasJobControl),
      ...(isPlayback ? {} : { pastKeymap: keymapFor(keymap, 'sstop', 'past', system.hasJobControl) }),
      canSignal: agent === undefined && !isPlayback,
      // A PID of another machine must not be signalled here.
      ownPid: agent === undefined ? process.pid : 0,
      hiddenAdvice: this.#hiddenAdvice(),
      names: nameLookup(() => this.#opened?.input.names),
    });
  }

  /** Playback: a recording, or the past. */
  get #playback(): RecordedSource | undefined {
    const input = this.#opened?.input;
    return input?.playback ?? input?.travel?.playback;
  }

  /** How to see the processes of other users; undefined for root. */
  #hiddenAdvice(): string | undefined {
    if (this.#settings.playbackPath !== undefined) return 'the recording was made without root';
    const { agent } = this.#settings;
    if (agent !== undefined)
      return /^ssh:/i.test(agent.url ?? '') ? 'log in as root' : 'run the agent as root';
    return process.geteuid?.() === 0 ? undefined : 'sudo sstop';
  }

  #carryOut(effect: Effect, controls: ScreenControls): void {
    carryOutNetwork(effect, controls, {
      names: { setDns: (isOn) => this.#opened?.input.names.setDns(isOn) },
      signaller: this.#opened?.signaller,
      ...{ model: controls.model, log: this.#outside.log },
      tell: (message) => controls.dispatch(message),
      controlPlayback: (command) => this.#controlPlayback(command),
      travel: (command) => this.#travel(command, controls),
      rememberUnits: (units) => {
        this.#chosenUnits = units;
      },
      setInterval: () => this.#sampler?.wake(),
    });
  }

  #controlPlayback(command: PlaybackCommand): void {
    const playback = this.#playback;
    if (playback === undefined) return;
    controlPlayback(playback, command);
    this.#tellProgress();
    this.#sampler?.sampleNow();
  }

  #travel(command: TravelCommand, controls: ScreenControls): void {
    void carryOutTravel(this.#opened?.input.travel, command, {
      dispatch: (message) => controls.dispatch(message),
      arrived: () => {
        if (this.#playback === undefined) controls.dispatch({ kind: 'played', playback: undefined });
        this.#tellProgress();
        this.#sampler?.sampleNow();
      },
      failed: (message) => controls.dispatch({ kind: 'noticed', text: message, isBad: true }),
    });
  }

  #tellProgress(): void {
    const playback = this.#playback;
    if (playback === undefined) return;
    const path = this.#settings.playbackPath ?? 'history';
    this.#controls?.dispatch({ kind: 'played', playback: playbackState(playback, path) });
    if (this.#isBreakTold) return;
    const problem = playbackProblem(path, playback.progress);
    if (problem === undefined) return;
    this.#isBreakTold = true;
    this.#tellProblem(problem);
  }

  #tellLink(): void {
    const link = this.#opened?.input.link;
    if (link === undefined) return;
    this.#controls?.dispatch({ kind: 'linked', link: link.status });
    // The next agent may watch by other rules, or by none.
    if (link.status.phase !== 'live') this.#controls?.dispatch({ kind: 'alerts', alerts: [] });
  }

  #tellProblem(message: string): void {
    this.#problems.push(message);
    this.#controls?.dispatch({ kind: 'noticed', text: message, isBad: true });
  }

  #logEnd(reason: ExitReason): void {
    const { log } = this.#outside;
    if (reason.kind === 'signal') log.event('info', 'signal', { signal: reason.signal });
    if (reason.kind === 'gone') log.event('warning', 'terminal-gone', { code: reason.error.code });
    if (reason.kind === 'crash') log.lastWords('error', 'exception', exceptionFields(reason.error));
  }

  /** Prints the summary after the terminal was restored, if it still exists. */
  #leave(reason: ExitReason): number {
    const chosen = this.#chosenUnits;
    const unsaved = saveChosen(this.#settings, { units: chosen });
    if (unsaved !== undefined) this.#problems.push(unsaved);
    if (reason.kind !== 'gone') for (const problem of this.#problems) complain('sstop', problem);
    const hasReader = reason.kind === 'signal' ? reason.signal !== 'SIGHUP' : reason.kind === 'quit';
    if (hasReader) this.#printSummary();
    return exitCodeOf('sstop', reason);
  }

  #printSummary(): void {
    const { data } = this.#feed;
    const model = this.#controls?.model;
    if (data === undefined || model === undefined) return;
    const micros = (performance.now() - this.#startMillis) * 1000;
    process.stdout.write(exitSummary(data, micros, { ...model.scope, interfaceIndex: undefined }));
  }
}

/**
 * Only in test builds (a build-time constant; the release does not contain this): with SSTOP_FAULT=view, drawing the
 * help throws, so that tests can check that the terminal is restored.
 */
function withInjectedFault(program: SstopProgram): SstopProgram {
  if (process.env['SSTOP_TEST_BUILD'] !== '1' || process.env['SSTOP_FAULT'] !== 'view') return program;
  return {
    ...program,
    view(model: Model, buffer): void {
      if (model.helpOffset !== undefined) throw new OpError({ op: 'view', code: 'INJECTED' });
      program.view(model, buffer);
    },
  };
}

const TOP_COUNT = 5;
const SIZE_COLUMNS = 10;

/** What is printed after the screen: duration, totals, processes, exited ones too. No control characters. */
function exitSummary(data: NetworkData, durationMicros: number, scope: Scope): string {
  const { section, rates } = data;
  const rows = new ProcessRows();
  rows.build(section, rates, { ...scope, includeExited: true });
  const up = bytesText(rates.totalTxBytes);
  const down = bytesText(rates.totalRxBytes);
  const lines = [`sstop ran ${ageText(durationMicros)}: ${up} up, ${down} down over the network interfaces`];
  const top = new Int32Array(TOP_COUNT);
  const count = rows.window({ key: 'total', isReversed: false }, 0, TOP_COUNT, top);
  for (const row of top.subarray(0, count)) {
    const owner = rows.owner[row]!;
    if (!(rows.upTotal[row]! + rows.downTotal[row]! > 0)) continue;
    const pid = section.owners.pid[owner]!;
    const who = pid > 0 ? `${section.owners.names[owner]} (${pid})` : section.owners.names[owner]!;
    const exited = section.owners.hasExited[owner] === 1 ? ', exited' : '';
    const sizes = `${sizeText(rows.upTotal[row]!)} up ${sizeText(rows.downTotal[row]!)} down`;
    lines.push(`  ${sizes}  ${sanitizeLine(who)}${exited}`);
  }
  return `${lines.join('\n')}\n`;
}

function sizeText(bytes: number): string {
  return bytesText(bytes).padStart(SIZE_COLUMNS);
}
