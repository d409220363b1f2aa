import { expect, test } from 'bun:test';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { SocktopBench } from './bench.fixture.ts';

const WARM_UP = 1000;
const REFRESHES = 10_000;
const PROCESSES = 300;

test('ten thousand refreshes of a machine whose processes come and go leave the heap as it was', () => {
  const world = new SystemWorld(16);
  let oldest = 1000;
  let next = oldest;
  while (next < oldest + PROCESSES) world.addProcess(next++, { name: 'first' });
  const bench = new SocktopBench({}, world);
  bench.resize(200, 60);
  const buffer = new Buffer(200, 60);
  let warmBytes = Number.NaN;
  for (let refresh = 0; refresh < WARM_UP + REFRESHES; refresh++) {
    world.pass(0.5, 0.4);
    world.removeProcess(oldest++);
    world.addProcess(next, { name: `churn-${next++}` });
    bench.sample();
    buffer.clear();
    bench.program.view(bench.model, buffer);
    if (refresh === WARM_UP) warmBytes = heapBytes();
  }
  const growth = heapBytes() / warmBytes;
  process.stdout.write(`heap after ${REFRESHES} refreshes: ${growth.toFixed(3)} of what it was\n`);
  expect(growth).toBeLessThan(1.1);
}, 120_000);

function heapBytes(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}
