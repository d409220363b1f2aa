import { describe, expect, test } from 'bun:test';
import { parseRule } from '../../data/alerts/parse-rule.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import type { AlertState } from '../../data/schema/alerts-section.ts';
import { LOCAL, SocktopBench } from './bench.fixture.ts';
import { demandOf } from './demand.ts';

const ESCAPE = '\x1b';
const MB = 2 ** 20;

function ruleOf(text: string, name?: string) {
  const parsed = parseRule(text, name);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.rule;
}

function benchOf(ascii = false, hosts = [LOCAL]): SocktopBench {
  const world = new SystemWorld();
  world.addProcess(7, { name: '\x1b]0;evil\x07hog', residentBytes: 3 * 2 ** 30 });
  world.addProcess(8, { name: 'calm', residentBytes: 2 ** 30 });
  const alerts = [ruleOf('memory>10%', 'full'), ruleOf('net.up>1G for 1h'), ruleOf('psi.io>90%')];
  return new SocktopBench({ hosts, alerts, ascii }, world);
}

/** Culprits are looked for from the sample on that follows the first in which a rule holds. */
function sampleTwice(bench: SocktopBench): void {
  bench.sample();
  bench.world.pass(2);
  bench.sample();
}

function shown(bench: SocktopBench): string {
  return bench.lines().join('\n');
}

test('a rule that fires has a sign in the header, and its culprits in the list', () => {
  const bench = benchOf();
  sampleTwice(bench);
  expect(bench.lines()[0]).toContain('! full');
  expect(bench.lines().at(-1)).toContain('A alerts');
  bench.type('A');
  const text = shown(bench);
  expect(text).toMatch(/Alerts: 1 .* Esc closes/);
  expect(text).toMatch(/! full {2}memory>10% {2}25\.0 % {2}firing since \d\d:\d\d:\d\d/);
  expect(text).toMatch(/hog \(7\) 3\.0 GB, calm \(8\) 1\.0 GB/);
  expect(text.indexOf('! full')).toBeLessThan(text.indexOf('net.up>1G'));
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  bench.type(ESCAPE);
  expect(shown(bench)).not.toContain('Alerts: 1');
  bench.type('AA');
  expect(shown(bench)).not.toContain('Alerts: 1');
});

test('a rule that has cleared says when, and who it was', () => {
  const bench = benchOf();
  sampleTwice(bench);
  bench.world.memory = { ...bench.world.memory!, usedBytes: 1 };
  for (let i = 0; i < 4; i++) {
    bench.world.pass(5);
    bench.sample();
  }
  expect(bench.lines()[0]).not.toContain('! ');
  bench.type('A');
  expect(shown(bench)).toMatch(/Alerts: none/);
  expect(shown(bench)).toMatch(/full {2}memory>10% {2}25\.0 % {2}cleared at [\d:]+/);
  expect(shown(bench)).toContain('hog (7)');
});

test('without rules the list says where they are written', () => {
  const bench = new SocktopBench({ hosts: [LOCAL] });
  bench.sample();
  expect(bench.lines().at(-1)).not.toContain('alerts');
  bench.type('A');
  expect(shown(bench)).toContain('No rules. Write some into config.yaml');
});

test('the list is drawn at every size, in ASCII too', () => {
  for (const ascii of [false, true]) {
    const bench = benchOf(ascii);
    sampleTwice(bench);
    bench.type('A');
    for (const [width, height] of [
      [0, 0],
      [1, 1],
      [40, 10],
      [61, 17],
      [200, 60],
      [500, 9],
    ] as const) {
      bench.resize(width, height);
      bench.type('jjG');
      for (const line of bench.lines()) if (ascii) expect(line).toMatch(/^[ -~]*$/);
    }
  }
});

test('what names the culprits is asked for only while a rule holds', () => {
  const bench = benchOf();
  bench.sample();
  expect(demandOf(bench.model, 0)).toMatchObject({ network: false });
  expect(demandOf(bench.model, 0)?.ofProcesses().columnsOfAll ?? []).toEqual([]);
  const slot = bench.world.interfaces.slots.find(2, 0, 0, 0);
  bench.world.pass(2);
  bench.world.interfaces.txBytes[slot]! += 8 * 2 ** 30;
  bench.sample();
  expect(demandOf(bench.model, 0)).toMatchObject({ network: true });
});

