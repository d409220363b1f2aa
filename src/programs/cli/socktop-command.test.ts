import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseSocktopArguments } from './socktop-command.ts';
import { type SocktopOptions, usualSocktopOptions } from './socktop-options.ts';

const VOCABULARY = {
  version: '1.2.3',
  themeNames: ['dusk', 'dawn'],
  machineSortKeys: ['cpu', 'memory', 'pid'],
};

function optionsOf(...argv: string[]): SocktopOptions {
  const invocation = parseSocktopArguments(argv, VOCABULARY);
  if (invocation.kind === 'print') throw new TypeError(invocation.text);
  return invocation.options;
}

function complaintOf(...argv: string[]): string {
  const invocation = parseSocktopArguments(argv, VOCABULARY);
  expect(invocation).toMatchObject({ kind: 'print', exitCode: 2 });
  const text = invocation.kind === 'print' ? invocation.text : '';
  expect(text).toMatch(/^socktop: [^\n]+ \(see socktop --help\)\n$/);
  return text;
}

test('--sort is an order of processes', () => {
  expect(optionsOf('--local', '--sort', 'memory').sort).toBe('memory');
  expect(optionsOf('--local', '--sort', 'memory', '--group', 'user').sort).toBe('memory');
  expect(complaintOf('--local', '--sort', 'load')).toContain('cpu, memory, pid');
  expect(complaintOf('--local', '--sort', 'pid', '--group', 'user')).toContain('remove it, or --group');
});

describe('a usual start needs no parser', () => {
  const usual = (...argv: string[]) => usualSocktopOptions(argv);

  test.each([
    '',
    '--compact',
    '--metrics-interval-ms 1000 --processes-interval-ms 20',
    '--no-mouse --no-sniff',
  ])('--local %s', (words) => expect(usual('--local', ...words.split(' ').filter(Boolean))).toBeDefined());

  test.each([
    '',
    '--compact',
    '--local --demo',
    '--local --metrics-interval-ms',
    '--local --metrics-interval-ms 1s',
  ])('but %s does', (words) => expect(usual(...words.split(' ').filter(Boolean))).toBeUndefined());

  test('and has the options that the parser gives it', () => {
    const switches = ['--compact', '--sniff', '--no-sniff', '--ascii', '--no-ascii', '--mouse', '--no-mouse'];
    const values = [
      '--metrics-interval-ms',
      '--processes-interval-ms',
      '0',
      '99',
      '5000',
      '86400000',
      '86400001',
    ];
    const word = fc.constantFrom('--local', ...switches, ...values);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const options = usual('--local', ...words);
        if (options !== undefined) expect(options).toEqual(optionsOf('--local', ...words));
      }),
    );
  });
});

describe('agents', () => {
  test('are URLs, profiles, or none', () => {
    expect(optionsOf()).toMatchObject({ urls: [], profiles: [], demo: false, local: false });
    expect(optionsOf('ws://a:3000/ws', 'wss://b/ws').urls).toEqual(['ws://a:3000/ws', 'wss://b/ws']);
    expect(optionsOf('-P', 'web1', '--profile', 'web2').profiles).toEqual(['web1', 'web2']);
    expect(optionsOf('--profile', 'prod', 'ws://a/ws')).toMatchObject({
      urls: ['ws://a/ws'],
      profiles: ['prod'],
    });
  });

  test('have certificates and tokens', () => {
    expect(optionsOf('-t', '/c.pem', '--verify-hostname', 'wss://a/ws')).toMatchObject({
      tlsCaPath: '/c.pem',
      verifyHostname: true,
    });
    expect(optionsOf('--token-file', '/t', 'wss://a/ws').tokenFile).toBe('/t');
  });

  test('and what shows this machine exclude each other', () => {
    expect(complaintOf('--demo', '--local')).toContain('--local');
    expect(complaintOf('--demo', 'ws://a/ws')).toContain('--demo');
    expect(complaintOf('--local', '-P', 'prod')).toContain('--local');
    expect(complaintOf('--playback', 'f', 'ws://a/ws')).toContain('--playback');
  });
});

describe('profiles', () => {
  test('are saved one at a time', () => {
    expect(optionsOf('-P', 'prod', '--save', 'ws://a/ws').save).toBe(true);
    expect(complaintOf('--save')).toContain('--save');
    expect(complaintOf('--save', '-P', 'prod')).toContain('--save');
    expect(complaintOf('-P', 'prod', 'ws://a/ws', 'ws://b/ws')).toContain('one URL');
    expect(complaintOf('-P', 'a', '-P', 'b', 'ws://a/ws')).toContain('several profiles and a URL');
    expect(complaintOf('-P', '')).toContain('a name');
  });
});

describe('intervals', () => {
  test('below the least are the least, as the documentation has it', () => {
    expect(optionsOf()).toMatchObject({
      metricsIntervalMillis: undefined,
      processesIntervalMillis: undefined,
    });
    expect(optionsOf('--metrics-interval-ms', '750', '--processes-interval-ms', '3000')).toMatchObject({
      metricsIntervalMillis: 750,
      processesIntervalMillis: 3000,
    });
    expect(optionsOf('--metrics-interval-ms', '1', '--processes-interval-ms', '0')).toMatchObject({
      metricsIntervalMillis: 100,
      processesIntervalMillis: 200,
    });
    expect(complaintOf('--metrics-interval-ms', 'soon')).toContain('milliseconds');
    expect(complaintOf('--processes-interval-ms', '999999999')).toContain('86400000');
  });
});

describe('output', () => {
  test('is the screen, a stream or a snapshot of one machine', () => {
    expect(optionsOf('--json', '--local').output).toBe('json');
    expect(optionsOf('--once', '--local').output).toBe('table');
    expect(optionsOf('--measure', 'ws://a/ws')).toMatchObject({ measure: true, output: 'screen' });
    expect(complaintOf('--json', 'ws://a/ws', 'ws://b/ws')).toContain('several hosts');
    expect(complaintOf('--measure', 'ws://a/ws', 'ws://b/ws')).toContain('one agent');
    expect(complaintOf('--record', 'f', '--playback', 'g')).toContain('--record');
  });

  test('has help, a version and completions', () => {
    const print = (...argv: string[]) => parseSocktopArguments(argv, VOCABULARY);
    expect(print('-V')).toEqual({ kind: 'print', text: 'socktop 1.2.3\n', exitCode: 0 });
    const help = print('--help');
    expect(help.kind === 'print' && help.text).toContain('--tls-ca');
    const completions = print('--completions', 'bash');
    expect(completions.kind === 'print' && completions.text).toContain('socktop');
  });
});
