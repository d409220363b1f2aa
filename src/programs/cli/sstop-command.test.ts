import { describe, expect, test } from 'bun:test';
import { Chalk } from 'chalk';
import fc from 'fast-check';
import { TIERS_OF } from '../../data/sample/network-sample.ts';
import { parseSstopArguments } from './sstop-command.ts';
import { usualSstopOptions } from './sstop-options.ts';

const VOCABULARY = {
  version: '1.2.3',
  themeNames: ['dusk', 'dawn'],
  tiers: TIERS_OF.linux,
  sortKeys: ['rate', 'download', 'upload', 'pid', 'name', 'connections'],
  filterKeys: ['port', 'host', 'conns', 'user', 'rtt', 'retrans', 'drops'],
};

function refusal(...argv: string[]): string {
  const invocation = parseSstopArguments(argv, VOCABULARY);
  if (invocation.kind !== 'print') throw new TypeError(`accepted: ${argv.join(' ')}`);
  expect(invocation.exitCode).toBe(2);
  expect(invocation.text).toEndWith('\n');
  expect(invocation.text.trimEnd()).not.toContain('\n');
  return invocation.text;
}

test('without arguments the screen starts, and what a configuration may say is left open', () => {
  const invocation = parseSstopArguments([], VOCABULARY);
  expect(invocation).toEqual({
    kind: 'run',
    options: {
      output: 'screen',
      once: false,
      doctor: false,
      intervalMillis: undefined,
      durationMillis: undefined,
      backend: 'auto',
      interfaceName: undefined,
      filter: '',
      sort: undefined,
      loopback: undefined,
      dns: undefined,
      sniff: undefined,
      units: undefined,
      geoipPath: undefined,
      recordPath: undefined,
      playbackPath: undefined,
      history: undefined,
      lookBack: undefined,
      totals: undefined,
      logPath: undefined,
      agent: undefined,
      theme: undefined,
      color: 'auto',
      ascii: undefined,
      mouse: undefined,
      groupBy: undefined,
    },
  });
});

describe('a usual start needs no parser', () => {
  const usual = (...argv: string[]) => usualSstopOptions(argv, VOCABULARY.tiers);

  test.each(['', '--backend netlink', '--loopback --interval 500ms', '--no-dns --ascii --backend proc'])(
    'sstop %s',
    (words) => expect(usual(...words.split(' ').filter(Boolean))).toBeDefined(),
  );

  test.each(['--backend', '--backend pcap', '--interval 1ms', '--loopback ssh://host', '--once', 'toString'])(
    'but sstop %s does',
    (words) => expect(usual(...words.split(' '))).toBeUndefined(),
  );

  test('and has the options that the parser gives it', () => {
    const switches = ['loopback', 'dns', 'sniff', 'ascii', 'mouse'].flatMap((name) => [
      `--${name}`,
      `--no-${name}`,
    ]);
    const values = ['--backend', 'auto', ...VOCABULARY.tiers, '--interval', '99ms', '100ms', '2.5s', '11s'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...switches, ...values), { maxLength: 6 }), (words) => {
        const options = usual(...words);
        if (options !== undefined) {
          expect(parseSstopArguments(words, VOCABULARY)).toEqual({ kind: 'run', options });
        }
      }),
    );
  });
});

test('what is said on the command line is there', () => {
  const argv = [
    '--interval',
    '500ms',
    '--sort',
    'pid',
    '--loopback',
    '--no-dns',
    '--no-sniff',
    '--no-mouse',
    '--ascii',
    '--units',
    'bits',
  ];
  const files = ['--geoip', 'a.mmdb', '--record', 'b.gz', '--log', 'c', '--theme', 'dawn', '--no-color'];
  const invocation = parseSstopArguments([...argv, ...files], VOCABULARY);
  expect(invocation.kind === 'run' && invocation.options).toMatchObject({
    ...{
      intervalMillis: 500,
      sort: 'pid',
      loopback: true,
      dns: false,
      sniff: false,
      mouse: false,
      ascii: true,
      units: 'bits',
    },
    ...{ geoipPath: 'a.mmdb', recordPath: 'b.gz', logPath: 'c', theme: 'dawn', color: 'never' },
  });
  const playback = parseSstopArguments(['--playback', 'b.gz', '--json'], VOCABULARY);
  expect(playback.kind === 'run' && playback.options).toMatchObject({ playbackPath: 'b.gz', output: 'json' });
});

test('what a configuration may switch on can be switched off, and the other way round', () => {
  const switches = ['dns', 'sniff', 'mouse', 'loopback', 'ascii'] as const;
  for (const name of switches) {
    for (const [flag, isOn] of [
      [`--${name}`, true],
      [`--no-${name}`, false],
    ] as const) {
      const invocation = parseSstopArguments([flag], VOCABULARY);
      expect(invocation.kind === 'run' && invocation.options[name]).toBe(isOn);
    }
  }
});

test('--doctor goes with --json alone', () => {
  const invocation = parseSstopArguments(['--doctor', '--json'], VOCABULARY);
  expect(invocation.kind === 'run' && invocation.options).toMatchObject({ doctor: true, output: 'json' });
  for (const other of [['--csv'], ['--once'], ['--record', 'a.gz'], ['--playback', 'a.gz']]) {
    expect(refusal('--doctor', ...other)).toContain('--doctor');
  }
});

test('--completions prints the script of a shell', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const invocation = parseSstopArguments(['--completions', shell], VOCABULARY);
    expect(invocation).toMatchObject({ kind: 'print', exitCode: 0 });
    expect(invocation.kind === 'print' && invocation.text).toContain('no-mouse');
  }
});

