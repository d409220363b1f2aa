import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';

const FIXTURE = fileURLToPath(new URL('terminal-input.fixture.ts', import.meta.url));

/** What the fixture says of three bytes and their end. */
async function said(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, FIXTURE, ...args], {
    stdin: new Uint8Array(3),
    stdout: 'pipe',
  });
  return new Response(child.stdout).text();
}

test('the end of standard input is the end of the terminal', async () => {
  expect(await said('end')).toBe('read 3\nended: EOF terminal hung up\n');
});

test('what the receiver of bytes throws is no fault of the terminal', async () => {
  expect(await said()).toBe('uncaught: a fault of the program\n');
});
