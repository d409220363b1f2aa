import { ignoreUnnamedSignals, secondsEastOfUtc } from '../platforms/index.ts';
import { keymapOf } from '../src/apps/config/keymap.ts';
import { demandOf } from '../src/apps/socktop/demand.ts';
import { distinctNames } from '../src/apps/socktop/host-names.ts';
import { socktopGroupsFor } from '../src/apps/socktop/keymap.ts';
import type { Effect, Message, Model } from '../src/apps/socktop/model.ts';
import { type SocktopProgram, socktopProgram } from '../src/apps/socktop/program.ts';
import { HostSampler } from '../src/apps/socktop/sampler.ts';
import { groupsFor } from '../src/apps/sstop/keymap.ts';
import type { Effect as NetworkEffect } from '../src/apps/sstop/model.ts';
import { prepared } from '../src/apps/sstop/rows.ts';
import { Sampler as NetworkSampler } from '../src/apps/sstop/sampler.ts';
import type { RecordedSource } from '../src/data/source/recorded-source.ts';
import { useLocalTime } from '../src/kit/text/clock-text.ts';
import type { Controls, ExitReason } from '../src/screen/loop/program.ts';
import { runProgram } from '../src/screen/loop/run-program.ts';
import { EXIT_FAILURE, EXIT_OK, exitCodeOfSignal } from './exit-codes.ts';
import { exportView } from './export-view.ts';
import { LateNames } from './late-names.ts';
import { complain } from './messages.ts';
import { playbackState, steer } from './playback-steering.ts';
import type { SocktopHost } from './socktop-host.ts';
import type { SocktopSettings } from './socktop-settings.ts';
import { EventLog } from './sstop-log.ts';
import { giveBackStartMemory } from './start-memory.ts';
import { groupsHere, terminalOptions } from './terminal-options.ts';
import { VERSION } from './version.ts';

/** Connections that are lost have an age: it is told so often. */
const TICK_MILLIS = 1000;
/** How long a row that crossed the alert's threshold stands out before it settles to a sign. */
const FLASH_MILLIS = 1500;

type ScreenControls = Controls<Model, Message>;

/** Runs the dashboard on this terminal until it is left; resolves to the exit code. The hosts stay open. */
export async function runSocktopScreen(
  settings: SocktopSettings,
  hosts: readonly SocktopHost[],
  playback?: RecordedSource,
): Promise<number> {
  return new Screen(settings, hosts, playback).run();
}

