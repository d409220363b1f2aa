import { NetworkAttribution } from '../../data/attribution/network-attribution.ts';
import { NetworkRates } from '../../data/rates/network-rates.ts';
import { SampleWorld } from '../../data/sample/sample-world.fixture.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { linesOf } from '../../screen/buffer/buffer-look.fixture.ts';
import { InputParser } from '../../screen/input/input-parser.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import type { NetworkData } from '../../views/network/network-list.ts';
import { USUAL_PROCESS_COLUMN_IDS } from '../../views/network/network-process-list.ts';
import { keymapOf } from '../config/keymap.ts';
import { SSTOP_KEYMAP } from '../shared/keymaps.ts';
import {
  type Effect,
  type ListState,
  type Message,
  type Model,
  type StartOptions,
  stateOf,
} from './sstop-model.ts';
import { type SstopProgram, sstopProgram } from './sstop-update.ts';

const PIDS = [11, 12, 13, 14, 15];

/** The program on a made-up machine of five processes, driven by keys and reports as a terminal sends them. */
export class Bench {
  readonly program: SstopProgram;
  readonly world = new SampleWorld();
  readonly slots: number[] = [];
  readonly effects: Effect[] = [];
  model: Model;
  hasQuit = false;
  readonly #attribution = new NetworkAttribution({
    commandLine: (pid) => `/usr/bin/program-${pid} --serve`,
    cgroup: () => undefined,
    userName: (uid) => `user-${uid}`,
  });
  readonly #rates = new NetworkRates();
  readonly #parser = new InputParser((event) => {
    const message = this.program.input(this.model, event);
    if (message !== undefined) this.send(message);
  });

  constructor(options: Partial<StartOptions> = {}) {
    this.program = sstopProgram({
      sort: 'rate',
      filter: '',
      loopback: false,
      interfaceName: undefined,
      intervalMillis: 1000,
      mouse: true,
      dns: false,
      alertBytesPerSecond: undefined,
      columns: USUAL_PROCESS_COLUMN_IDS,
      machineName: undefined,
      canSignal: true,
      hiddenAdvice: 'sudo sstop',
      units: 'bytes',
      ownPid: 1_000_000,
      ascii: false,
      theme: TOKYO_NIGHT,
      keymap: keymapOf(SSTOP_KEYMAP),
      names: { host: () => undefined, country: () => undefined },
      ...options,
    });
    this.model = this.program.initial;
    this.#parser.resize(80, 24);
    this.send(this.program.resized(this.model, 80, 24));
    for (const pid of PIDS) {
      this.world.addProcess(pid, { name: `process-${pid}` });
      this.slots.push(this.world.addSocket({ pid, localPort: 40_000 + pid }));
    }
    this.sample(0, 0, 0, 0, 0);
    // Process 15 is the busiest.
    this.sample(1000, 2000, 3000, 4000, 5000);
  }

  send(message: Message): void {
    const step = this.program.update(this.model, message);
    this.model = step.model;
    this.effects.push(...(step.effects ?? []));
    this.hasQuit ||= step.quit === true;
  }

  type(text: string): void {
    this.#parser.feed(new TextEncoder().encode(text), 0);
    this.#parser.expire(1e9);
  }

  sample(...growth: readonly number[]): void {
    for (const [i, bytes] of growth.entries()) this.world.grow(this.slots[i]!, bytes, 0);
    this.send({ kind: 'sampled', data: this.collect() });
  }

  collect(): NetworkData {
    const section = this.#attribution.absorb(this.world.sample());
    const header = this.world.header();
    this.#rates.update(section, header);
    return { header, section, rates: this.#rates, isStable: true };
  }

  /** As painted now. */
  screen(): Buffer {
    const buffer = new Buffer(this.model.width, this.model.height);
    this.program.view(this.model, buffer);
    return buffer;
  }

  lines(): string[] {
    return linesOf(this.screen());
  }

  get state(): ListState {
    return stateOf(this.model);
  }

  /** PIDs of the rows on screen, from the top. */
  pids(): number[] {
    return this.lines().flatMap((line) => {
      const match = /^.\s+(\d+) user/.exec(line);
      return match === null ? [] : [Number(match[1])];
    });
  }

  selectedPid(): number | undefined {
    const line = this.lines().find((text) => text.startsWith('▸'));
    return line === undefined ? undefined : Number(/\d+/.exec(line)?.[0]);
  }
}
