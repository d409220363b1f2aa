import { expect, test } from 'bun:test';
import { parseSstopArguments } from './sstop-command.ts';

function refusal(...argv: string[]): string {
  const invocation = parseSstopArguments(argv, '1.2.3', false);
  if (invocation.kind !== 'print') throw new TypeError(`accepted: ${argv.join(' ')}`);
  expect(invocation.exitCode).toBe(2);
  expect(invocation.text).toEndWith('\n');
  expect(invocation.text.trimEnd()).not.toContain('\n');
  return invocation.text;
}

test('without arguments the screen starts with the defaults', () => {
  const invocation = parseSstopArguments([], '1.2.3', false);
  expect(invocation).toEqual({
    kind: 'run',
    options: {
      output: 'screen',
      once: false,
      intervalMillis: 1000,
      durationMillis: undefined,
      backend: 'auto',
      interfaceName: undefined,
      filter: '',
      sort: 'rate',
      loopback: false,
      color: 'auto',
      ascii: undefined,
      mouse: true,
    },
  });
});

test('--once prints a table by itself and the named format with --json or --csv', () => {
  const outputs = [['--once'], ['--once', '--json'], ['--once', '--csv']].map((argv) => {
    const invocation = parseSstopArguments(argv, '1.2.3', false);
    return invocation.kind === 'run' ? [invocation.options.output, invocation.options.once] : undefined;
  });
  expect(outputs).toEqual([
    ['table', true],
    ['json', true],
    ['csv', true],
  ]);
});

test('bad input is one line that names the argument and what is accepted', () => {
  expect(refusal('--interval', '5x')).toContain("'5x'");
  expect(refusal('--interval', '5x')).toContain('100ms to 10s');
  expect(refusal('--interval', '50ms')).toContain('100ms to 10s');
  expect(refusal('--interval', '11s')).toContain('100ms to 10s');
  expect(refusal('--duration', '0s')).toContain('such as 8s');
  expect(refusal('--sort', 'weight')).toContain('rate, download, upload, pid, name, connections');
  expect(refusal('--backend', 'magic')).toContain('auto, netlink, proc');
  expect(refusal('--json', '--csv')).toContain("'--csv'");
  expect(refusal('--jsno')).toContain('--jsno');
  expect(refusal('surplus')).toContain('surplus');
  expect(refusal('--filter')).toContain('--filter');
});

test('version and help go to standard output with exit code 0', () => {
  expect(parseSstopArguments(['--version'], '1.2.3', false)).toEqual({
    kind: 'print',
    text: 'sstop 1.2.3\n',
    exitCode: 0,
  });
  const help = parseSstopArguments(['--help'], '1.2.3', false);
  expect(help.kind === 'print' && help.exitCode === 0 && help.text).toContain('--interval <duration>');
});

test('help is coloured only where asked', () => {
  const plain = parseSstopArguments(['--help'], '1.2.3', false);
  const colored = parseSstopArguments(['--help'], '1.2.3', true);
  expect(plain.kind === 'print' && plain.text.includes('\u001b')).toBe(false);
  expect(colored.kind === 'print' && colored.text.includes('\u001b[')).toBe(true);
});
