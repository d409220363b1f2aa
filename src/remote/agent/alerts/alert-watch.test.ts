import { afterEach, expect, test } from 'bun:test';
import { testPlatform } from '../../../../platforms/linux/guarded/helper-start.fixture.ts';
import { parseRule } from '../../../data/alerts/parse-rule.ts';
import { AgentSamples } from '../samples/agent-samples.ts';
import { AlertWatch, watchMillis } from './alert-watch.ts';

let samples: AgentSamples | undefined;
let watch: AlertWatch | undefined;

afterEach(() => {
  watch?.close();
  samples?.close();
});

function ruleOf(text: string) {
  const parsed = parseRule(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.rule;
}

test.each([
  [['cpu>80%'], 2000],
  [['cpu>80% for 2m'], 10_000],
  [['cpu>80% for 30s', 'load>8 for 1h'], 6000],
  [['cpu>80% for 1s'], 1000],
  [['cpu>80% for 500ms', 'load>8'], 1000],
])('rules %j are judged every %p ms', (texts, millis) => {
  expect(watchMillis(texts.map(ruleOf))).toBe(millis);
});

test('this machine is watched without a client: what fires is logged, handed on, and raises the rate of a history', async () => {
  samples = new AgentSamples(testPlatform(), {
    ...{
      gpus: false,
      sniff: false,
      temperatures: false,
      metricsTtlMillis: 250,
      processesTtlMillis: 1000,
      disksTtlMillis: 1000,
    },
  });
  const fired = Promise.withResolvers<Readonly<Record<string, string>>>();
  const events: string[] = [];
  let raises = 0;
  watch = new AlertWatch(
    samples,
    {
      rules: ['process.rss>1K', 'memory>100.5%', 'psi.io<0'].map(ruleOf),
      ...{ exec: ['/bin/notify'], webhookUrl: undefined },
      runProgram: async (_argv, variables) => {
        fired.resolve(variables);
        return { complaint: '', isCut: false, exitCode: 0 };
      },
      onFire: () => raises++,
    },
    { event: (_level, event) => events.push(event) },
  );
  const variables = await fired.promise;
  expect(variables).toMatchObject({ SOCKTOP_ALERT_NAME: 'process.rss>1K', SOCKTOP_ALERT_CULPRITS: '3' });
  expect(Number(variables['SOCKTOP_ALERT_CULPRIT_1_VALUE'])).toBeGreaterThan(1024);
  expect([raises, ...events]).toEqual([1, 'alert-firing']);
  expect(watch.alerts.map(({ isFiring }) => isFiring)).toEqual([true, false, false]);
});
