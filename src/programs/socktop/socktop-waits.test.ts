import { describe, expect, test } from 'bun:test';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import { CONTROL_GROUP, type ControlGroupsSection } from '../../data/schema/control-groups-section.ts';
import type { CpuSample, Pressure } from '../../data/schema/cpu-sample.ts';
import { unknownRecord } from '../../data/schema/record.ts';
import type { SectionError } from '../../data/schema/section-facts.ts';
import { LOCAL, SocktopBench } from './bench.fixture.ts';
import { demandOf } from './demand.ts';

const ESCAPE = '\x1b';

/** A machine whose processes wait as much as it is told, milliseconds of each second. */
class WaitingBench extends SocktopBench {
  readonly #waits = new Map<number, { run: number; block: number; faults: number; written: number }>();
  facts: Partial<CpuSample> = {};
  isBlockDelayCounted = true;
  /** Of `/system.slice/web.service`, milliseconds of each second. */
  throttled: number | undefined;
  groupsError: SectionError | undefined;
  #seconds = 0;

  constructor() {
    super({ hosts: [LOCAL] }, new SystemWorld());
  }

  add(
    pid: number,
    name: string,
    waits: Partial<{ run: number; block: number; faults: number; written: number }>,
  ) {
    this.world.addProcess(pid, { name });
    this.#waits.set(pid, { run: 0, block: 0, faults: 0, written: 0, ...waits });
  }

  step(seconds = 2): void {
    this.#seconds += seconds;
    this.world.pass(seconds);
    const machineProcesses = this.world.machineProcesses();
    const { usage, processes } = machineProcesses;
    for (const [pid, { run, block, faults, written }] of this.#waits) {
      const slot = processes.find(pid);
      usage.runDelayNanos[slot] = run * 1e6 * this.#seconds;
      if (this.isBlockDelayCounted) usage.blockDelayNanos[slot] = block * 1e6 * this.#seconds;
      usage.majorFaults[slot] = faults * this.#seconds;
      usage.writtenBytes[slot] = written * this.#seconds;
    }
    const machine = this.world.machine(this.facts);
    const snapshot = this.world.snapshot({ machine, machineProcesses });
    const controlGroups = this.throttled === undefined ? {} : { controlGroups: this.#groups(this.throttled) };
    const errors = this.groupsError === undefined ? [] : [this.groupsError];
    this.send({ kind: 'sampled', host: 0, snapshot: { ...snapshot, ...controlGroups, errors } });
  }

  #groups(throttled: number): ControlGroupsSection {
    const nothing = unknownRecord(CONTROL_GROUP);
    const throttledMicros = throttled * 1000 * this.#seconds;
    const groups = [
      { ...nothing, path: '/user.slice', throttledMicros: 0 },
      {
        ...nothing,
        path: '/system.slice/web.service',
        throttledMicros,
        memoryBytes: 99,
        memoryLimitBytes: 100,
      },
    ];
    const { monotonicMicros } = this.world;
    return { sequence: monotonicMicros, monotonicMicros, durationMicros: 0, errors: [], groups };
  }

  /** Names in the order of the table. */
  names(): string[] {
    return this.lines().flatMap((line) => /(\w+)-proc/.exec(line)?.[1] ?? []);
  }
}

function pressure(avg10: number): Pressure {
  return { some: { avg10, avg60: 0, avg300: 0, totalMicros: 0 }, full: undefined };
}

function benchWith(facts: Partial<CpuSample>): WaitingBench {
  const bench = new WaitingBench();
  bench.facts = facts;
  bench.add(11, 'disk-proc', { block: 300, run: 5, written: 10 });
  bench.add(12, 'cpu-proc', { run: 800, written: 20 });
  bench.add(13, 'memory-proc', { faults: 50, run: 1, written: 1e6 });
  bench.step();
  return bench;
}