test('the help names every default, and the first theme as that of the screen', () => {
  const help = parseSstopArguments(['--help'], VOCABULARY);
  const text = help.kind === 'print' ? help.text.replaceAll(/\s+/g, ' ') : '';
  for (const usual of ['default: 1s', 'default: rate', 'default: dusk', 'default: hidden']) {
    expect(text).toContain(usual);
  }
});

test('--once prints a table by itself and the named format with --json or --csv', () => {
  const outputs = [['--once'], ['--once', '--json'], ['--once', '--csv']].map((argv) => {
    const invocation = parseSstopArguments(argv, VOCABULARY);
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
  expect(refusal('--backend', 'magic')).toContain('auto, ebpf, netlink, packet, proc');
  expect(refusal('--json', '--csv')).toContain("'--csv'");
  expect(refusal('--jsno')).toContain('--jsno');
  expect(refusal('surplus')).toContain('surplus');
  expect(refusal('--filter')).toContain('--filter');
  expect(refusal('--theme', 'noon')).toContain('dusk, dawn');
  expect(refusal('--completions', 'tcsh')).toContain('bash, zsh, fish');
  expect(refusal('--geoip', '')).toContain('path of a file');
  expect(refusal('--log', '')).toContain('path of a file');
  expect(refusal('--record', 'a', '--playback', 'b')).toContain("'--playback <file>'");
});

test('version and help go to standard output with exit code 0', () => {
  expect(parseSstopArguments(['--version'], VOCABULARY)).toEqual({
    kind: 'print',
    text: 'sstop 1.2.3\n',
    exitCode: 0,
  });
  const help = parseSstopArguments(['--help'], VOCABULARY);
  expect(help.kind === 'print' && help.exitCode === 0 && help.text).toContain('--interval <duration>');
});

test('help is coloured only where asked', () => {
  const plain = parseSstopArguments(['--help'], VOCABULARY);
  const chalk = new Chalk({ level: 1 });
  const colors = { title: chalk.bold, option: chalk.cyan, command: chalk.green };
  const colored = parseSstopArguments(['--help'], VOCABULARY, colors);
  expect(plain.kind === 'print' && plain.text.includes('\u001b')).toBe(false);
  expect(colored.kind === 'print' && colored.text.includes('\u001b[')).toBe(true);
});

test('an agent is a URL or a profile, with what belongs to it', () => {
  const argv = ['-t', 'c.pem', '--verify-hostname', '--token-file', 't', 'wss://h/ws'];
  const invocation = parseSstopArguments(argv, VOCABULARY);
  expect(invocation.kind === 'run' && invocation.options.agent).toEqual({
    ...{ url: 'wss://h/ws', profile: undefined, tlsCaPath: 'c.pem', verifyHostname: true, tokenFile: 't' },
  });
  const named = parseSstopArguments(['-P', 'prod', '--json'], VOCABULARY);
  expect(named.kind === 'run' && named.options.agent).toMatchObject({ url: undefined, profile: 'prod' });
  expect(refusal('-P', 'prod', 'ws://h/ws')).toContain('not both');
  expect(refusal('-t', 'c.pem')).toContain('--tls-ca needs an agent');
  expect(refusal('http://user:se@cret@h?token=secret')).toContain(
    "'http://h' is not a valid ws://, wss:// or ssh:// URL; try ssh://h or ws://h:3000/ws",
  );
  expect(refusal('http://h')).not.toContain('--filter');
  expect(refusal('nginx')).toContain(
    "'nginx' is not a URL; try ssh://nginx or ws://nginx:3000/ws, --filter 'nginx' or --interface 'nginx'",
  );
  expect(refusal('web1:8080')).toContain(
    "'web1:8080' is not a URL; try ssh://web1 or ws://web1:8080/ws (see",
  );
  // It may be a host.
  expect(refusal('prot:443')).not.toContain('did you mean');
  for (const [text, filter] of [
    ['port:443', 'port:443'],
    ['ports:443', 'port:443'],
    [':443', 'port:443'],
    ['443', 'port:443'],
    ['!user:root', '!user:root'],
    ['conns>10', 'conns>10'],
    ['rtt>100ms', 'rtt>100ms'],
    ['!retran>2%', '!retrans>2%'],
    ['drop>0', 'drops>0'],
    ['pors:80,443', 'port:80,443'],
  ] as const) {
    expect(refusal(text)).toContain(`'${text}' is not a URL; did you mean --filter '${filter}'?`);
  }
  expect(refusal('--backend', 'proc', 'ws://h/ws')).toContain('--backend');
  expect(refusal('--doctor', 'ws://h/ws')).toContain('--doctor');
  expect(refusal('--playback', 'f', 'ws://h/ws')).toContain('--playback');
  expect(refusal('ws://h/ws', 'ws://h2/ws')).toContain('argument');
});

test('--group is one of four, and not for --json, which prints every process', () => {
  const invocation = parseSstopArguments(['--group', 'unit', '--csv'], VOCABULARY);
  expect(invocation.kind === 'run' && invocation.options.groupBy).toBe('unit');
  expect(refusal('--group', 'pid')).toContain('program, user, container, unit');
  const text = '--json prints every process; use --group with --csv, with --once or on the screen';
  expect(refusal('--json', '--group', 'user')).toContain(text);
  expect(refusal('--json', '--once', '--group', 'user')).toContain(text);
});