class Screen {
  readonly #settings: SocktopSettings;
  readonly #hosts: readonly SocktopHost[];
  readonly #playback: RecordedSource | undefined;
  readonly #samplers: readonly HostSampler[];
  /** Of the network views, by host, once they were opened. */
  readonly #networks: (NetworkSampler | undefined)[] = [];
  readonly #names: LateNames;
  #controls: ScreenControls | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(
    settings: SocktopSettings,
    hosts: readonly SocktopHost[],
    playback: RecordedSource | undefined,
  ) {
    this.#settings = settings;
    this.#hosts = hosts;
    this.#playback = playback;
    this.#names = new LateNames(settings.network, () => this.#controls?.repaint());
    playback?.observe((snapshot) => this.#controls?.model.hosts[0]?.data.absorb(snapshot));
    this.#samplers = hosts.map(
      ({ source }, host) =>
        new HostSampler(
          source,
          () => (this.#controls === undefined ? undefined : demandOf(this.#controls.model, host)),
          {
            sampled: (snapshot) => {
              this.#tellProgress();
              this.#controls?.dispatch({ kind: 'sampled', host, snapshot });
            },
            failed: (message) => this.#controls?.dispatch({ kind: 'failed', host, message }),
          },
        ),
    );
  }

  async run(): Promise<number> {
    const { network, durationMillis } = this.#settings;
    const keepStartMemory = giveBackStartMemory(EventLog.none());
    if (secondsEastOfUtc !== undefined) useLocalTime(secondsEastOfUtc);
    await ignoreUnnamedSignals();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const reason = await runProgram<Model, Message, Effect>(this.#program(), {
      ...terminalOptions(),
      color: network.color,
      mouse: network.mouse,
      effect: (effect, controls) => this.#carryOut(effect, controls),
      started: (controls) => {
        this.#controls = controls;
        for (const sampler of this.#samplers) sampler.start();
        this.#listen();
        if (durationMillis !== undefined) timer = setTimeout(() => controls.quit(), durationMillis);
      },
    });
    keepStartMemory();
    clearTimeout(timer);
    clearInterval(this.#ticker);
    for (const sampler of this.#samplers) sampler.stop();
    for (const sampler of this.#networks) sampler?.stop();
    this.#names.close();
    return leave(reason);
  }

  #program(): SocktopProgram {
    const { metricsIntervalMillis, processesIntervalMillis, compact, network } = this.#settings;
    const names = distinctNames(this.#hosts.map(({ name }) => name));
    return socktopProgram({
      hosts: this.#hosts.map(({ link, signaller, userName }, at) => ({
        ...{ name: names[at]!, link: link?.status, canSignal: signaller !== undefined },
        userOf: (uid) => userName?.(uid),
      })),
      ...{ metricsIntervalMillis, processesIntervalMillis, compact, mouse: network.mouse },
      columns: network.socktopColumns,
      ...{ ownPid: process.pid, ascii: network.ascii, theme: network.theme },
      keymap: keymapOf(
        groupsHere(socktopGroupsFor(network.socktopKeymap.groups, this.#playback !== undefined)),
      ),
      networkOptions: {
        ...network,
        keymap: keymapOf(groupsHere(groupsFor(network.keymap.groups, false))),
        ...{
          canSignal: false,
          ownPid: process.pid,
          names: this.#names.lookup,
        },
      },
      ...{ version: VERSION, nowMillis: Date.now() },
    });
  }

  /** Links tell of themselves; while one is not live, its age is told every second. */
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
        this.#matchNetworks(controls.model);
        break;
      case 'retry':
        this.#hosts[effect.host]?.link?.retry();
        break;
      case 'signal': {
        const { host, pid, startTicks, signal } = effect;
        const outcome = this.#hosts[host]?.signaller?.send(pid, startTicks, signal) ?? 'not-permitted';
        controls.dispatch({ kind: 'signalled', outcome });
        break;
      }
      case 'playback':
        if (this.#playback !== undefined) steer(this.#playback, effect.command);
        this.#tellProgress();
        this.#samplers[0]?.sampleNow();
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

  #tellProgress(): void {
    if (this.#playback === undefined) return;
    const playback = playbackState(this.#playback, this.#settings.playbackPath ?? '');
    this.#controls?.dispatch({ kind: 'played', playback });
  }

  /** The network is sampled while its views are on screen. */
  #matchNetworks(model: Model): void {
    for (const [host, { source }] of this.#hosts.entries()) {
      const isShown = model.view === 'network' && model.current === host;
      if (!isShown) this.#networks[host]?.stop();
      else {
        this.#networks[host] ??= this.#networkSampler(host, source);
        this.#networks[host].start();
        void this.#names.open().then((problem) => this.#tellProblem(host, problem));
      }
    }
  }

  #tellProblem(host: number, text: string | undefined): void {
    if (text !== undefined) this.#tellNetwork(host, { kind: 'noticed', text, isBad: true });
  }

  #networkSampler(host: number, source: SocktopHost['source']): NetworkSampler {
    return new NetworkSampler(source, this.#settings.network.intervalMillis, {
      prepare: async (data, slice) => {
        const network = this.#controls?.model.hosts[host]?.network;
        if (network !== undefined) await prepared(network, data, slice);
      },
      sampled: (data) => this.#tellNetwork(host, { kind: 'sampled', data }),
      failed: ({ message }) => this.#tellNetwork(host, { kind: 'failed', message }),
    });
  }

  #tellNetwork(host: number, message: Extract<Message, { kind: 'network' }>['message']): void {
    this.#controls?.dispatch({ kind: 'network', host, message });
  }

  #carryOutNetwork(host: number, effect: NetworkEffect, controls: ScreenControls): void {
    switch (effect.kind) {
      case 'set-interval':
        this.#networks[host]?.setInterval(effect.intervalMillis);
        break;
      case 'signal': {
        const { pid, startTicks, signal } = effect;
        const outcome = this.#hosts[host]?.signaller?.send(pid, startTicks, signal) ?? 'not-permitted';
        this.#tellNetwork(host, { kind: 'signalled', outcome });
        break;
      }
      case 'set-mouse':
      case 'redraw':
      case 'suspend':
        carryOutOnTerminal(effect, controls);
        break;
      case 'set-dns':
        this.#names.setDns(effect.isOn);
        break;
      case 'export':
        this.#export(host, controls);
        break;
      case 'alarm':
        controls.bell();
        setTimeout(
          () => this.#tellNetwork(host, { kind: 'settled', round: effect.round }),
          FLASH_MILLIS,
        ).unref();
        break;
      // Its playback is this screen's own.
      case 'playback':
        break;
    }
  }

  #export(host: number, { model }: ScreenControls): void {
    const { network } = model.hosts[host]!;
    if (network === undefined) return;
    const { text, isBad } = exportView(network);
    this.#tellNetwork(host, { kind: 'noticed', text, isBad });
  }
}

/** What both the dashboard and the network views ask of the terminal. */
function carryOutOnTerminal(
  effect: Extract<Effect, { kind: 'set-mouse' | 'redraw' | 'suspend' }>,
  controls: ScreenControls,
): void {
  switch (effect.kind) {
    case 'set-mouse':
      controls.setMouse(effect.isOn);
      break;
    case 'redraw':
      controls.redraw();
      break;
    case 'suspend':
      controls.suspend();
      break;
  }
}

/** The terminal is as it was: say what is to be said, if anybody is left to read it. */
function leave(reason: ExitReason): number {
  switch (reason.kind) {
    case 'quit':
      return EXIT_OK;
    case 'signal':
      return exitCodeOfSignal(reason.signal);
    case 'gone':
      return exitCodeOfSignal('SIGHUP');
    case 'crash':
      complain('socktop', `internal error: ${reason.error.message}`);
      return EXIT_FAILURE;
  }
}
