import { beforeEach, describe, expect, test } from 'bun:test';
import { NetworkAttribution } from '../../data/attribution/network-attribution.ts';
import { NetworkRates } from '../../data/rates/network-rates.ts';
import { SampleWorld } from '../../data/sample/sample-world.fixture.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { InputParser } from '../../screen/input/input-parser.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import type { NetworkData } from '../views/network/network-data.ts';
import type { Effect, Message, Model } from './model.ts';
import { type SstopProgram, sstopProgram } from './program.ts';

const PIDS = [11, 12, 13, 14, 15];

/** The program on a made-up machine of five processes, driven by keys and reports as a terminal sends them. */
class Bench {
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

  constructor() {
    this.program = sstopProgram({
      sort: 'rate',
      filter: '',
      loopback: false,
      interfaceName: undefined,
      intervalMillis: 1000,
      mouse: true,
      ascii: false,
      theme: TOKYO_NIGHT,
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

  lines(): string[] {
    const buffer = new Buffer(this.model.width, this.model.height);
    this.program.view(this.model, buffer);
    const rows = Array.from({ length: buffer.height }, (_, y) => {
      let line = '';
      for (let x = 0; x < buffer.width; x++) {
        const code = buffer.cells[(y * buffer.width + x) * 3]! & 0x1fffff;
        line += String.fromCodePoint(code === 0 ? 0x20 : code);
      }
      return line.trimEnd();
    });
    return rows;
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

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

describe('order and cursor', () => {
  test('the largest rate stands first; the keys change column and direction', () => {
    expect(bench.pids()).toEqual([15, 14, 13, 12, 11]);
    bench.type('4');
    expect(bench.pids()).toEqual([11, 12, 13, 14, 15]);
    bench.type('r');
    expect(bench.pids()).toEqual([15, 14, 13, 12, 11]);
  });

  test('s goes through the six modes and comes back', () => {
    const seen = Array.from({ length: 6 }, () => {
      bench.type('s');
      return bench.model.sort.key;
    });
    expect(seen).toEqual(['download', 'upload', 'pid', 'name', 'connections', 'rate']);
  });

  test('the cursor follows its process when the order changes', () => {
    bench.type('jj');
    expect(bench.selectedPid()).toBe(14);
    bench.sample(900_000, 800_000, 0, 0, 0);
    expect(bench.pids().slice(0, 2)).toEqual([11, 12]);
    expect(bench.selectedPid()).toBe(14);
  });

  test('when the process is gone the cursor keeps its place', () => {
    bench.type('jj');
    bench.world.close(bench.slots[3]!);
    bench.sample(0, 0, 0);
    bench.world.removeProcess(14);
    for (let i = 0; i < 3; i++) bench.sample(0, 0, 0);
    expect(bench.pids()).not.toContain(14);
    expect(bench.model.viewport.selected).toBe(1);
    expect(bench.selectedPid()).toBe(bench.pids()[1]);
  });

  test('G and g reach the ends', () => {
    bench.type('G');
    expect(bench.selectedPid()).toBe(11);
    bench.type('g');
    expect(bench.selectedPid()).toBe(15);
  });
});

describe('filter', () => {
  test('narrows while typing, Enter keeps it, Escape takes it away', () => {
    bench.type('/process-1');
    expect(bench.pids()).toHaveLength(5);
    bench.type('3');
    expect(bench.pids()).toEqual([13]);
    expect(bench.lines().at(-1)).toMatch(/\/ process-13 .*1 of 5/);
    bench.type('\r');
    expect(bench.pids()).toEqual([13]);
    bench.type('\x1b');
    expect(bench.pids()).toHaveLength(5);
  });

  test('Escape in the prompt brings back what was there before', () => {
    bench.type('/13\r');
    bench.type('/999');
    expect(bench.pids()).toEqual([]);
    bench.type('\x1b');
    expect(bench.pids()).toEqual([13]);
  });

  test('keys typed into the prompt do nothing else', () => {
    bench.type('/q');
    expect(bench.hasQuit).toBe(false);
    expect(bench.model.filter).toBe('q');
  });

  test('a paste goes into the prompt, and nowhere without one', () => {
    bench.type('\x1b[200~12\x1b[201~');
    expect(bench.model.filter).toBe('');
    bench.type('/\x1b[200~12\x1b[201~');
    expect(bench.pids()).toEqual([12]);
  });
});

describe('pause', () => {
  test('freezes rows and figures while samples go on, and resume shows the newest', () => {
    bench.type(' ');
    const before = bench.lines().slice(2);
    bench.sample(9_000_000, 0, 0, 0, 0);
    expect(bench.lines().slice(2)).toEqual(before);
    expect(bench.lines()[0]).toContain('PAUSED');
    bench.type(' ');
    expect(bench.lines()[0]).not.toContain('PAUSED');
    expect(bench.pids()[0]).toBe(11);
  });

  test('sorting and filtering work on what is frozen', () => {
    bench.type(' ');
    bench.sample(9_000_000, 0, 0, 0, 0);
    bench.type('4');
    expect(bench.pids()).toEqual([11, 12, 13, 14, 15]);
    bench.type('1');
    expect(bench.pids()[0]).toBe(15);
  });

  test('during a collection the copy waits for its sample', () => {
    const { live } = bench.model;
    bench.model = {
      ...bench.model,
      live: { ...live!, isStable: false },
      shown: { ...live!, isStable: false },
    };
    bench.model = { ...bench.model, shown: bench.model.live };
    bench.type(' ');
    expect(bench.model.shown).toBe(bench.model.live);
    bench.sample(0, 0, 0, 0, 0);
    expect(bench.model.shown).not.toBe(bench.model.live);
    const { shown } = bench.model;
    bench.sample(0, 0, 0, 0, 0);
    expect(bench.model.shown).toBe(shown);
  });
});

describe('the rest', () => {
  test('faster and slower change the interval and tell the sampler', () => {
    bench.type('+-');
    expect(bench.effects).toEqual([
      { kind: 'set-interval', intervalMillis: 500 },
      { kind: 'set-interval', intervalMillis: 1000 },
    ]);
  });

  test('i goes through the interfaces and narrows the rows', () => {
    bench.type('i');
    expect(bench.model.scope.interfaceIndex).toBe(1);
    expect(bench.pids()).toEqual([]);
    bench.type('i');
    expect(bench.model.scope.interfaceIndex).toBe(2);
    expect(bench.pids()).toHaveLength(5);
    bench.type('\t');
    expect(bench.model.scope.interfaceIndex).toBeUndefined();
  });

  test('an open help takes the arrows and Escape, and q still quits', () => {
    bench.type('?');
    expect(bench.lines().join('\n')).toContain('sstop keys');
    bench.type('j');
    expect(bench.model.helpOffset).toBe(1);
    bench.type('\x1b');
    expect(bench.model.helpOffset).toBeUndefined();
    bench.type('?q');
    expect(bench.hasQuit).toBe(true);
  });

  test('a click selects, a header sorts, the wheel scrolls nothing that fits', () => {
    const header = bench.lines().findIndex((line) => line.includes('PROCESS'));
    bench.type(`\x1b[<0;20;${header + 3}M\x1b[<0;20;${header + 3}m`);
    expect(bench.selectedPid()).toBe(14);
    const x = bench.lines()[header]!.indexOf('PID') + 1;
    bench.type(`\x1b[<0;${x};${header + 1}M`);
    expect(bench.model.sort).toEqual({ key: 'pid', isReversed: false });
    bench.type(`\x1b[<0;${x};${header + 1}M`);
    expect(bench.model.sort).toEqual({ key: 'pid', isReversed: true });
    bench.type(`\x1b[<65;${x};${header + 3}M`);
    expect(bench.model.viewport.offset).toBe(0);
  });

  test('every size is painted without a word, down to nothing', () => {
    for (const [width, height] of [
      [0, 0],
      [1, 1],
      [39, 9],
      [40, 10],
      [80, 24],
      [300, 100],
    ] as const) {
      bench.send(bench.program.resized(bench.model, width, height));
      expect(bench.lines()).toHaveLength(height);
    }
  });
});
