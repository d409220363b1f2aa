import { afterAll, expect, test } from 'bun:test';
import { openConsole } from './terminal-output.ts';

/** A console whose size changes with nobody told. */
class Console {
  readonly fd = 1;
  columns = 80;
  rows = 24;
  actual: readonly [columns: number, rows: number] = [80, 24];

  _refreshSize(): void {
    [this.columns, this.rows] = this.actual;
  }
}

const window = new Console();
const output = openConsole(window);
afterAll(() => output.close());

test('a console is standard output itself, and tells of each new size once', async () => {
  expect(output.descriptor).toBe(1);
  const sizes: string[] = [];
  let told = Promise.withResolvers<void>();
  output.watchSize(() => {
    const { columns, rows } = output.windowSize();
    sizes.push(`${columns}x${rows}`);
    told.resolve();
  });
  for (const size of [
    [100, 30],
    [100, 31],
  ] as const) {
    told = Promise.withResolvers();
    window.actual = size;
    // The timer alone would let the process end.
    const keepAlive = setInterval(() => undefined, 1000);
    await told.promise;
    clearInterval(keepAlive);
  }
  expect(sizes).toEqual(['100x30', '100x31']);
});