describe('what processes wait for', () => {
  test.each([
    [
      'disk',
      { ioPressure: pressure(34), cpuPressure: pressure(3) },
      'waiting for disk: 34 % of the time (PSI io)',
    ],
    [
      'cpu',
      { ioPressure: pressure(3), cpuPressure: pressure(88.6) },
      'waiting for CPU: 89 % of the time (PSI cpu)',
    ],
    ['memory', { memoryPressure: pressure(12) }, 'waiting for memory: 12 % of the time (PSI memory)'],
    ['cpu', { ioPressure: pressure(0.2), cpuPressure: pressure(0.4) }, 'waiting for nothing (PSI)'],
    ['cpu', {}, 'waiting for: unknown, no PSI'],
  ])('%p first, as the machine waits for it: %j', (first, facts, header) => {
    const bench = benchWith(facts);
    bench.type('W');
    bench.step();
    bench.step();
    expect(bench.lines()[0]).toContain(header);
    expect(bench.names()[0]).toBe(first);
    expect(bench.text()).toMatch(/CPU WAIT % +.?DISK WAIT % +.?MEM WAIT % +.?FAULT\/s/);
  });

  test('figures are shares of the time', () => {
    const bench = benchWith({ cpuPressure: pressure(50) });
    bench.type('W');
    bench.step();
    bench.step();
    expect(bench.lines().find((line) => line.includes('cpu-proc'))).toMatch(/80\.0 .* 0\.0 /);
    expect(bench.lines().find((line) => line.includes('disk-proc'))).toMatch(/0\.5 .*30\.0 /);
  });

  test('W and Escape lead back to the usual table', () => {
    for (const back of [`WW`, ESCAPE, `W${ESCAPE}`]) {
      const bench = benchWith({ cpuPressure: pressure(50) });
      const before = bench.lines().slice(1);
      bench.type('W');
      expect(bench.text()).toContain('CPU WAIT %');
      bench.type(back);
      expect(bench.hasQuit).toBe(false);
      expect(bench.lines().slice(1)).toEqual(before);
      expect(bench.lines()[0]).not.toContain('waiting for');
    }
  });

  test('is read only while it is shown', () => {
    const bench = benchWith({ ioPressure: pressure(50) });
    const wanted = () => demandOf(bench.model, 0)!.ofProcesses();
    expect(wanted().columns).toEqual(['readBytes', 'writtenBytes']);
    bench.type('W');
    expect(new Set<string>(wanted().columns)).toEqual(
      new Set([
        ...['blockDelayNanos', 'contextSwitches', 'ioCalls', 'majorFaults', 'memoryDelayNanos', 'readBytes'],
        ...['runDelayNanos', 'writtenBytes'],
      ]),
    );
    expect(wanted().columnsOfAll).toEqual(['blockDelayNanos']);
  });

  test('where waits for disks are not counted, the greatest writers come first and that is said', () => {
    const bench = benchWith({ ioPressure: pressure(50) });
    bench.isBlockDelayCounted = false;
    bench.type('W');
    bench.step();
    bench.step();
    expect(bench.lines().at(-1)).toContain('DISK WAIT % is not counted (kernel.task_delayacct');
    expect(bench.names()[0]).toBe('memory');
    expect(bench.lines().find((line) => line.includes('disk-proc'))).toMatch(/ - /);
  });
});

describe('what control groups wait for', () => {
  function throttledBench(): WaitingBench {
    const bench = benchWith({ cpuPressure: pressure(50) });
    bench.type('W');
    bench.throttled = 380;
    bench.step();
    bench.step();
    return bench;
  }

  test('the worst is named beside the processes, and W lists them, the worst first', () => {
    const bench = throttledBench();
    const words = 'web.service: throttled 38 % of the time ╮';
    expect(bench.text()).toContain(words);
    bench.type('W');
    expect(bench.lines()[0]).toContain('waiting for CPU: 50 %');
    expect(bench.text()).toContain('Control groups 2');
    expect(bench.find('throttled 38 % of the time, memory at its limit').y).toBe(bench.find('web.service').y);
    expect(bench.find('web.service').y).toBeLessThan(bench.find('/user.slice').y);
    expect(bench.lines()[bench.find('web.service').y]).toMatch(/ 38\.0 +- +- /);
  });

  test('Enter lists the processes of a unit, and Escape leads back', () => {
    const bench = throttledBench();
    bench.world.cgroups[bench.world.processes.find(12)] = '/system.slice/web.service';
    bench.type('Wj\r');
    const { ofProcesses } = demandOf(bench.model, 0)!;
    expect(ofProcesses().cgroups).toBe(true);
    bench.step();
    expect(bench.text()).toContain('Processes 1 of 3 · unit web.service');
    expect(bench.names()).toEqual(['cpu']);
    bench.type(`${ESCAPE}${ESCAPE}${ESCAPE}`);
    expect([bench.model.waits, bench.names().length]).toEqual([undefined, 3]);
    bench.type('WW');
    bench.type('G\r');
    expect(bench.lines().at(-1)).toContain('Only processes of containers and units are listed.');
  });

  test('are sorted and moved in as any table, and are no target of a signal', () => {
    const bench = throttledBench();
    bench.type('Wj');
    expect(bench.model.hosts[0]!.controlGroups.selection).toBe('/system.slice/web.service');
    bench.type('R');
    expect(bench.find('/user.slice').y).toBeLessThan(bench.find('web.service').y);
    expect(bench.model.hosts[0]!.controlGroups.viewport.selected).toBe(1);
    bench.type('t');
    expect(bench.model.kill).toBeUndefined();
    bench.click(bench.find('CONTROL GROUP').x, bench.find('CONTROL GROUP').y);
    expect(bench.model.hosts[0]!.controlGroups.sort.key).toBe('name');
  });

  test('are asked for only while waits are shown', () => {
    const bench = benchWith({ cpuPressure: pressure(50) });
    const isAsked = () => demandOf(bench.model, 0)!.controlGroups;
    const seen = [isAsked()];
    for (const key of ['W', 'W', 'W']) {
      bench.type(key);
      seen.push(isAsked());
    }
    expect(seen).toEqual([false, true, true, false]);
  });

  test('a search is of processes again', () => {
    const bench = throttledBench();
    bench.type('W/memory');
    expect(bench.text()).toContain('memory-proc');
    expect(bench.text()).not.toContain('Control groups');
  });

  test('where they cannot be had that is said', () => {
    const bench = benchWith({ cpuPressure: pressure(50) });
    bench.groupsError = { op: 'get_control_groups', code: 'AGENT', message: 'the agent: no groups here' };
    bench.type('WW');
    expect(bench.text()).toContain('Reading control groups');
    bench.step();
    expect(bench.text()).toContain('the agent: no groups here');
  });
});
