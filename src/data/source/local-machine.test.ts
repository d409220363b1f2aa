import { describe, expect, test } from 'bun:test';
import { OpError } from '../../kit/errors/op-error.ts';
import type { DisksSection } from '../sample/disks-section.ts';
import type { MachineCollector, Platform } from '../sample/platform.ts';
import { LocalMachine } from './local-machine.ts';

const NEVER = { due: () => false, rest: () => Promise.resolve() };
const HOST = { hostName: 'h', bootId: 'b', bootWallMillis: 0, clockTicksPerSecond: 100, pageSizeBytes: 4096 };

function refuse(): never {
  throw new OpError({ op: 'collect', code: 'ENOENT', message: 'not here' });
}

class Collector implements MachineCollector {
  closed = 0;
  collectMachine = refuse;
  async collectDisks(): Promise<DisksSection> {
    return { sequence: 1, monotonicMicros: 1, durationMicros: 1, errors: [], fileSystems: [], devices: [] };
  }
  collectProcesses = () => Promise.resolve().then(refuse);
  collectProcess = () => Promise.resolve().then(refuse);
  collectJournal = () => Promise.resolve().then(refuse);
  close(): void {
    this.closed++;
  }
}

function platformWith(openMachine?: Platform['openMachine']): Platform {
  return {
    host: HOST,
    monotonicMicros: () => 0,
    openNetwork: refuse,
    tierReports: () => [],
    userName: String,
    signaller: { send: () => 'gone' },
    ...(openMachine === undefined ? {} : { openMachine }),
  };
}

describe('the sections of this machine', () => {
  test('opens nothing before it is asked, and one collector for all', async () => {
    let opened = 0;
    const collector = new Collector();
    const machine = new LocalMachine(
      platformWith(() => {
        opened++;
        return collector;
      }),
    );
    expect(await machine.collect({}, NEVER)).toEqual({ sections: {}, errors: [] });
    expect(opened).toBe(0);
    await machine.collect({ disks: true }, NEVER);
    await machine.collect({ disks: true }, NEVER);
    expect(opened).toBe(1);
    machine.close();
    expect(collector.closed).toBe(1);
  });

  test('one that fails leaves the others there and says why', async () => {
    const machine = new LocalMachine(platformWith(() => new Collector()));
    const want = {
      machine: true,
      disks: true,
      machineProcesses: { visiblePids: [] },
      journal: 1,
      processDetail: 1,
    };
    const { sections, errors } = await machine.collect(want, NEVER);
    expect(Object.keys(sections)).toEqual(['disks']);
    expect(errors.map(({ code }) => code)).toEqual(['ENOENT', 'ENOENT', 'ENOENT', 'ENOENT']);
  });

  test('a platform without any says so', async () => {
    const { sections, errors } = await new LocalMachine(platformWith()).collect({ disks: true }, NEVER);
    expect(sections).toEqual({});
    expect(errors).toMatchObject([{ op: 'collect disks', code: 'ENOTSUP' }]);
  });
});
