import { expect, spyOn, test } from 'bun:test';
import { agentHere } from '../../client/remote.fixture.ts';

test('the start of the agent follows a clock that is set after it', async () => {
  const real = Date.now;
  let behindMillis = 30 * 86_400_000;
  const clock = spyOn(Date, 'now').mockImplementation(() => real() - behindMillis);
  const agent = agentHere();
  const startedMillis = async (accept: string): Promise<number> => {
    const headers = { accept };
    const page = await (await fetch(`http://127.0.0.1:${agent.port}/metrics`, { headers })).text();
    return Number(/^process_start_time_seconds (.*)$/m.exec(page)?.[1]) * 1000;
  };
  try {
    expect(Math.abs((await startedMillis('text/plain')) - Date.now())).toBeLessThan(60_000);
    behindMillis = 0;
    // A page is shared while it is fresh: one of another format is not.
    expect(
      Math.abs((await startedMillis('application/openmetrics-text; version=1.0.0')) - Date.now()),
    ).toBeLessThan(60_000);
  } finally {
    clock.mockRestore();
    await agent.stop();
  }
});
