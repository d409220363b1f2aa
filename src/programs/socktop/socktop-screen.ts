import type { RecordedSource } from '../../data/recording/recorded-source.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { Controls } from '../../screen/loop/program.ts';
import type { TravelCommand } from '../../views/screen-update.ts';
import { USUAL_MACHINE_COLUMN_IDS } from '../../views/system/machine-process-list.ts';
import { EventLog } from '../shared/event-log.ts';
import { keymapFor, type ShownTime } from '../shared/keymaps.ts';
import { complain } from '../shared/messages.ts';
import { DeferredNames } from '../shared/name-lookup.ts';
import { NetworkFeed } from '../shared/network-feed.ts';
import { carryOutTravel } from '../shared/past.ts';
import { controlPlayback, playbackState } from '../shared/recordings.ts';
import { Sampler } from '../shared/sampler.ts';
import {
  carryOutOnTerminal,
  exitCodeOf,
  runOnTerminal,
  type ScreenSystem,
  sendSignal,
} from '../shared/screen-session.ts';
import { saveChosen } from '../shared/settings.ts';
import type { Effect as NetworkEffect } from '../sstop/sstop-model.ts';
import { demandOf } from './demand.ts';
import { distinctNames } from './host-names.ts';
import type { SocktopHost } from './socktop-host.ts';
import type { Effect, Message, Model } from './socktop-model.ts';
import type { SocktopSettings } from './socktop-settings.ts';
import { type SocktopProgram, socktopProgram } from './socktop-update.ts';

// Loaded with the network views.
const networkEffects = () =>
  require('../sstop/network-effects.ts') as typeof import('../sstop/network-effects.ts');
const networkRows = () => require('../sstop/sstop-rows.ts') as typeof import('../sstop/sstop-rows.ts');

/** Interval for updating the age of lost connections. */
const TICK_MILLIS = 1000;

type ScreenControls = Controls<Model, Message>;

/** Facts about this program and its system, supplied by the entry point. */
interface ScreenOutside extends ScreenSystem {
  readonly version: string;
}

/** Runs the dashboard on this terminal until it quits; resolves to the exit code. The hosts stay open. */
export async function runSocktopScreen(
  settings: SocktopSettings,
  hosts: readonly SocktopHost[],
  playback: RecordedSource | undefined,
  outside: ScreenOutside,
): Promise<number> {
  return new Screen(settings, hosts, playback, outside).run();
}

