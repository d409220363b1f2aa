import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';

test('every codec works where no code can be made from strings, as in the executable', () => {
  const fixture = fileURLToPath(new URL('./without-code-from-strings.fixture.ts', import.meta.url));
  const command = [process.execPath, '--disallow-code-generation-from-strings=strict', fixture];
  const run = Bun.spawnSync(command, { stdout: 'pipe', stderr: 'pipe' });
  expect(run.stderr.toString()).toBe('');
  expect(run.stdout.toString()).toBe('EvalError 10 100 50\n');
});
