import { afterAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { parseRule } from '../../data/alerts/parse-rule.ts';
import { PALETTE_ENTRIES } from '../../screen/style/palette.ts';
import { DEFAULT_COLOR, rgb } from '../../screen/style/style.ts';
import { THEME_NAMES } from '../../screen/style/theme.ts';
import { CONFIG_KEYS, parseConfig } from './config.ts';
import { configPath, defaultConfig, problemText, readConfig } from './config-file.ts';
import { VOCABULARY } from './vocabulary.fixture.ts';

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
const DEFAULTS = defaultConfig(VOCABULARY);

function ruleOf(text: string, name?: string) {
  const parsed = parseRule(text, name);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.rule;
}

function parse(text: string) {
  const { config, problems } = parseConfig(text, 'config.yaml', VOCABULARY);
  return { config, lines: problems.map(problemText) };
}

describe('the documentation', () => {
  const example = readFileSync(`${DOCS}config.example.yaml`, 'utf8');

  test('has an example with every key that is exactly the defaults', () => {
    const { config, lines } = parse(example);
    expect(lines).toEqual([]);
    const { columns, socktopColumns } = VOCABULARY;
    expect(config).toEqual({ ...DEFAULTS, columns, socktopColumns });
    for (const key of CONFIG_KEYS) expect(example).toMatch(new RegExp(`^${key}:`, 'm'));
  });

  test('has examples in its comments that are right', () => {
    const text = example
      .replaceAll(/^(colors|keys|alerts): ({}|\[\])\n/gm, '')
      .replaceAll(/^# (colors:|keys:|alerts:| {2}\S)/gm, '$1');
    const { config, lines } = parse(text);
    expect(lines).toEqual([]);
    expect(config.colors.size).toBe(2);
    expect(config.alerts.map(({ name }) => name)).toEqual(['cpu>80% for 2m', 'root is full']);
    expect([...config.keys]).toEqual([
      ['page-down', ['pagedown', 'ctrl+d', 'f']],
      ['slower', ['-', 'shift+left']],
      ['suspend', []],
    ]);
  });

  test('names every key, theme, colour, column and sort key', () => {
    const page = readFileSync(`${DOCS}config.md`, 'utf8');
    const words = [
      ...CONFIG_KEYS,
      ...THEME_NAMES,
      ...PALETTE_ENTRIES,
      ...VOCABULARY.columns,
      ...VOCABULARY.socktopColumns,
      ...VOCABULARY.sorts,
    ];
    for (const text of [page, example]) {
      for (const word of words) expect(text).toMatch(new RegExp(`\\b${word}\\b`));
    }
  });

  test('shows a message as it is', () => {
    const page = readFileSync(`${DOCS}config.md`, 'utf8');
    for (const line of parse('\n\ntheme: tokyo').lines) expect(page).toContain(`\n${line}\n`);
  });
});

describe('what is right', () => {
  test('applies', () => {
    const { config, lines } = parse(`
theme: colour-blind
colors: {accent: '#FF9e64', background: default}
interval: 250ms
sort: download
columns:
  - process
  - download
socktop-columns: [cpu, name]
keys:
  pause: p
  quit: [Q, ctrl+q]
  down: none
  slower: []
  page-down: 1
dns: false
sniff: false
alert: 10M
alerts:
  - cpu>80% for 2m
  - { rule: disk.used>90%, name: full }
mouse: false
ascii: true
loopback: "true"
`);
    expect(lines).toEqual([]);
    expect(config).toEqual({
      theme: 'colour-blind',
      colors: new Map([
        ['accent', rgb(0xff9e64)],
        ['background', DEFAULT_COLOR],
      ]),
      intervalMillis: 250,
      sort: 'download',
      columns: ['process', 'download'],
      socktopColumns: ['cpu', 'name'],
      keys: new Map<never, readonly string[]>([
        ['pause', ['p']],
        ['quit', ['Q', 'ctrl+q']],
        ['down', []],
        ['slower', []],
        ['page-down', ['1']],
      ] as never),
      dns: false,
      sniff: false,
      alertBytesPerSecond: 10 * 1024 ** 2,
      alerts: [ruleOf('cpu>80% for 2m'), ruleOf('disk.used>90%', 'full')],
      mouse: false,
      ascii: true,
      loopback: true,
    });
  });

  test.each([
    ...['', '\n', '# nothing\n', '---\n', '--- {}\n...\n', '{}', '\ufeff', 'keys:\n', 'colors:\nkeys: {}\n'],
    ...[
      'theme: tokyo-night\r\ninterval: 1s\r\n',
      '\ufefftheme: tokyo-night\n',
      '%YAML 1.1\n---\ndns: true\n',
    ],
    'theme: &anchor tokyo-night\n',
  ])('%j is the defaults', (text) => {
    expect(parse(text)).toEqual({ config: DEFAULTS, lines: [] });
  });

  test('chords of actions that are never together may be the same', () => {
    expect(parse('keys: {pause: p, seek: p}').lines).toEqual([]);
  });
});

describe('what is wrong is reported in its place', () => {
  const themes = THEME_NAMES.join(', ');
  const keys = CONFIG_KEYS.join(', ');
  test.each([
    ['dns: true\nloopback: false\n  \ntheme: x', `4:8: unknown theme 'x'. Accepted: ${themes}`],
    ['theme:', `1:7: expected a theme, found nothing. Accepted: ${themes}`],
    ['theme: [tokyo-night]', `1:8: expected a theme, found a list. Accepted: ${themes}`],
    ['thme: x', `1:1: unknown key 'thme'. Accepted: ${keys}`],
    ['__proto__: x', `1:1: unknown key '__proto__'. Accepted: ${keys}`],
    ['[a]: x', `1:1: expected a key, found a list. Accepted: ${keys}`],
    ['dns: false\ndns: true', "2:1: duplicate key 'dns': the one in line 1 applies"],
    ['dns: yes', "1:6: found 'yes'. Accepted: true, false"],
    ['dns:', '1:5: found nothing. Accepted: true, false'],
    ['mouse: {}', '1:8: found a map. Accepted: true, false'],
    ['ascii: 1', "1:8: found '1'. Accepted: true, false, auto"],
    ['interval: 1', "1:11: invalid interval '1'. Accepted: 100ms to 10s, such as 500ms or 1s"],
    ['interval: 1m', "1:11: invalid interval '1m'. Accepted: 100ms to 10s, such as 500ms or 1s"],
    ['sort: size', `1:7: unknown sort key 'size'. Accepted: ${VOCABULARY.sorts.join(', ')}`],
    ['alert: fast', "1:8: invalid rate 'fast'. Accepted: a rate such as 500K, 10M, 1.5G or 10Mbit, none"],
    ['alert: 0', "1:8: invalid rate '0'. Accepted: a rate such as 500K, 10M, 1.5G or 10Mbit, none"],
    ['columns: pid', "1:10: expected a list such as [pid, user], found 'pid'"],
    [
      'socktop-columns: [name, graph]',
      `1:25: unknown column 'graph'. Accepted: ${VOCABULARY.socktopColumns.join(', ')}`,
    ],
    ['columns: []', '1:10: no valid columns: using the defaults'],
    ['columns: [pid, pid]', "1:16: duplicate column 'pid'"],
    ['columns:\n- pid\n- cpu', `3:3: unknown column 'cpu'. Accepted: ${VOCABULARY.columns.join(', ')}`],
    ['colors: red', "1:9: expected names with values, found 'red'"],
    ['colors: {blue: x}', `1:10: unknown colour 'blue'. Accepted: ${PALETTE_ENTRIES.join(', ')}`],
    [
      'colors:\n  text: #fff',
      "2:9: invalid colour nothing. Accepted: '#rrggbb' (in quotes, because # starts a comment), default",
    ],
    ["colors:\n  text: '#fff'", "2:9: invalid colour '#fff'. Accepted: '#rrggbb', default"],
    ['keys: [q]', '1:7: expected names with values, found a list'],
    ['keys:\n  fly: f', `2:3: unknown action 'fly'. Accepted: ${VOCABULARY.actions.join(', ')}`],
    ['keys: {pause: }', '1:15: expected a chord or none, found nothing'],
    ['keys: {pause: {}}', '1:15: expected a chord or none, found a map'],
    ['keys: {pause: [p, [q]]}', '1:19: expected a chord or none, found a list'],
    ['keys: {pause: ctrl+i}', "1:15: invalid chord 'ctrl+i'. Terminals send it as 'tab'"],
    ['keys: {pause: ctrl+c}', "1:15: 'ctrl+c' always quits and cannot be reassigned"],
    ['keys: {pause: p, quit: [q, p]}', "1:28: 'p' is already assigned to 'pause'"],
    ['keys: {pause: [a,b,c,d,e,f,g,h,i]}', '1:32: more than 8 chords for an action'],
    ['- theme', '1:1: expected keys with values, found a list'],
    ['theme', "1:1: expected keys with values, found 'theme'"],
    [
      'theme: &a tokyo-night\nsort: *a',
      `2:7: expected a sort key, found an alias; aliases are not supported. Accepted: ${VOCABULARY.sorts.join(', ')}`,
    ],
    ['dns: !!bool true', '1:6: not plain YAML: Unresolved tag: tag:yaml.org,2002:bool'],
    ['theme: "\\e[31m\\u202e"', `1:8: unknown theme '·[31m·'. Accepted: ${themes}`],
    [`theme: ${'🦊'.repeat(50)}`, `1:8: unknown theme '${'🦊'.repeat(40)}...'. Accepted: ${themes}`],
  ])('%j', (text, expected) => {
    const first = parse(text);
    expect(first.lines).toEqual([`config.yaml:${expected}`]);
    // Whatever else the file says still applies.
    if (first.config.loopback || text.startsWith('-') || !text.includes(':') || text.includes('loopback'))
      return;
    expect(parse(`${text}\nloopback: true`).config.loopback).toBe(true);
    expect(parse(`${text}\nloopback: true`).lines).toEqual([`config.yaml:${expected}`]);
  });

  test('the good parts of a list hold', () => {
    expect(parse('columns: [pid, cpu, process]').config.columns).toEqual(['pid', 'process']);
    expect(parse('keys: {pause: [p, ctrl+i]}').config.keys.get('pause')).toEqual(['p']);
    expect(parse('keys: {pause: ctrl+i}').config.keys.has('pause')).toBe(false);
    expect(parse('columns: [cpu]').config.columns).toBeUndefined();
  });
});

describe('what is no YAML applies in no part', () => {
  test.each([
    ['theme: "x', '1:10: not valid YAML: Missing closing "quote'],
    ['dns: false\n\tsort: pid', '2:1: not valid YAML: '],
    [
      'keys:\n  slower: -\n',
      '2:11: not valid YAML: Unexpected block-seq-ind on same line with key (text with one of',
    ],
    ['dns: false\na: b: c', '2:4: not valid YAML: Nested mappings'],
    ['dns: false\n---\ndns: true', '2:1: a second document begins here'],
    ['dns: false\nkeys: [', '2:8: not valid YAML: '],
    ['dns: false\ntheme: @x', '2:8: not valid YAML: '],
  ])('%j', (text, expected) => {
    const { config, lines } = parse(text);
    expect(config).toEqual(DEFAULTS);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toStartWith(`config.yaml:${expected}`);
    expect(lines[0]).toEndWith('; the file is ignored');
  });
});

describe('hostile files', () => {
  const bomb = Array.from(
    { length: 20 },
    (_, i) => `k${i}: &k${i} [${i === 0 ? 'x' : `*k${i - 1},`.repeat(20)}]`,
  ).join('\n');
  const filled = (piece: (index: number) => string): string => {
    let text = '';
    for (let index = 0; text.length < 250_000; index++) text += piece(index);
    return text;
  };

  test.each([
    ['an alias bomb', bomb],
    ['an alias bomb of keys', `${bomb}\nkeys: {pause: *k19}\ncolumns: *k19`],
    ['deep lists', '['.repeat(100_000)],
    ['deep maps', '{a: '.repeat(30_000)],
    ['deep blocks', '- '.repeat(60_000)],
    ['many keys', filled((index) => `k${index}:\n`)],
    ['the same key', filled(() => 'dns: true\n')],
    ['a long list', `columns: [${'pid,'.repeat(60_000)}]`],
    ['many chords', `keys:\n  pause: [${'p,'.repeat(100_000)}]`],
    ['a long word', `theme: ${'x'.repeat(250_000)}`],
    ['a long tag', `theme: !${'x'.repeat(250_000)} y`],
    ['many errors', `a\n${': b: ! c\n'.repeat(10_000)}`],
    ['a longer file than anybody has', '#'.repeat(300_000)],
  ])('%s', (_name, text) => {
    const start = process.cpuUsage();
    const { lines } = parse(text);
    expect(lines.length).toBeWithin(1, 22);
    for (const line of lines) expect(line.length).toBeLessThan(600);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
  });

  test('problems are told in the order of the file, and the first of them', () => {
    const placesOf = (text: string) => parse(text).lines.map((line) => /^config\.yaml:(\d+)/.exec(line)?.[1]);
    expect(placesOf('theme: nope\nnonsense: 1\nsort: nope\nother: 2\n')).toEqual(['1', '2', '3', '4']);
    const lines = Array.from({ length: 30 }, (_, at) => `unknown${at}: 1\n`).join('');
    expect(placesOf(`theme: nope\n${lines}`).slice(0, 3)).toEqual(['1', '2', '3']);
  });

  test('the problems that are not shown are counted', () => {
    const { lines } = parse('columns: []\n'.repeat(100));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('config.yaml: 80 more problems not shown');
  });

  test('any text at all is read', () => {
    const words = [
      ...CONFIG_KEYS,
      ...VOCABULARY.actions,
      ...': - ? # [ ] { } , & * ! | > % @ ` \' " \n \t'.split(' '),
      ' ',
      '\n',
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((all) => all.join('')),
        ),
        (text) => {
          const { config, lines } = parse(text);
          expect(Object.keys(config).length).toBe(CONFIG_KEYS.length);
          for (const line of lines) expect(line).toMatch(/^config\.yaml(:[1-9]\d*:[1-9]\d*)?: [^\n]+$/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

const FOLDER = mkdtempSync(`${tmpdir()}/config-`);
const isRoot = process.getuid?.() === 0;

afterAll(() => rmSync(FOLDER, { recursive: true }));

async function read(path: string) {
  const { config, problems } = await readConfig(path, VOCABULARY);
  return { config, lines: problems.map(problemText) };
}

function fileOf(name: string, content: string | Uint8Array): string {
  const path = `${FOLDER}/${name}`;
  writeFileSync(path, content);
  return path;
}

test('the file is config.yaml of the folder', async () => {
  expect(configPath('/home/me/.config/socktop')).toBe('/home/me/.config/socktop/config.yaml');
});

describe('a file', () => {
  test('is read, and named in full in its problems', async () => {
    const path = fileOf('good.yaml', 'theme: ansi16\nsort: x\n');
    const { config, lines } = await read(path);
    expect(config).toEqual({ ...DEFAULTS, theme: 'ansi16' });
    expect(lines[0]).toStartWith(`${path}:2:7: unknown sort key 'x'. Accepted: `);
  });

  test('that is not there is no problem', async () => {
    const file = fileOf('file', '');
    for (const path of [`${FOLDER}/none.yaml`, `${FOLDER}/none/config.yaml`, `${file}/config.yaml`]) {
      expect(await read(path)).toEqual({ config: DEFAULTS, lines: [] });
    }
  });

  test('may be empty, or begin with a byte order mark', async () => {
    expect(await read(fileOf('empty.yaml', ''))).toEqual({ config: DEFAULTS, lines: [] });
    expect((await read(fileOf('bom.yaml', '\ufefftheme: ansi16'))).config.theme).toBe('ansi16');
  });

  test.each([
    ['of 256 KiB is read', 256 * 1024, undefined],
    ['of a byte more is not', 256 * 1024 + 1, 'longer than 256 KiB'],
    ['of 3 MiB is not', 3 * 1024 * 1024, 'longer than 256 KiB'],
  ])('%s', async (_name, length, expected) => {
    const path = fileOf('long.yaml', `theme: ansi16\n#${'x'.repeat(length - 15)}`);
    const { config, lines } = await read(path);
    expect(lines).toEqual(expected === undefined ? [] : [`${path}: ${expected}; the file is ignored`]);
    expect(config.theme).toBe(expected === undefined ? 'ansi16' : 'tokyo-night');
  });
});

describe('what is no file is one problem', () => {
  const loop = `${FOLDER}/loop.yaml`;
  symlinkSync(loop, loop);
  mkdirSync(`${FOLDER}/folder.yaml`);
  Bun.spawnSync(['mkfifo', `${FOLDER}/pipe.yaml`]);
  fileOf('utf16.yaml', new Uint8Array([0xff, 0xfe, 0x74, 0x00]));
  fileOf('latin1.yaml', new Uint8Array([0x23, 0xe9]));
  const cases: readonly (readonly [string, string])[] = [
    [`${FOLDER}/folder.yaml`, 'is a directory'],
    [`${FOLDER}/pipe.yaml`, 'not a regular file'],
    ['/dev/zero', 'not a regular file'],
    [loop, 'symbolic link loop'],
    [`${FOLDER}/utf16.yaml`, 'not UTF-8 text'],
    [`${FOLDER}/latin1.yaml`, 'not UTF-8 text'],
    [`${FOLDER}/${'x'.repeat(300)}`, 'cannot be read (ENAMETOOLONG)'],
  ];

  test.each(cases)('%s', async (path, expected) => {
    expect(await read(path)).toEqual({
      config: DEFAULTS,
      lines: [`${path}: ${expected}; the file is ignored`],
    });
  });

  const reader = fileURLToPath(new URL('./read-config.fixture.ts', import.meta.url));

  test.skipIf(!isRoot)('a file without permission (needs root, to become somebody else)', () => {
    const path = fileOf('secret.yaml', 'theme: ansi16');
    chmodSync(path, 0o600);
    chmodSync(FOLDER, 0o755);
    const child = Bun.spawnSync([process.execPath, reader, path]);
    expect(child.stdout.toString()).toBe(`${path}: permission denied; the file is ignored\n`);
  });

  test('the reader makes no code from text', async () => {
    const path = fileOf('plain.yaml', 'theme: ansi16\nkeys: {pause: [p, ctrl+i]}\n');
    const strict = '--disallow-code-generation-from-strings=strict';
    const child = Bun.spawnSync([process.execPath, strict, reader, path, 'stay']);
    expect(child.stdout.toString()).toBe(
      `${path}:2:19: invalid chord 'ctrl+i'. Terminals send it as 'tab'\n`,
    );
    expect(child.exitCode).toBe(0);
  });
});
