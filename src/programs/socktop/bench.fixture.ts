import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { linesOf } from '../../screen/buffer/buffer-look.fixture.ts';
import { InputParser } from '../../screen/input/input-parser.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { USUAL_PROCESS_COLUMN_IDS } from '../../views/network/network-process-list.ts';
import { keymapOf } from '../config/keymap.ts';
import { SOCKTOP_KEYMAP, SSTOP_KEYMAP } from '../shared/keymaps.ts';
import type { Effect, HostStart, Message, Model, StartOptions } from './socktop-model.ts';
import { type SocktopProgram, socktopProgram } from './socktop-update.ts';

export const NOW_MILLIS = 1_700_000_000_000;

/** This machine, whose processes may be signalled. */
export const LOCAL: HostStart = {
  ...{ name: 'web-1', link: undefined, canSignal: true },
  userOf: (uid) => (uid === 0 ? 'root' : undefined),
};

/** The program over made-up machines, driven by keys and reports as a terminal sends them. */
export class SocktopBench {
  readonly program: SocktopProgram;
  readonly world: SystemWorld;
  readonly effects: Effect[] = [];
  model: Model;
  hasQuit = false;
  readonly #parser = new InputParser((event) => {
    const message = this.program.input(this.model, event);
    if (message !== undefined) this.send(message);
  });

  constructor(options: Partial<StartOptions> = {}, world = new SystemWorld()) {
    this.world = world;
    const names = { host: () => undefined, country: () => undefined };
    this.program = socktopProgram({
      ...{ hosts: [LOCAL], metricsIntervalMillis: 500, processesIntervalMillis: 2000, compact: false },
      ...{ mouse: true, ownPid: 1_000_000, ascii: false, theme: TOKYO_NIGHT, version: '1.2.3' },
      ...{ keymap: keymapOf(SOCKTOP_KEYMAP), nowMillis: NOW_MILLIS },
      networkOptions: {
        ...{ hiddenAdvice: 'sudo socktop', units: 'bytes' },
        ...{ sort: 'rate', filter: '', loopback: false, interfaceName: undefined, intervalMillis: 1000 },
        ...{ mouse: true, dns: false, alertBytesPerSecond: undefined, columns: USUAL_PROCESS_COLUMN_IDS },
        ...{ machineName: undefined, canSignal: true, ownPid: 1_000_000, ascii: false, theme: TOKYO_NIGHT },
        ...{ keymap: keymapOf(SSTOP_KEYMAP), names },
      },
      ...options,
    });
    this.model = this.program.initial;
    this.resize(160, 45);
  }

  resize(width: number, height: number): void {
    this.#parser.resize(width, height);
    this.send(this.program.resized(this.model, width, height));
  }

  send(message: Message): void {
    const step = this.program.update(this.model, message);
    this.model = step.model;
    this.effects.push(...(step.effects ?? []));
    if (step.quit === true) this.hasQuit = true;
  }

  /** Bytes as a terminal sends them. */
  type(bytes: string): void {
    this.#parser.feed(new TextEncoder().encode(bytes), 0);
    this.#parser.expire(Number.POSITIVE_INFINITY);
  }

  /** A press of the left button on a cell, and its release. */
  click(x: number, y: number): void {
    this.type(`\x1b[<0;${x + 1};${y + 1}M\x1b[<0;${x + 1};${y + 1}m`);
  }

  /** All sections of the world as it is now, for a host. */
  sample(host = 0): void {
    this.send({ kind: 'sampled', host, snapshot: this.world.snapshot() });
  }

  screen(): Buffer {
    const buffer = new Buffer(this.model.width, this.model.height);
    this.program.view(this.model, buffer);
    return buffer;
  }

  lines(): string[] {
    return linesOf(this.screen());
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** Line and column of a text on the screen; fails where it is not there. */
  find(text: string): { readonly x: number; readonly y: number } {
    const lines = this.lines();
    const y = lines.findIndex((line) => line.includes(text));
    if (y < 0) throw new TypeError(`no "${text}" on\n${lines.join('\n')}`);
    return { x: lines[y]!.indexOf(text), y };
  }
}
