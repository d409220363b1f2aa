import { afterEach, expect, test } from 'bun:test';
import { testPlatform } from '../../../../platforms/linux/guarded/helper-start.fixture.ts';
import { AgentSamples } from '../samples/agent-samples.ts';
import { SendBudget, WAITING_LIMIT_BYTES } from './client-limits.ts';
import { MetricsAnswers } from './metrics-answers.ts';

let samples: AgentSamples | undefined;
/** What the agent takes for now: the tests turn it. */
let nowMicros = 0;

afterEach(() => samples?.close());

function answers(metricsTtlMillis: number, budget = new SendBudget()): MetricsAnswers {
  const platform = testPlatform();
  nowMicros = platform.monotonicMicros();
  Object.defineProperty(platform, 'monotonicMicros', { value: () => nowMicros });
  samples = new AgentSamples(platform, {
    ...{
      gpus: false,
      temperatures: false,
      sniff: false,
      metricsTtlMillis,
      processesTtlMillis: 1000,
      disksTtlMillis: 1000,
    },
  });
  return new MetricsAnswers(samples, {
    ...{ version: '1.2.3', isNetworkWanted: false, clientCount: () => 0, budget },
    log: { event: () => undefined },
  });
}

test('one page is for all who ask while it is made and fresh, each format has its own', async () => {
  const metrics = answers(500);
  const page = metrics.page('text', 0);
  expect(metrics.page('text', 1)).toBe(page);
  expect(metrics.page('openmetrics', 2)).not.toBe(page);
  expect(await (await page)?.text()).toContain('socktop_agent_build_info{version="1.2.3"} 1');
  expect(metrics.page('text', 1)).toBe(page);
  nowMicros += 1e6;
  expect(metrics.page('text', 1)).not.toBe(page);
});

test('another page is made where nobody holds so many that there is no room for it', async () => {
  const holder = { refuse: () => undefined };
  const budget = new SendBudget();
  const metrics = answers(0, budget);
  const { size } = (await metrics.page('text', 0))!;
  nowMicros += 1e6;
  const most = Math.floor(WAITING_LIMIT_BYTES / size);
  expect(metrics.page('text', most + 1)).toBeUndefined();
  expect(await metrics.page('text', most - 1)).toBeDefined();
  nowMicros += 1e6;
  // What clients have not read takes from the same room.
  budget.hold(holder, WAITING_LIMIT_BYTES - size);
  expect(metrics.page('text', 2)).toBeUndefined();
  budget.hold(holder, 0);
  expect(await metrics.page('text', 2)).toBeDefined();
});