class Screen {
  readonly #settings: SocktopSettings;
  readonly #hosts: readonly SocktopHost[];
  readonly #playback: RecordedSource | undefined;
  readonly #outside: ScreenOutside;
  readonly #samplers: readonly Sampler[];
  readonly #feeds: readonly NetworkFeed[];
  readonly #names: DeferredNames;
  #controls: ScreenControls | undefined;
  /** Choices made by keys, saved at exit. */
  #chosenUnits: RateUnits | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(
    settings: SocktopSettings,
    hosts: readonly SocktopHost[],
    playback: RecordedSource | undefined,
    outside: ScreenOutside,
  ) {
    this.#outside = outside;
    this.#settings = settings;
    this.#hosts = hosts;
    this.#playback = playback;
    this.#names = new DeferredNames(settings.network, outside.system.nameFiles, () =>
      this.#controls?.repaint(),
    );
    playback?.observe((snapshot) => this.#controls?.model.hosts[0]?.data.absorb(snapshot));
    this.#feeds = hosts.map((_, host) => this.#networkFeed(host));
    for (const [host, { travel }] of hosts.entries()) {
      travel?.observe((snapshot) => {
        this.#controls?.model.hosts[host]?.data.absorb(snapshot);
        const { network, header } = snapshot;
        if (network !== undefined) this.#feeds[host]?.rates.update(network, header);
      });
    }
    this.#samplers = hosts.map(
      ({ source }, host) =>
        new Sampler(
          source,
          () => (this.#controls === undefined ? undefined : demandOf(this.#controls.model, host)),
          {
            sampled: (snapshot, isBehindNames) => {
              const model = this.#controls?.model;
              if (isBehindNames && model?.isPaused === false) {
                model.hosts[host]?.data.absorb(snapshot);
                return;
              }
              this.#tellProgress();
              this.#controls?.dispatch({ kind: 'sampled', host, snapshot });
            },
            failed: (message) => this.#controls?.dispatch({ kind: 'failed', host, message }),
            network: this.#feeds[host]!,
            // Elsewhere what is asked for together comes at one time.
            namesFirst: this.#isThisMachine,
          },
        ),
    );
  }

  async run(): Promise<number> {
    const { network, durationMillis } = this.#settings;
    let starting: ReturnType<typeof setImmediate> | undefined;
    const reason = await runOnTerminal<Model, Message, Effect>(this.#program(), this.#outside, {
      ...{ color: network.color, mouse: network.mouse, durationMillis },
      effect: (effect, controls) => this.#carryOut(effect, controls),
      started: (controls) => {
        this.#controls = controls;
        // In the turn after drawing.
        starting = setImmediate(() => {
          for (const sampler of this.#samplers) sampler.start();
        });
        this.#listen();
      },
    });
    clearImmediate(starting);
    clearInterval(this.#ticker);
    for (const sampler of this.#samplers) sampler.stop();
    this.#names.close();
    const columns = this.#controls?.model.columns;
    const { socktopColumns = USUAL_MACHINE_COLUMN_IDS } = network;
    const isChosen = columns !== undefined && columns.join() !== socktopColumns.join();
    const chosen = { units: this.#chosenUnits, columns: isChosen ? columns : undefined };
    const unsaved = saveChosen(this.#settings.network, chosen);
    if (unsaved !== undefined && reason.kind !== 'gone') complain('socktop', unsaved);
    return exitCodeOf('socktop', reason);
  }

  /** How to see the processes of other users; undefined for root. */
  #hiddenAdvice(): string | undefined {
    const link = this.#hosts[0]?.link;
    if (link !== undefined) return link.status.isSsh === true ? 'log in as root' : 'run the agent as root';
    return process.geteuid?.() === 0 ? undefined : 'sudo socktop';
  }

  /** This machine alone is shown, as it is now. */
  get #isThisMachine(): boolean {
    const [host, ...others] = this.#hosts;
    return others.length === 0 && host?.link === undefined && this.#playback === undefined && !this.#hasPast;
  }

  get #hasPast(): boolean {
    return this.#hosts.some(({ travel }) => travel !== undefined);
  }

  get #shownTime(): ShownTime {
    return this.#playback === undefined ? 'live' : 'recording';
  }

  /** Playback: a recording, or the past of the machine. */
  get #played(): RecordedSource | undefined {
    return this.#playback ?? this.#hosts[this.#controls?.model.current ?? 0]?.travel?.playback;
  }

  #program(): SocktopProgram {
    const { metricsIntervalMillis, processesIntervalMillis, compact, groupBy, sort, network } =
      this.#settings;
    const { hasJobControl } = this.#outside.system;
    const names = distinctNames(this.#hosts.map(({ name }) => name));
    return socktopProgram({
      hosts: this.#hosts.map(({ link, signaller, userName }, at) => ({
        ...{ name: names[at]!, link: link?.status, canSignal: signaller !== undefined },
        userOf: (uid) => userName?.(uid),
      })),
      ...{ metricsIntervalMillis, processesIntervalMillis, compact, groupBy, sort, mouse: network.mouse },
      ...{ columns: network.socktopColumns, alerts: network.alerts },
      ...{ ownPid: process.pid, ascii: network.ascii, theme: network.theme },
      keymap: keymapFor(network.socktopKeymap, 'socktop', this.#shownTime, hasJobControl),
      pastKeymap: this.#hasPast
        ? keymapFor(network.socktopKeymap, 'socktop', 'past', hasJobControl)
        : undefined,
      networkOptions: {
        ...network,
        keymap: keymapFor(network.keymap, 'sstop', 'live', hasJobControl),
        pastKeymap: keymapFor(network.keymap, 'sstop', 'past', hasJobControl),
        ...{
          // They are judged by all figures of the machine, for these views too.
          alerts: [],
          ...{ machineName: undefined, canSignal: false, hiddenAdvice: this.#hiddenAdvice() },
          ownPid: process.pid,
          names: this.#names.lookup,
        },
      },
      ...{ version: this.#outside.version, nowMillis: Date.now() },
    });
  }

  /** Links report changes themselves; while one is not live, its age is updated every second. */
  #listen(): void {
    const links = this.#hosts.flatMap(({ link }, host) => (link === undefined ? [] : [{ link, host }]));
    for (const { link, host } of links) {
      const tell = (): void => {
        const { status } = link;
        this.#controls?.dispatch({ kind: 'linked', host, status, nowMillis: Date.now() });
        this.#samplers[host]?.wake();
      };
      link.onChange(tell);
      tell();
    }
    if (links.length === 0) return;
    this.#ticker = setInterval(() => {
      const isWaiting = links.some(({ link }) => link.status.phase !== 'live');
      if (isWaiting) this.#controls?.dispatch({ kind: 'ticked', nowMillis: Date.now() });
    }, TICK_MILLIS);
  }

  #carryOut(effect: Effect, controls: ScreenControls): void {
    switch (effect.kind) {
      case 'demand':
        for (const sampler of this.#samplers) sampler.wake();
        this.#tellTime(controls);
        this.#openNames(controls.model);
        break;
      case 'retry':
        this.#hosts[effect.host]?.link?.retry();
        break;
      case 'remember-units':
        this.#chosenUnits = effect.units;
        break;
      case 'signal':
        sendSignal(this.#hosts[effect.host]?.signaller, effect, (outcome) =>
          controls.dispatch({ kind: 'signalled', outcome }),
        );
        break;
      case 'playback':
        if (this.#played !== undefined) controlPlayback(this.#played, effect.command);
        this.#tellProgress();
        this.#samplers[controls.model.current]?.sampleNow();
        break;
      case 'travel':
        this.#travel(effect.command, controls);
        break;
      case 'network':
        this.#carryOutNetwork(effect.host, effect.effect, controls);
        break;
      case 'set-mouse':
      case 'redraw':
      case 'suspend':
        carryOutOnTerminal(effect, controls);
        break;
    }
  }

  #travel(command: TravelCommand, controls: ScreenControls): void {
    const { current } = controls.model;
    void carryOutTravel(this.#hosts[current]?.travel, command, {
      opened: (moments) => controls.dispatch({ kind: 'timeline', moments }),
      totals: async (all, wish) => {
        const { shownTotals } = await import('../sstop/history-reports.ts');
        controls.dispatch({ kind: 'totals', totals: shownTotals(all, wish) });
      },
      arrived: () => {
        if (this.#played === undefined) controls.dispatch({ kind: 'played', playback: undefined });
        this.#tellProgress();
        this.#samplers[current]?.sampleNow();
      },
      failed: (text) => {
        if (controls.model.view === 'network') this.#tellProblem(current, text);
        else controls.dispatch({ kind: 'noticed', text, isBad: true });
      },
    });
  }

  /** Other hosts may be at another time. */
  #tellTime(controls: ScreenControls): void {
    if (this.#played !== undefined) this.#tellProgress();
    else if (controls.model.playback !== undefined)
      controls.dispatch({ kind: 'played', playback: undefined });
  }

  #tellProgress(): void {
    const played = this.#played;
    if (played === undefined) return;
    const playback = playbackState(played, this.#settings.playbackPath ?? 'history');
    this.#controls?.dispatch({ kind: 'played', playback });
  }

  /** Names are loaded when the network views are first opened. */
  #openNames({ view, current }: Model): void {
    if (view === 'network') void this.#names.open().then((problem) => this.#tellProblem(current, problem));
  }

  #tellProblem(host: number, text: string | undefined): void {
    if (text !== undefined) this.#tellNetwork(host, { kind: 'noticed', text, isBad: true });
  }

  #networkFeed(host: number): NetworkFeed {
    return new NetworkFeed({
      prepare: async (data, slice) => {
        const network = this.#controls?.model.hosts[host]?.network;
        if (network !== undefined) await networkRows().prepareList(network, data, slice);
      },
      sampled: (data) => this.#tellNetwork(host, { kind: 'sampled', data }),
      failed: ({ message }) => this.#tellNetwork(host, { kind: 'failed', message }),
    });
  }

  #tellNetwork(host: number, message: Extract<Message, { kind: 'network' }>['message']): void {
    this.#controls?.dispatch({ kind: 'network', host, message });
  }

  #carryOutNetwork(host: number, effect: NetworkEffect, controls: ScreenControls): void {
    networkEffects().carryOutNetwork(effect, controls, {
      ...{ names: this.#names, signaller: this.#hosts[host]?.signaller },
      ...{ model: controls.model.hosts[host]?.network, log: EventLog.none() },
      tell: (message) => this.#tellNetwork(host, message),
      // Playback is controlled by this screen.
      controlPlayback: () => undefined,
      // Its time line and totals are this screen's own too.
      travel: () => undefined,
      rememberUnits: (units) => {
        this.#chosenUnits = units;
      },
      setInterval: () => this.#samplers[host]?.wake(),
    });
  }
}
