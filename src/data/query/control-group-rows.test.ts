import { describe, expect, test } from 'bun:test';
import { ControlGroupsRates } from '../rates/control-group-rates.ts';
import type { ControlGroupSample } from '../schema/control-groups-section.ts';
import type { Pressure } from '../schema/cpu-sample.ts';
import { ControlGroupRows } from './control-group-rows.ts';

const NOTHING_KNOWN: ControlGroupSample = {
  ...{ path: '/system.slice/web.service', cpuPressure: undefined, memoryPressure: undefined },
  ...{ ioPressure: undefined, periods: undefined, throttledPeriods: undefined, throttledMicros: undefined },
  ...{ memoryHighs: undefined, memoryMaxes: undefined, memoryKills: undefined, memoryBytes: undefined },
  ...{ memoryLimitBytes: undefined, cpuLimit: undefined },
};

function pressure(avg10: number): Pressure {
  return { some: { avg10, avg60: 0, avg300: 0, totalMicros: 0 }, full: undefined };
}

/** Groups of two samples, two seconds apart. */
class Groups {
  readonly rates = new ControlGroupsRates();
  readonly rows = new ControlGroupRows();
  #sequence = 0;

  take(groups: readonly Partial<ControlGroupSample>[], seconds = 2 * (this.#sequence + 1)): this {
    const whole = groups.map((group) => ({ ...NOTHING_KNOWN, ...group }));
    const facts = {
      sequence: ++this.#sequence,
      monotonicMicros: seconds * 1e6,
      durationMicros: 0,
      errors: [],
    };
    this.rates.update({ ...facts, groups: whole });
    this.rows.build(whole, this.rates);
    return this;
  }

  get words(): readonly string[] {
    return Array.from(
      this.rows.order({ key: 'trouble', isReversed: false }),
      (row) => `${this.rows.names[row]}: ${this.rows.troubles[row]}`,
    );
  }
}

describe('what is wrong with control groups', () => {
  test('the worst first, in words, and the worst of a group first', () => {
    const GB = 2 ** 30;
    const db = { path: '/system.slice/db.service', memoryBytes: GB, memoryLimitBytes: GB };
    const groups = (step: number): readonly Partial<ControlGroupSample>[] => [
      { throttledMicros: 0, cpuPressure: pressure(3) },
      { ...db, throttledMicros: step * 760_000, cpuPressure: pressure(90), memoryPressure: pressure(60) },
      { path: '/system.slice/mail.service', ioPressure: pressure(12.4) },
      { path: '/batch', memoryKills: 4 + step, memoryMaxes: step },
      { path: '/idle', memoryBytes: GB, memoryLimitBytes: GB },
    ];
    const both = new Groups().take(groups(0)).take(groups(1));
    expect(both.words).toEqual([
      '/batch: 1 process killed for lack of memory, memory at its limit',
      'db.service: waits for memory 60 %, throttled 38 % of the time, memory at its limit',
      'mail.service: waits for disk 12 %',
      '/idle: memory at its limit',
      'web.service: ',
    ]);
    expect(both.rows.worst).toBe('/batch: 1 process killed for lack of memory');
  });

  test('a first sample knows no growth, and one that knows nothing complains of nothing', () => {
    const first = new Groups().take([{ throttledMicros: 5e6, memoryKills: 9 }]);
    expect(first.words).toEqual(['web.service: ']);
    expect([first.rows.throttled[0], first.rows.kills[0]]).toEqual([Number.NaN, Number.NaN]);
    expect(first.rows.worst).toBe('');
    expect(first.take([{}]).words).toEqual(['web.service: ']);
  });

  test('processors that are stopped at once are no more than all of the time', () => {
    const rows = new Groups().take([{ throttledMicros: 0 }]).take([{ throttledMicros: 9e6 }]).rows;
    expect(rows.throttled[0]).toBe(100);
  });

  test('of many processors, throttled is the share of what ran and was stopped there; of one, of the time', () => {
    const after = (throttledMicros: number, usedMicros: number) =>
      new Groups().take([{ throttledMicros: 0, usedMicros: 0 }]).take([{ throttledMicros, usedMicros }]);
    // In two seconds: 64 processors that are stopped for 5 % of them, one for half, one for a quarter that rests then.
    const all = [after(64 * 0.1e6, 64 * 1.9e6), after(1e6, 1e6), after(0.5e6, 0.5e6), after(0, 64e6)];
    expect(all.map(({ rows }) => rows.throttled[0])).toEqual([5, 50, 25, 0]);
    expect(all[0]!.words).toEqual(['web.service: throttled 5 % of the time']);
  });

  test('a kill stays in sight for a minute, and a group that was made anew counts from its beginning', () => {
    const groups = new Groups().take([{ memoryKills: 0 }], 0).take([{ memoryKills: 2 }], 10);
    expect(groups.words[0]).toContain('2 processes killed');
    expect(groups.take([{ memoryKills: 2 }], 60).words[0]).toContain('2 processes killed');
    expect(groups.take([{ memoryKills: 2 }], 71).words[0]).toBe('web.service: ');
    expect(groups.take([{ memoryKills: 1 }], 73).words[0]).toContain('1 process killed');
  });

  test('kills that go on are those of the last minute alone', () => {
    const groups = new Groups().take([{ memoryKills: 0 }], 0);
    for (let kills = 1; kills <= 10; kills++) groups.take([{ memoryKills: kills }], kills * 25);
    expect(groups.words[0]).toContain('3 processes killed');
    expect(groups.take([{ memoryKills: 10 }], 290).words[0]).toContain('1 process killed');
    // Nobody looked for an hour.
    expect(groups.take([{ memoryKills: 70 }], 4000).rows.kills[0]).toBeNaN();
    expect(groups.take([{ memoryKills: 71 }], 4002).rows.kills[0]).toBe(1);
  });

  test('tasks that compete among themselves for the CPU are worth a word only from a quarter of the time on', () => {
    const words = (percent: number): string =>
      new Groups().take([{ cpuPressure: pressure(percent) }]).words[0]!;
    expect([words(24), words(25)]).toEqual(['web.service: ', 'web.service: waits for CPU 25 %']);
  });
});
