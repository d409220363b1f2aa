import { describe, expect, test } from 'bun:test';
import { MachineRates } from '../rates/machine-rates.ts';
import { ProcessRates } from '../rates/process-rates.ts';
import type { MachineSection } from '../sample/machine-section.ts';
import { SystemWorld } from '../sample/system-world.fixture.ts';
import type { CpuSample } from '../schema/cpu-sample.ts';
import { type Alert, AlertMonitor } from './alert-monitor.ts';
import { ALERT_KEY_NAMES, ALERT_KEYS } from './alert-rule.ts';
import { parseRule } from './parse-rule.ts';

const STEP = 5;
const GB = 2 ** 30;

/** A machine that is well until `spoil` has happened to it, and what a rule says of it. */
class Watched {
  readonly world = new SystemWorld();
  readonly monitor: AlertMonitor;
  readonly events: string[] = [];
  last: Alert | undefined;
  facts: Partial<CpuSample> = {};
  /** Percent of the time in which something waits. */
  stall = Number.NaN;
  celsius: number | undefined = 40;
  busy = 0.1;
  hasProcesses = true;
  hasDisks = true;
  #stalled = 0;
  #seconds = 0;
  readonly #rates = new MachineRates();
  readonly #processRates = new ProcessRates();

  constructor(...rules: readonly string[]) {
    const parsed = rules.map((text) => {
      const read = parseRule(text);
      if ('error' in read) throw new Error(read.error);
      return read.rule;
    });
    this.monitor = new AlertMonitor(parsed, this.#rates, this.#processRates);
    this.world.addProcess(1, { name: 'init' });
    this.world.addProcess(100, { name: 'calm', residentBytes: GB / 4 });
    this.world.addProcess(200, { name: 'hog', residentBytes: GB / 2 });
    this.world.addFileSystem('/', 10 * GB, 100 * GB);
  }

  /** So many seconds in steps; `each` happens in every step. */
  run(seconds: number, each: (seconds: number) => void = () => undefined): void {
    for (let left = seconds; left > 0; left -= STEP) {
      this.#seconds += STEP;
      this.world.pass(STEP, this.busy);
      this.#stalled += this.stall * STEP * 1e4;
      each(STEP);
      this.#sample();
    }
  }

  #sample(): void {
    const { world, monitor } = this;
    const stall = { some: { avg10: 0, avg60: 0, avg300: 0, totalMicros: this.#stalled }, full: undefined };
    const pressures = { cpuPressure: stall, memoryPressure: stall, ioPressure: stall };
    const facts = Number.isNaN(this.stall) ? this.facts : { ...pressures, ...this.facts };
    const sensors = { sensors: [], cpu: { chip: 'x', label: 'x', celsius: this.celsius } };
    const machine = world.machine(facts);
    const section = {
      ...machine,
      sensors: { ...machine.sensors, value: sensors },
    } as unknown as MachineSection;
    const disks = world.disks();
    const machineProcesses = world.machineProcesses();
    this.#rates.update(section);
    this.#rates.updateDisks(disks);
    this.#processRates.update(machineProcesses, world.header());
    monitor.absorb(
      world.snapshot({
        machine: section,
        ...(this.hasDisks && { disks }),
        ...(this.hasProcesses && { machineProcesses }),
      }),
    );
    for (const alert of monitor.evaluate(world.monotonicMicros, this.#seconds * 1000)) {
      this.last = { ...alert, culprits: alert.culprits, unit: alert.unit, culpritUnit: alert.culpritUnit };
      this.events.push(`${alert.isFiring ? 'fires' : 'clears'} at ${this.#seconds}`);
    }
  }
}

type Trouble = (watched: Watched, isBad: boolean) => (seconds: number) => void;
const nothing = (): void => undefined;

/** What makes each key rise. */
const TROUBLES: Readonly<Record<string, { readonly rule: string; readonly trouble: Trouble }>> = {
  cpu: {
    rule: 'cpu>80%',
    trouble: (it, isBad) => {
      it.busy = isBad ? 0.9 : 0.1;
      return (seconds) => isBad && it.world.use(200, seconds * 3);
    },
  },
  'cpu.iowait': { rule: 'cpu.iowait>20%', trouble: timesOf('iowait') },
  'cpu.steal': { rule: 'cpu.steal>20%', trouble: timesOf('steal') },
  load: {
    rule: 'load>8',
    trouble: (it, isBad) => {
      it.facts = { load1: isBad ? 20 : 1 };
      return nothing;
    },
  },
  memory: {
    rule: 'memory>90%',
    trouble: (it, isBad) => {
      it.world.memory = { ...it.world.memory!, usedBytes: (isBad ? 15.5 : 4) * GB };
      return nothing;
    },
  },
  swap: {
    rule: 'swap>80%',
    trouble: (it, isBad) => {
      it.world.memory = { ...it.world.memory!, swapTotalBytes: GB, swapUsedBytes: (isBad ? 0.9 : 0.1) * GB };
      return nothing;
    },
  },
  'psi.cpu': { rule: 'psi.cpu>20%', trouble: stallOf },
  'psi.memory': { rule: 'psi.memory>20%', trouble: stallOf },
  'psi.io': { rule: 'psi.io>20%', trouble: stallOf },
  'net.up': { rule: 'net.up>50M', trouble: trafficOf('txBytes') },
  'net.down': { rule: 'net.down>50M', trouble: trafficOf('rxBytes') },
  'disk.read': { rule: 'disk.read>50M', trouble: diskOf('readBytes') },
  'disk.write': { rule: 'disk.write>50M', trouble: diskOf('writtenBytes') },
  temp: {
    rule: 'temp>85',
    trouble: (it, isBad) => {
      it.celsius = isBad ? 99 : 40;
      return nothing;
    },
  },
  processes: {
    rule: 'processes>50',
    trouble: (it, isBad) => {
      const { processes } = it.world;
      for (let pid = 1000; pid < 1100; pid++) {
        if (!isBad) {
          if (processes.find(pid) >= 0) it.world.removeProcess(pid);
        } else processes.ppid[it.world.addProcess(pid, { name: 'fork' })] = 200;
      }
      return nothing;
    },
  },
  'disk.used': { rule: 'disk.used>90% disk.mount:/data', trouble: fullOf },
  'disk.mount': { rule: 'disk.mount=/data disk.used>90%', trouble: fullOf },
  'process.cpu': {
    rule: 'process.cpu>50%',
    trouble: (it, isBad) => (seconds) => isBad && it.world.use(200, seconds * 3),
  },
  'process.rss': { rule: 'process.rss>4G', trouble: residentOf },
  'process.name': { rule: 'process.name=hog process.rss>4G', trouble: residentOf },
};

function stallOf(it: Watched, isBad: boolean) {
  it.stall = isBad ? 50 : 1;
  return nothing;
}

function timesOf(name: 'iowait' | 'steal'): Trouble {
  return (it, isBad) => (seconds) => {
    if (isBad) it.world.times[name][0]! += seconds * 400;
  };
}

function trafficOf(name: 'txBytes' | 'rxBytes'): Trouble {
  return (it, isBad) => (seconds) => {
    const { interfaces } = it.world;
    interfaces[name][interfaces.slots.find(2, 0, 0, 0)]! += (isBad ? 100 : 1) * 2 ** 20 * seconds;
  };
}

function diskOf(name: 'readBytes' | 'writtenBytes'): Trouble {
  return (it, isBad) => {
    const { devices } = it.world;
    if (devices.length === 0) {
      const counters = { reads: 0, writes: 0, readBytes: 0, writtenBytes: 0 };
      devices.push({ name: 'vda', isPartition: false, ...counters } as (typeof devices)[number]);
    }
    return (seconds) => {
      const device = devices[0] as { [Name in typeof name]: number };
      device[name] += (isBad ? 100 : 1) * 2 ** 20 * seconds;
    };
  };
}

function fullOf(it: Watched, isBad: boolean) {
  it.world.fileSystems.length = 1;
  it.world.addFileSystem('/data', (isBad ? 95 : 5) * GB, 100 * GB);
  return nothing;
}

function residentOf(it: Watched, isBad: boolean) {
  it.world.processes.rssBytes[it.world.processes.find(200)] = isBad ? 5 * GB : GB / 2;
  return nothing;
}

describe('a rule', () => {
  test('is tried for every key', () => {
    expect(Object.keys(TROUBLES)).toEqual([...ALERT_KEY_NAMES]);
  });

  test.each(Object.entries(TROUBLES))('%p fires once and clears once', (key, { rule, trouble }) => {
    const watched = new Watched(`${rule} for 30s`);
    watched.run(60, trouble(watched, false));
    expect(watched.events).toEqual([]);
    watched.run(120, trouble(watched, true));
    const { last } = watched;
    watched.run(120, trouble(watched, false));
    // The first bad sample is that of second 65; figures that need processes to name may wait 5 s more.
    expect(watched.events[0]).toMatch(/^fires at (95|100)$/);
    expect(watched.events.slice(1)).toEqual(['clears at 215']);
    expect(last?.value).toBeGreaterThan(0);
    if (['cpu', 'memory', 'processes', 'process.rss', 'process.cpu'].includes(key)) {
      expect(last?.culprits[0]).toMatchObject({ pid: 200, name: 'hog' });
    }
    if (key.startsWith('disk.') && ALERT_KEYS[key as 'disk.used'].subject === 'disk') {
      expect(last?.place).toBe('/data');
    }
  });

  test('names at most three culprits, the greatest first', () => {
    const watched = new Watched('memory>10%');
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) {
      watched.world.addProcess(300 + at, { name, residentBytes: (at + 1) * GB });
    }
    watched.run(10);
    expect(watched.last?.culprits.map(({ name, value }) => `${name} ${value / GB}`)).toEqual([
      'd 4',
      'c 3',
      'b 2',
    ]);
    expect(watched.last?.culpritUnit).toBe('bytes');
  });

  test('fires once and clears once while its figure flutters', () => {
    const watched = new Watched('load>8 for 10s');
    for (let i = 0; i < 10; i++) {
      watched.facts = { load1: 20 };
      watched.run(20);
      watched.facts = { load1: 1 };
      watched.run(5);
    }
    watched.run(60);
    expect(watched.events).toEqual(['fires at 20', 'clears at 260']);
  });

  test('starts to count again after one good sample', () => {
    const watched = new Watched('load>8 for 30s');
    for (let i = 0; i < 10; i++) {
      watched.facts = { load1: 20 };
      watched.run(25);
      watched.facts = { load1: 1 };
      watched.run(5);
    }
    expect(watched.events).toEqual([]);
  });

  test('is neither fired nor cleared by what is unknown', () => {
    const watched = new Watched('!load<5 for 10s', '!psi.io<5', '!temp<5', '!swap<1');
    watched.world.memory = { ...watched.world.memory!, swapTotalBytes: undefined, swapUsedBytes: undefined };
    watched.facts = { load1: undefined };
    watched.celsius = undefined;
    watched.run(60);
    expect(watched.events).toEqual([]);
    watched.facts = { load1: 20 };
    watched.run(30);
    expect(watched.events).toHaveLength(1);
    watched.facts = { load1: undefined };
    watched.run(600);
    expect(watched.events).toHaveLength(1);
    watched.facts = { load1: 1 };
    watched.run(30);
    expect(watched.events).toHaveLength(2);
  });

  test('about one share of the processors bears with another that is unknown', () => {
    const watched = new Watched('cpu.iowait>20%', 'cpu.steal>20%');
    watched.world.times.steal[0] = Number.NaN;
    watched.run(20, timesOf('iowait')(watched, true));
    expect(watched.events).toHaveLength(1);
  });

  test('of file systems or processes waits until they are known', () => {
    const watched = new Watched('!disk.used<5% for 10s', '!process.rss<1K for 10s');
    watched.hasDisks = false;
    watched.hasProcesses = false;
    watched.run(60);
    expect(watched.events).toEqual([]);
    expect(watched.monitor.want).toEqual({
      disks: true,
      processes: { visiblePids: [], columnsOfAll: [] },
      network: false,
    });
  });

  test('without culprits fires five seconds late', () => {
    const watched = new Watched('load>8');
    watched.hasProcesses = false;
    watched.facts = { load1: 20 };
    watched.run(30);
    expect(watched.events).toEqual(['fires at 10']);
    expect(watched.last?.culprits).toEqual([]);
  });

  test('asks for what its culprits need only while it holds', () => {
    const watched = new Watched('psi.io>20% for 30s', 'net.up>50M for 30s');
    watched.stall = 0;
    watched.run(30);
    expect(watched.monitor.want).toEqual({ disks: false, processes: undefined, network: false });
    watched.stall = 50;
    watched.run(10, trafficOf('txBytes')(watched, true));
    expect(watched.monitor.want).toEqual({
      disks: false,
      processes: { visiblePids: [], columnsOfAll: ['readBytes', 'writtenBytes'] },
      network: true,
    });
  });

  test('does not count time in which nothing was sampled', () => {
    const watched = new Watched('load>8 for 1m');
    watched.facts = { load1: 20 };
    watched.run(30);
    watched.world.pass(3600);
    watched.run(30);
    expect(watched.events).toEqual([]);
    watched.run(60);
    expect(watched.events).toHaveLength(1);
  });
});
