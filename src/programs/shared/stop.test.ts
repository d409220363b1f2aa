import { describe, expect, test } from 'bun:test';
import { closedInTime, ENDED, Stop } from './stop.ts';

const never = (): Promise<string> => new Promise(() => undefined);

describe('a wish to end', () => {
  test('by signal ends every wait, those that come after it too', async () => {
    const stop = new Stop(['SIGUSR2']);
    try {
      const waits = [stop.orEnd(never()), stop.sleep(60_000), stop.wished] as const;
      process.kill(process.pid, 'SIGUSR2');
      const [first] = await Promise.all(waits);
      expect([first, await stop.orEnd(never())]).toEqual([ENDED, ENDED]);
      expect([stop.signal, stop.isWished]).toEqual(['SIGUSR2', true]);
    } finally {
      stop.release();
    }
  });

  test('by time ends them without a signal; the last time that was said is in force', async () => {
    const stop = new Stop([]);
    stop.endAfter(60_000);
    stop.endAfter(20);
    expect(await stop.orEnd(never())).toBe(ENDED);
    expect([stop.signal, stop.isWished]).toEqual([undefined, true]);
    stop.release();
    const endless = new Stop([]);
    endless.endAfter(Number.POSITIVE_INFINITY);
    endless.endAfter(2 ** 40);
    await endless.sleep(5);
    expect(endless.isWished).toBe(false);
    endless.release();
  });

  test('leaves work that is done in the time of grace its value, and its error', async () => {
    const stop = new Stop([]);
    stop.endAfter(0);
    await stop.wished;
    expect(
      await stop.orEnd(
        Bun.sleep(5).then(() => 'done'),
        10_000,
      ),
    ).toBe('done');
    expect(await stop.orEnd(Promise.resolve('done'))).toBe('done');
    await expect(stop.orEnd(Promise.reject(new RangeError('broken')))).rejects.toThrow('broken');
    stop.release();
  });

  test('is no matter of the work: an error that comes later is nobody’s', async () => {
    const stop = new Stop([]);
    stop.endAfter(0);
    const late = Bun.sleep(20).then(() => Promise.reject(new RangeError('late')));
    expect(await stop.orEnd(late)).toBe(ENDED);
    // An unhandled rejection would fail this test.
    await Bun.sleep(30);
    stop.release();
  });
});

test('what does not close is left to itself', async () => {
  expect(await closedInTime(Promise.resolve())).toBe(true);
  const began = performance.now();
  expect(await closedInTime(new Promise(() => undefined))).toBe(false);
  expect(performance.now() - began).toBeLessThan(5000);
  await expect(closedInTime(Promise.reject(new RangeError('broken')))).rejects.toThrow('broken');
});

test('what closes late because this program could not run is waited for', async () => {
  const closing = closedInTime(Bun.sleep(600));
  // As long as others have the processors.
  Bun.sleepSync(550);
  expect(await closing).toBe(true);
});
