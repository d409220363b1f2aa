import { expect, test } from 'bun:test';
import { parseRule } from '../../data/alerts/parse-rule.ts';
import type { AlertState } from '../../data/schema/alerts-section.ts';
import { Bench } from './bench.fixture.ts';

const ESCAPE = '\x1b';
const MEGABYTE = 1 << 20;
const ETH0 = 1;

function ruleOf(text: string, name?: string) {
  const parsed = parseRule(text, name);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.rule;
}

/** The next second, in which process 15 sends so much. */
function upload(bench: Bench, bytes: number): void {
  bench.world.interfaces.txBytes[ETH0]! += bytes;
  bench.sample(0, 0, 0, 0, bytes);
}

function shown(bench: Bench): string {
  return bench.lines().join('\n');
}

const AGENT_RULE: AlertState = {
  ...{ name: 'root is full', text: 'disk.used>90%', isFiring: true, changedMillis: 1_700_000_000_000 },
  ...{ value: 93.1, unit: 'percent', place: '/', culprits: [], culpritUnit: 'rate' },
};

test('a rule about the network fires with who uses it; one that sstop has no figures for says so', () => {
  const bench = new Bench({ alerts: [ruleOf('net.up>1M', 'upload'), ruleOf('cpu>80% for 2m')] });
  upload(bench, 10 * MEGABYTE);
  upload(bench, 10 * MEGABYTE);
  expect(bench.lines()[0]).toContain('! upload');
  bench.type('a');
  expect(shown(bench)).toMatch(/Alerts: 1 .* Esc closes/);
  expect(shown(bench)).toMatch(/! upload {2}net\.up>1M {2}10\.0 MB\/s {2}firing since/);
  expect(shown(bench)).toMatch(/process-15 \(15\) \d/);
  expect(shown(bench)).toContain('- cpu>80% for 2m  not watched here: no cpu');
  bench.type(ESCAPE);
  expect(shown(bench)).not.toContain('Alerts: 1');
});

test('the rules of an agent are marked as its own, and hidden where its past is shown', () => {
  const bench = new Bench();
  bench.send({ kind: 'alerts', alerts: [AGENT_RULE] });
  const host = bench.model.live!.header.hostName;
  expect(bench.lines()[0]).toContain('! root is full');
  bench.type('a');
  expect(shown(bench)).toContain(`! on ${host}: root is full  disk.used>90%`);
  const progress = {
    isPaused: true,
    positionMillis: 0,
    durationMillis: 1,
    speed: 1,
    isAtEnd: false,
    isDurationExact: true,
    isSeeking: false,
  };
  bench.send({
    kind: 'played',
    playback: {
      fileName: 'history',
      progress: { ...progress, damage: undefined, endsEarly: false },
      wallMillis: 1,
    },
  });
  expect(shown(bench)).not.toContain('root is full');
  bench.send({ kind: 'played', playback: undefined });
  bench.send({ kind: 'alerts', alerts: [] });
  expect(shown(bench)).toContain('No rules. Write some into config.yaml');
});
