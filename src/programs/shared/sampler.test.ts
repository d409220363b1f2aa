import { describe, expect, test } from 'bun:test';
import { NetworkAttribution } from '../../data/attribution/network-attribution.ts';
import { SampleWorld } from '../../data/sample/sample-world.fixture.ts';
import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import type { Source } from '../../data/source/source.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { NetworkFeed } from './network-feed.ts';
import { type Demand, NO_DEMAND, Sampler } from './sampler.ts';

const NEVER = Number.POSITIVE_INFINITY;
const DEMAND: Demand = {
  ...NO_DEMAND,
  ...{ metricsMillis: 40, processesMillis: 120, ofProcesses: () => ({ visiblePids: [7] }) },
};

/** A source that answers at once and remembers what it was asked. */
class AskedSource implements Source {
  readonly wants: Want[] = [];
  readonly #world = new SystemWorld();
  answer: () => Promise<Snapshot> = () => Promise.resolve(this.#world.snapshot({}));

  sample(want: Want): Promise<Snapshot> {
    this.wants.push(want);
    return this.answer();
  }

  close(): void {
    this.wants.length = 0;
  }

  count(section: keyof Want): number {
    return this.wants.filter((want) => want[section] !== undefined).length;
  }
}

function feedOf(events: Omit<ConstructorParameters<typeof NetworkFeed>[0], 'prepare'>): NetworkFeed {
  return new NetworkFeed({ prepare: () => Promise.resolve(), ...events });
}

function samplerOf(source: Source, demand: () => Demand | undefined) {
  const failures: string[] = [];
  let samples = 0;
  let networkSamples = 0;
  const sampler = new Sampler(source, demand, {
    sampled: () => {
      samples++;
    },
    failed: (message) => failures.push(message),
    network: feedOf({
      sampled: () => {
        networkSamples++;
      },
      failed: ({ message }) => failures.push(message),
    }),
  });
  return { sampler, failures, samples: () => samples, networkSamples: () => networkSamples };
}

async function until(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!check()) {
    if (performance.now() > deadline) throw new TypeError('it never came');
    await Bun.sleep(5);
  }
}