describe('the rules of an agent', () => {
  const LIVE: RemoteStatus = {
    ...{ phase: 'live', hostName: 'web-1', isEncrypted: true, hasToken: true, latencyMicros: 12_000 },
    ...{ protocol: 'socktop.v2', notice: undefined, answeredMillis: 0 },
    ...{ nextTryMillis: undefined, reason: undefined },
  };
  const state = (name: string, isFiring: boolean): AlertState => ({
    ...{ name, text: 'disk.used>90%', isFiring, changedMillis: isFiring ? 1_700_000_000_000 : undefined },
    ...{
      value: 93.1,
      unit: 'percent',
      place: '/',
      culprits: [{ pid: 42, name: '\x1b[31mrsync', value: 5 * MB }],
    },
    culpritUnit: 'rate',
  });
  const hostsOf = (...names: readonly string[]) =>
    names.map((name) => ({ name, link: LIVE, canSignal: false, userOf: () => undefined }));
  /** A sample of a host that comes with what its agent says of its rules. */
  function told(bench: SocktopBench, host: number, ...alerts: readonly AlertState[]): void {
    bench.world.pass(2);
    const facts = { sequence: 1, monotonicMicros: 0, durationMicros: 0, errors: [] };
    bench.send({ kind: 'sampled', host, snapshot: bench.world.snapshot({ alerts: { ...facts, alerts } }) });
  }

  test('have their sign and their culprits, with whose they are', () => {
    const bench = new SocktopBench({ hosts: hostsOf('web-1') });
    bench.sample();
    told(bench, 0, state('root is full', true), state('other', false));
    expect(bench.lines()[0]).toContain('! root is full on web-1');
    expect(bench.lines().at(-1)).toContain('A alerts');
    bench.type('A');
    expect(shown(bench)).toMatch(/Alerts: 1 .* Esc closes/);
    expect(shown(bench)).toMatch(
      /! on web-1: root is full {2}disk\.used>90% {2}\/ {2}93\.1 % {2}firing since \d\d:\d\d:\d\d/,
    );
    expect(shown(bench)).toMatch(/rsync \(42\) 5\.0 MB\/s/);
    expect(shown(bench)).toContain('  on web-1: other  disk.used>90%');
    expect(shown(bench)).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    told(bench, 0, state('root is full', false));
    expect(bench.lines()[0]).not.toContain('! ');
  });

  test('mark their host where several are shown', () => {
    const bench = new SocktopBench({ hosts: hostsOf('web-1', 'web-2') });
    bench.sample(0);
    bench.sample(1);
    told(bench, 1, state('root is full', true));
    expect(bench.lines()[0]).toContain('! root is full on web-2');
    expect(bench.lines().find((line) => line.includes('web-1'))).not.toContain('! ');
    expect(shown(bench)).toMatch(/^.! web-2 /m);
    bench.type('A');
    expect(shown(bench)).toContain('! on web-2: root is full');
  });

  test('show in the network views too, by the key there', () => {
    const bench = new SocktopBench({ hosts: hostsOf('web-1') });
    bench.sample();
    told(bench, 0, state('root is full', true));
    bench.type('n');
    bench.type('a');
    expect(shown(bench)).toContain('! on web-1: root is full');
    bench.type(ESCAPE);
    expect(shown(bench)).not.toContain('on web-1: root');
    expect(bench.model.view).toBe('network');
    bench.type('aa');
    expect(shown(bench)).not.toContain('on web-1: root');
    bench.type('a');
    bench.click(5, 5);
    expect(shown(bench)).not.toContain('on web-1: root');
  });

  test('are those of the agent that is there now', () => {
    const bench = new SocktopBench({ hosts: hostsOf('web-1') });
    bench.sample();
    told(bench, 0, state('root is full', true));
    bench.world.epoch++;
    bench.world.pass(2);
    bench.sample();
    expect(bench.lines()[0]).not.toContain('! ');
  });

  test('are asked for of hosts that have an agent', () => {
    const bench = new SocktopBench({ hosts: [...hostsOf('web-1'), LOCAL] });
    expect(demandOf(bench.model, 0)?.alertsMillis).toBe(2000);
    expect(demandOf(bench.model, 1)?.alertsMillis).toBe(Number.POSITIVE_INFINITY);
  });
});
