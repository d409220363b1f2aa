import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { PtyProgram } from '../../../bin/testing/pty.ts';
import { TIERS_OF } from '../../data/sample/network-sample.ts';
import { completedOptions, completionScript, SHELL_NAMES } from './completion.ts';
import { COLOR_NAMES } from './options.ts';
import { sstopCommand } from './sstop-command.ts';

const sstop = (): Command =>
  sstopCommand({
    version: '1.2.3',
    themeNames: ['dusk', 'dawn'],
    tiers: TIERS_OF.linux,
    sortKeys: ['rate', 'age'],
    filterKeys: [],
  });
const bash = Bun.which('bash') ?? 'bash';
const zsh = Bun.which('zsh');
const fish = Bun.which('fish');

let folder = '';
const scripts = { bash: 'sstop.bash', zsh: '_sstop', fish: 'sstop.fish' };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sstop-completion-'));
  for (const shell of SHELL_NAMES) {
    scripts[shell] = join(folder, scripts[shell]);
    writeFileSync(scripts[shell], completionScript(shell, sstop()));
  }
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data', 'country one.mmdb'), '');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function output(command: readonly string[], environment: Record<string, string> = {}): string {
  const run = Bun.spawnSync([...command], { cwd: folder, env: { ...process.env, ...environment } });
  expect(run.stderr.toString()).toBe('');
  expect(run.exitCode).toBe(0);
  return run.stdout.toString();
}

test('options are read from the definition itself', () => {
  const command = new Command('tool')
    .option('-v, --verbose', 'say more')
    .addOption(new Option('--level <name>', 'how much').choices(['low', 'high']))
    .addOption(new Option('--secret', 'not shown').hideHelp())
    .option('--input <file>', 'what to read')
    .option('--count [number]', 'how often');
  expect(completedOptions(command)).toEqual([
    { short: '-v', long: '--verbose', description: 'say more', value: { kind: 'none' }, valueName: '' },
    {
      ...{ short: undefined, long: '--level', description: 'how much', valueName: 'name' },
      value: { kind: 'choice', choices: ['low', 'high'] },
    },
    {
      ...{ short: undefined, long: '--input', description: 'what to read', valueName: 'file' },
      value: { kind: 'file' },
    },
    {
      ...{ short: undefined, long: '--count', description: 'how often', valueName: 'number' },
      value: { kind: 'text' },
    },
    {
      ...{ short: '-h', long: '--help', description: 'display help for command', valueName: '' },
      value: { kind: 'none' },
    },
  ]);
});

test('every script knows every option and every choice', () => {
  for (const shell of SHELL_NAMES) {
    const script = completionScript(shell, sstop());
    for (const option of completedOptions(sstop())) {
      expect(script).toContain(shell === 'fish' ? `-l ${option.long.slice(2)} ` : option.long);
    }
    for (const choices of [['rate', 'age'], COLOR_NAMES, ['dusk', 'dawn'], SHELL_NAMES]) {
      expect(script).toContain(choices.join(' '));
    }
  }
});

describe('bash', () => {
  /** What bash offers for a command line split as bash splits it. */
  function offered(...words: readonly string[]): string[] {
    const line = words.map((word) => `'${word}'`).join(' ');
    const code = `source "$1"; COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _sstop
      [ "\${#COMPREPLY[@]}" = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
    return output([bash, '--norc', '-c', code, 'bash', scripts.bash]).split('\n').slice(0, -1);
  }

  test('reads the script without a complaint', () => {
    output([bash, '-n', scripts.bash]);
  });

  test('offers options, choices and interfaces', () => {
    expect(offered('sstop', '--co')).toEqual(['--color', '--completions']);
    expect(offered('sstop', '')).toEqual(expect.arrayContaining(['--json', '--no-mouse', '--help', '-h']));
    expect(offered('sstop', '--json', '--color', 't')).toEqual(['truecolor']);
    expect(offered('sstop', '--color', '=')).toEqual([...COLOR_NAMES]);
    expect(offered('sstop', '--theme', '=', 'da')).toEqual(['dawn']);
    expect(offered('sstop', '--interface', 'l')).toContain('lo');
    expect(offered('sstop', '--interval', '')).toEqual([]);
    expect(offered('sstop', '--wat')).toEqual([]);
  });

  test('completes on a terminal: options, choices behind a sign, file names with blanks', async () => {
    const pty = new PtyProgram([bash, '--norc', '--noprofile', '-i'], {
      directory: folder,
      columns: 160,
      environment: { PS1: '> ', INPUTRC: '/dev/null', HISTFILE: undefined },
    });
    try {
      pty.key(`source ${scripts.bash}; bind 'set bell-style none'; clear\n`);
      pty.key('sstop --geo\t');
      await pty.waitFor(/sstop --geoip /);
      pty.key('da\tco\t');
      await pty.waitFor(/--geoip data\/country\\ one\.mmdb/);
      pty.key('--color=tr\t');
      await pty.waitFor(/--color=truecolor/);
      pty.key('--playback=data/c\t');
      await pty.waitFor(/--playback=data\/country\\ one\.mmdb/);
    } finally {
      await pty.close();
    }
  });
});

describe('zsh', () => {
  test.skipIf(zsh === null)('reads the script without a complaint (needs zsh)', () => {
    output([zsh ?? '', '-fn', scripts.zsh]);
  });

  test.skipIf(zsh === null)('completes on a terminal (needs zsh)', async () => {
    const pty = new PtyProgram([zsh ?? '', '-fi'], {
      directory: folder,
      columns: 160,
      environment: { ...process.env, PS1: '> ', ZDOTDIR: folder },
    });
    try {
      const load = `fpath=(${folder} $fpath); autoload -U compinit; compinit -u -D; unsetopt list_beep`;
      pty.key(`${load}; clear; print ready\n`);
      await pty.waitFor(/^ready/m);
      pty.key('sstop --geo\t');
      await pty.waitFor(/sstop --geoip/);
      pty.key('da\tco\t');
      await pty.waitFor(/--geoip[ =]data\/country\\ one\.mmdb/);
      pty.key('--color=tr\t');
      await pty.waitFor(/--color=truecolor/);
      pty.key('--comp\t\t');
      await pty.waitFor(/bash +fish +zsh/);
    } finally {
      await pty.close();
    }
  });
});

describe('fish', () => {
  const home = (): Record<string, string> => ({
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
  });

  test.skipIf(fish === null)('reads the script without a complaint (needs fish)', () => {
    output([fish ?? '', '--no-config', '--no-execute', scripts.fish], home());
  });

  test.skipIf(fish === null)('offers options, choices, files and interfaces (needs fish)', () => {
    const offered = (line: string): string[] =>
      output([fish ?? '', '--no-config', '-c', `source ${scripts.fish}; complete -C '${line}'`], home())
        .split('\n')
        .map((entry) => entry.split('\t')[0] ?? '');
    expect(offered('sstop --co')).toEqual(expect.arrayContaining(['--color', '--completions']));
    expect(offered('sstop --color ')).toEqual(expect.arrayContaining([...COLOR_NAMES]));
    expect(offered('sstop --theme=da')).toContain('--theme=dawn');
    expect(offered('sstop --geoip data/c')).toContain('data/country one.mmdb');
    expect(offered('sstop --interface l')).toContain('lo');
    expect(offered('sstop -')).toContain('-h');
  });
});
