import { expect, test } from 'bun:test';
import { parseRule } from '../../data/alerts/parse-rule.ts';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import { LOCAL, SocktopBench } from './bench.fixture.ts';
import { demandOf } from './demand.ts';

const ESCAPE = '\x1b';

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
