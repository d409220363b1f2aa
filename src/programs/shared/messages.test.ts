import { expect, test } from 'bun:test';

/** What `complain` prints, from a process of its own. */
function printed(message: string): string {
  const path = new URL('./messages.ts', import.meta.url).pathname;
  const script = `import { complain } from ${JSON.stringify(path)}; complain('socktop', process.env.MESSAGE);`;
  const child = Bun.spawnSync([process.execPath, '-e', script], { env: { MESSAGE: message } });
  return child.stderr.toString();
}

test('fingerprints to compare have a line each, and nothing else breaks the line', () => {
  const [shown, pinned] = ['AB', 'CD'].map((byte) => Array(32).fill(byte).join(':'));
  const message = `refused: the certificate of h\x1b[2J\n does not match the pinned one`;
  expect(printed(`${message}: received SHA-256 ${shown}, expected SHA-256 ${pinned}`)).toMatch(
    new RegExp(
      `^socktop: refused: the certificate of h[^\\n\\x1b]* does not match the pinned one\\n` +
        `  received SHA-256 ${shown}\\n  expected SHA-256 ${pinned}\\n$`,
    ),
  );
});

test('of a message with an endless argument both ends are printed, for the end says what is accepted', () => {
  const line = printed(`option '--backend' argument '${'x'.repeat(9000)}' is invalid: it takes auto or proc`);
  expect(line.length).toBeLessThan(1200);
  expect(line).toStartWith("socktop: option '--backend' argument 'xxx");
  expect(line.trimEnd()).toEndWith("x' is invalid: it takes auto or proc");
});