describe('a sampler', () => {
  test('asks for the rules of an agent with the metrics, or without those with the network', async () => {
    const withMetrics = new AskedSource();
    const { sampler } = samplerOf(withMetrics, () => ({ ...DEMAND, alertsMillis: 100 }));
    sampler.start();
    // On a busy machine the first two samples may be late enough to have them both.
    const isAskedSeldom = (): boolean => withMetrics.count('machine') > withMetrics.count('alerts');
    await until(() => withMetrics.count('alerts') >= 2 && isAskedSeldom());
    sampler.stop();
    const asked = withMetrics.wants.filter((want) => want.alerts !== undefined);
    expect(asked.every((want) => want.machine === true)).toBe(true);
    const withNetwork = new AskedSource();
    const demand = { ...NO_DEMAND, networkMillis: 40, alertsMillis: 100 };
    const { sampler: ofNetwork } = samplerOf(withNetwork, () => demand);
    ofNetwork.start();
    await until(() => withNetwork.count('alerts') >= 2);
    ofNetwork.stop();
    expect(withNetwork.wants.every((want) => want.network === true)).toBe(true);
  });

  test('asks for the first names alone, and for the first metrics right behind them', async () => {
    const source = new AskedSource();
    const behindNames: boolean[] = [];
    const sampler = new Sampler(source, () => DEMAND, {
      sampled: (_snapshot, isBehindNames) => behindNames.push(isBehindNames),
      failed: () => undefined,
      network: feedOf({ sampled: () => undefined, failed: () => undefined }),
      namesFirst: true,
    });
    sampler.start();
    await until(() => source.count('machineProcesses') >= 2);
    sampler.stop();
    const metrics = source.wants.findIndex((want) => want.machine === true);
    expect(source.wants.slice(0, metrics)).toEqual([{ machineProcesses: { visiblePids: [7] } }]);
    expect(source.wants.slice(metrics).every((want) => want.machine === true)).toBe(true);
    expect(behindNames[0]).toBe(false);
    // On a busy machine they may come with the second list.
    const isAlone = source.wants[metrics]?.machineProcesses === undefined;
    expect(behindNames.slice(1)).toEqual(behindNames.slice(1).map((_, at) => at === 0 && isAlone));
  });

  test('asks for each section at its own interval, together where they are due together', async () => {
    const source = new AskedSource();
    const { sampler } = samplerOf(source, () => DEMAND);
    sampler.start();
    await until(() => source.count('machineProcesses') >= 6);
    sampler.stop();
    expect(source.wants[0]).toEqual({ machine: true, machineProcesses: { visiblePids: [7] } });
    expect(source.count('machine')).toBeGreaterThan(source.count('machineProcesses'));
    expect(source.count('disks') + source.count('journal') + source.count('processDetail')).toBe(0);
    expect(source.wants.every((want) => want.machine === true)).toBe(true);
    const { length } = source.wants;
    await Bun.sleep(150);
    expect(source.wants).toHaveLength(length);
  });

  // However long the program has been running: longer than the interval of the disks, or not.
  test.each([1, 60_000])('asks for disks with the first rates, and then each %d ms', async (disksMillis) => {
    const source = new AskedSource();
    const seldom = { metricsMillis: 60_000, processesMillis: 60_000, disksMillis };
    const { sampler, samples } = samplerOf(source, () => ({ ...DEMAND, ...seldom }));
    sampler.start();
    await until(() => samples() === 2);
    expect(source.wants.slice(0, 2).map(({ machine, disks }) => [machine, disks])).toEqual([
      [true, undefined],
      [true, true],
    ]);
    sampler.stop();
    const alone = new AskedSource();
    const { sampler: ofDisks } = samplerOf(alone, () => ({ ...NO_DEMAND, disksMillis: 40 }));
    ofDisks.start();
    await until(() => alone.count('disks') >= 2);
    ofDisks.stop();
  });

  test('asks for nothing while nothing is wanted, and at once when that changes', async () => {
    const source = new AskedSource();
    let demand: Demand | undefined;
    const { sampler } = samplerOf(source, () => demand);
    sampler.start();
    await Bun.sleep(80);
    expect(source.wants).toEqual([]);
    demand = { ...DEMAND, metricsMillis: 60_000, processesMillis: NEVER };
    sampler.wake();
    await until(() => source.count('machine') === 1);
    demand = { ...demand, detailMillis: 60_000, journalMillis: 60_000, pid: 7 };
    sampler.wake();
    await until(() => source.count('processDetail') === 1 && source.count('journal') === 1);
    demand = { ...demand, pid: 8 };
    sampler.wake();
    await until(() => source.wants.some(({ processDetail }) => processDetail === 8));
    sampler.stop();
  });

  test('asks who uses the network together with the processes, soon twice, and no longer than that is wanted', async () => {
    const source = new AskedSource();
    let network = false;
    const { sampler, samples } = samplerOf(source, () => ({
      ...DEMAND,
      ...{ network, metricsMillis: 300, processesMillis: 60_000 },
    }));
    sampler.start();
    await until(() => samples() >= 5);
    expect(source.count('network')).toBe(0);
    network = true;
    sampler.wake();
    await until(() => source.count('network') >= 2);
    const asked = source.wants.filter((want) => want.network !== undefined);
    expect(asked.every((want) => want.machineProcesses !== undefined)).toBe(true);
    network = false;
    sampler.wake();
    const count = source.count('network');
    const seen = samples();
    await until(() => samples() >= seen + 3);
    sampler.stop();
    expect(source.count('network')).toBe(count);
  });

  test('asks for the network of its views at once, soon again, and then at their interval as it changes', async () => {
    const world = new SampleWorld();
    const attribution = new NetworkAttribution({
      ...{ commandLine: () => undefined, cgroup: () => undefined, userName: String },
    });
    const source = new AskedSource();
    const { answer } = source;
    source.answer = async () => ({ ...(await answer()), network: attribution.absorb(world.sample()) });
    let networkMillis = 60_000;
    const { sampler, samples, networkSamples } = samplerOf(source, () => ({ ...NO_DEMAND, networkMillis }));
    sampler.start();
    await until(() => networkSamples() === 2);
    await Bun.sleep(400);
    expect(source.wants).toEqual([{ network: true }, { network: true }]);
    const changed = performance.now();
    networkMillis = 100;
    sampler.wake();
    await until(() => networkSamples() === 4);
    expect(performance.now() - changed).toBeGreaterThan(190);
    networkMillis = NEVER;
    sampler.wake();
    await Bun.sleep(150);
    const { length } = source.wants;
    await Bun.sleep(150);
    expect([source.wants.length, samples()]).toEqual([length, 0]);
    sampler.stop();
  });

  test('asks again at once after a mere list, and soon again for the first rates of what counts', async () => {
    const source = new AskedSource();
    const world = new SampleWorld();
    const attribution = new NetworkAttribution({
      ...{ commandLine: () => undefined, cgroup: () => undefined, userName: String },
    });
    const { answer } = source;
    source.answer = async () => {
      const snapshot = await answer();
      const network = attribution.absorb(world.sample());
      if (source.wants.length > 1)
        return { ...snapshot, header: { ...snapshot.header, epoch: snapshot.header.epoch + 1 }, network };
      return { ...snapshot, network: { ...network, counted: 'none' } };
    };
    const { sampler, networkSamples } = samplerOf(source, () => ({ ...NO_DEMAND, networkMillis: 60_000 }));
    sampler.start();
    await until(() => networkSamples() === 3);
    sampler.stop();
    expect(source.wants).toHaveLength(3);
  });

  test('says why there is no network, and asks again', async () => {
    const source = new AskedSource();
    const { sampler, failures } = samplerOf(source, () => ({ ...NO_DEMAND, networkMillis: 40 }));
    sampler.start();
    await until(() => failures.length >= 3);
    sampler.stop();
    expect(failures[0]).toBe('no network data');
  });

  test('has a second sample soon, whatever the interval', async () => {
    const source = new AskedSource();
    const { sampler } = samplerOf(source, () => ({
      ...DEMAND,
      metricsMillis: 60_000,
      processesMillis: 60_000,
    }));
    sampler.start();
    await until(() => source.count('machine') >= 2 && source.count('machineProcesses') >= 2);
    sampler.stop();
  });

  test('never overlaps itself, and a journal that takes its time holds up nothing', async () => {
    const source = new AskedSource();
    let open = 0;
    let most = 0;
    const { answer } = source;
    const journalRead = Promise.withResolvers<void>();
    source.answer = async () => {
      const isJournal = source.wants.at(-1)?.journal !== undefined;
      if (isJournal) {
        await journalRead.promise;
        return answer();
      }
      most = Math.max(most, ++open);
      await Bun.sleep(15);
      open--;
      return answer();
    };
    const { sampler } = samplerOf(source, () => ({ ...DEMAND, pid: 7, detailMillis: 40, journalMillis: 50 }));
    sampler.start();
    await until(() => source.count('machine') >= 6);
    sampler.stop();
    expect(most).toBe(1);
    expect(source.count('journal')).toBe(1);
    journalRead.resolve();
  });

  test('says what failed and goes on; a source that was closed is nobody to complain of', async () => {
    const source = new AskedSource();
    source.answer = () =>
      Promise.reject(new OpError({ op: 'sample', code: 'DEADLINE', message: 'too late' }));
    const { sampler, failures } = samplerOf(source, () => DEMAND);
    sampler.start();
    await until(() => failures.length >= 2);
    expect(failures[0]).toBe('too late');
    source.answer = () => Promise.reject(new OpError({ op: 'sample', code: 'CLOSED' }));
    const { length } = failures;
    const asked = source.wants.length;
    await until(() => source.wants.length > asked + 1);
    sampler.stop();
    expect(failures.length).toBeLessThanOrEqual(length + 1);
  });
});
