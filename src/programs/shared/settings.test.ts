import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { systemNamed } from '../../../platforms/system.ts';
import { TIERS_OF } from '../../data/sample/network-sample.ts';
import { PROCESS_SORT_KEYS, USUAL_PROCESS_COLUMN_IDS } from '../../views/network/network-process-list.ts';
import { USUAL_MACHINE_COLUMN_IDS } from '../../views/system/machine-process-list.ts';
import { parseSstopArguments } from '../cli/sstop-command.ts';
import { DEFAULT_SORT, type SstopOptions } from '../cli/sstop-options.ts';
import { parseConfig } from '../config/config.ts';
import { defaultConfig } from '../config/config-file.ts';
import { readSettings, SSTOP_VOCABULARY } from './settings.ts';

function optionsOf(...argv: string[]): SstopOptions {
  const vocabulary = {
    version: '0',
    themeNames: ['tokyo-night', 'high-contrast'],
    tiers: TIERS_OF.linux,
    sortKeys: PROCESS_SORT_KEYS,
    filterKeys: [],
  };
  const invocation = parseSstopArguments(argv, vocabulary);
  if (invocation.kind !== 'run') throw new TypeError(invocation.text);
  return invocation.options;
}

/** Settings with a configuration file of that text. */
async function settingsOf(config: string, ...argv: string[]): ReturnType<typeof readSettings> {
  const home = mkdtempSync(`${tmpdir()}/sstop-settings-`);
  try {
    mkdirSync(`${home}/socktop`);
    writeFileSync(`${home}/socktop/config.yaml`, config);
    return await readSettings(
      optionsOf(...argv),
      { XDG_CONFIG_HOME: home, LANG: 'C.UTF-8' },
      systemNamed('linux', {}),
    );
  } finally {
    rmSync(home, { recursive: true });
  }
}

test('the default sort key is the first one', () => {
  expect<string>(DEFAULT_SORT).toBe(PROCESS_SORT_KEYS[0]!);
});

test('the documented example is the defaults, word for word', async () => {
  const text = readFileSync(new URL('../../../docs/config.example.yaml', import.meta.url), 'utf8');
  expect(parseConfig(text, 'config.example.yaml', SSTOP_VOCABULARY)).toEqual({
    config: {
      ...defaultConfig(SSTOP_VOCABULARY),
      columns: USUAL_PROCESS_COLUMN_IDS,
      socktopColumns: USUAL_MACHINE_COLUMN_IDS,
    },
    problems: [],
  });
});

test('the command line goes before the file, the file before the defaults', async () => {
  const { settings, problems } = await settingsOf(
    'interval: 2s\nsort: pid\nloopback: true\n',
    '--sort',
    'name',
  );
  expect(problems).toEqual([]);
  expect(settings).toMatchObject({
    intervalMillis: 2000,
    sort: 'name',
    loopback: true,
    mouse: true,
    ascii: false,
  });
});

test('a switch of the command line overrides the file both ways', async () => {
  const file = 'dns: false\nmouse: false\nloopback: true\nascii: true\n';
  const { settings } = await settingsOf(file, '--dns', '--mouse', '--no-loopback', '--no-ascii');
  expect(settings).toMatchObject({ dns: true, mouse: true, loopback: false, ascii: false });
  expect((await settingsOf(file)).settings).toMatchObject({
    dns: false,
    mouse: false,
    loopback: true,
    ascii: true,
  });
});

test('keys of the file replace an action’s own, in input and help alike', async () => {
  const { settings } = await settingsOf('keys:\n  quit: x\n  hosts: none\n');
  expect(settings.keymap.actionOf('x')).toBe('quit');
  expect(settings.keymap.actionOf('q')).toBeUndefined();
  expect(settings.keymap.actionOf('h')).toBeUndefined();
  expect(settings.keymap.chordsOf('quit')).toContain('x');
});

test('what is wrong is told with line and column, and the rest holds', async () => {
  const { settings, problems } = await settingsOf('sort: pid\ninterval: soon\n');
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/config\.yaml:2:11: .*soon/);
  expect(settings.sort).toBe('pid');
  expect(settings.intervalMillis).toBe(1000);
});
