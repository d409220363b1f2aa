import { describe, expect, test } from 'bun:test';
import { CASES, type CaseTruth, type End } from './veth-cases.ts';
import type { Basis, ShownRow } from './veth-monitor.ts';
import type { Session } from './veth-session.ts';
import { rowSumOf, verdictsOf } from './veth-verdict.ts';

const CLIENT = 100;
const SERVER = 200;
const STRANGER = 300;
const STEP = 52;

function end(role: End['role'], side: End['side'], pid: number, ownerlessBytes = 0): End {
  return {
    role,
    side,
    pids: [pid],
    payload: { up: 1000, down: 2000 },
    ip: { up: 1520, down: 2520 },
    ownerless: { mostBytes: ownerlessBytes, stepBytes: STEP },
    hiddenBytes: 0,
  };
}

function session(program: string, basis: Basis, rows: readonly ShownRow[], ownerlessBytes = 0): Session {
  const spec = CASES.find(({ name }) => name === 'TCP v4')!;
  const truth: CaseTruth = {
    spec,
    client: end('client', 'near', CLIENT, ownerlessBytes),
    server: end('server', 'far', SERVER),
    elapsedMillis: 1,
  };
  return {
    monitor: { name: program, seesBothSides: program === 'ebpf', countsUdp: true },
    truths: [truth],
    shown: { basis, rows, lostBytes: 0, lostClosings: 0, remarks: [] },
    segmentsPerFrame: 20,
  };
}

function shown(pid: number | undefined, up: number, down: number): ShownRow {
  return { pid, name: 'x', up, down, isInferred: false };
}

describe('a verdict', () => {
  test('is exact where both ends are, by IP bytes', () => {
    const rows = [shown(CLIENT, 1520, 2520), shown(SERVER, 1520, 2520)];
    const [verdict] = verdictsOf(session('ebpf', 'l3', rows));
    expect(verdict).toMatchObject({
      truthBytes: 8080,
      errorBytes: 0,
      errorPercent: 0,
      wrongPercent: 0,
      barPercent: 0,
    });
  });

  test('one byte is an error, too few and too many alike', () => {
    for (const up of [1519, 1521]) {
      const rows = [shown(CLIENT, up, 2520), shown(SERVER, 1520, 2520)];
      const [verdict] = verdictsOf(session('ebpf', 'l3', rows));
      expect(verdict?.errorBytes).toBe(1);
      expect(verdict?.errorPercent).toBeGreaterThan(0);
    }
  });

  test('looks at the near side alone where a program sees no other, and at payload where it counts that', () => {
    const [verdict] = verdictsOf(session('netlink', 'payload', [shown(CLIENT, 1000, 1500)]));
    expect(verdict).toMatchObject({ truthBytes: 3000, shownBytes: 2500, errorBytes: 500, errorPercent: 25 });
    expect(verdict?.attributedPercent).toBeCloseTo(83.333, 2);
  });

  test('a process without a row has nothing, and a program that counts nothing has no number', () => {
    expect(verdictsOf(session('netlink', 'payload', []))[0]?.errorPercent).toBe(100);
    expect(verdictsOf(session('proc', 'none', []))[0]?.shownBytes).toBeNaN();
  });

  test('forgives whole segments of TIME_WAIT, no more of them than there were, and nothing else', () => {
    const errorWith = (missing: number): number | undefined => {
      const rows = [shown(CLIENT, 1520, 2520 - missing), shown(SERVER, 1520, 2520)];
      return verdictsOf(session('ebpf', 'l3', rows, 2 * STEP))[0]?.errorBytes;
    };
    expect([STEP, 2 * STEP, 3 * STEP, STEP - 1, -STEP].map(errorWith)).toEqual([0, 0, 156, 51, 52]);
  });

  test('forgives what the kernel shows to no program, all of it, and no other number of bytes', () => {
    const errorWith = (missing: number): number | undefined => {
      const rows = [shown(CLIENT, 1520, 2520), shown(SERVER, 1520 - missing, 2520)];
      const told = session('ebpf', 'l3', rows);
      const truths = told.truths.map((truth) => ({ ...truth, server: { ...truth.server, hiddenBytes: 80 } }));
      return verdictsOf({ ...told, truths })[0]?.errorBytes;
    };
    expect([0, 80, 79, 160].map(errorWith)).toEqual([0, 0, 79, 160]);
  });
});

describe('the sum of all rows', () => {
  test('takes in what is nobody’s, and tells what is on a stranger’s', () => {
    const rows = [shown(CLIENT, 900, 1900), shown(undefined, 70, 100), shown(STRANGER, 30, 0)];
    const sum = rowSumOf(session('netlink', 'payload', rows));
    expect(sum).toMatchObject({ truthBytes: 3000, shownBytes: 3000, errorPercent: 0, foreignPercent: 1 });
  });

  test('is not known of a program that sees more than the traffic', () => {
    expect(rowSumOf(session('ebpf', 'l3', []))).toBeUndefined();
  });
});
