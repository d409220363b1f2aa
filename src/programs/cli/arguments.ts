import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { GROUPINGS } from '../../data/sample/process-table.ts';
import { RATE_UNITS } from '../../kit/text/format.ts';
import { parseDurationMillis } from '../../kit/text/units.ts';
import { completionScript, type ShellName } from './completion.ts';
import { COLOR_NAMES, type CommonOptions, type Invocation, type ScreenVocabulary } from './options.ts';

/** Invalid input: prints one line and exits with code 2. */
export function refused(program: string, message: string): Invocation<never> {
  return { kind: 'print', text: `${program}: ${message}\n`, exitCode: 2 };
}

/** Invalid input that the help explains: the line refers to --help. */
export function misused(program: string, message: string): Invocation<never> {
  return refused(program, `${message} (see ${program} --help)`);
}

/**
 * Parses the arguments of a program (without its name) with its command; `resolve` turns the raw values into options.
 * Never throws: help, version and completions are returned as text to print, invalid input as one line and exit code 2.
 */
export function invocationOf<Raw extends { readonly completions?: ShellName }, Options>(
  command: Command,
  argv: readonly string[],
  hasColors: boolean,
  resolve: (raw: Raw) => Invocation<Options>,
): Invocation<Options> {
  let printed = '';
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      printed += text;
    },
    writeErr: () => {},
    getOutHasColors: () => hasColors,
  });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return { kind: 'print', text: printed, exitCode: 0 };
    return misused(command.name(), oneLine(thrown.message));
  }
  const raw = command.opts<Raw>();
  if (raw.completions === undefined) return resolve(raw);
  return { kind: 'print', text: completionScript(raw.completions, command), exitCode: 0 };
}

/** commander's error message as one line: the error, then the accepted values. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

/** Returns one line if --group does not work with the output; otherwise undefined. */
export function groupingProblem({ output, groupBy }: CommonOptions): string | undefined {
  if (groupBy === undefined || output !== 'json') return undefined;
  return '--json prints every process; use --group with --csv, with --once or on the screen';
}

/** How `--help` paints its parts; each returns the text with control sequences around it. */
export interface HelpColors {
  title(text: string): string;
  option(text: string): string;
  command(text: string): string;
}

/** Creates the command of sstop or socktop, without arguments and options. */
export function screenCommand(name: string, version: string, colors: HelpColors | undefined): Command {
  return new Command(name)
    .version(`${name} ${version}`, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .configureHelp({
      styleTitle: (text) => colors?.title(text) ?? text,
      styleOptionTerm: (text) => colors?.option(text) ?? text,
      styleCommandText: (text) => colors?.command(text) ?? text,
    });
}

export function outputOptions(): Option[] {
  return [
    new Option('--json', 'print one JSON object per interval to standard output').conflicts('csv'),
    new Option('--csv', 'print CSV to standard output, one row per process and interval'),
    new Option('--once', 'print one snapshot (two samples, one interval apart) and exit'),
  ];
}

export function sniffOptions(): Option[] {
  return [
    new Option(
      '--sniff',
      'learn names of remote hosts from packets of this machine (default: on, or as configured; off with --history)',
    ),
    new Option('--no-sniff', 'do not read names from packets'),
  ];
}

export function unitsOption(): Option {
  return new Option('--units <name>', 'units of rates (default: as last chosen with b)').choices(RATE_UNITS);
}

export function groupOption(): Option {
  return new Option(
    '--group <by>',
    'one row per program, user, container or unit, with sums (not with --json)',
  ).choices(GROUPINGS);
}

export function durationOption(): Option {
  return new Option('--duration <duration>', 'exit after this time').argParser(duration);
}

/** The options of `AgentAccess`. */
export function agentAccessOptions(): Option[] {
  return [
    new Option(
      '-t, --tls-ca <file>',
      'trust only the certificates in this PEM file, or certificates signed by them',
    ).argParser(filePath),
    new Option('--verify-hostname', "also check the host name in the agent's certificate"),
    new Option('--token-file <file>', 'read the agent token from this file').argParser(filePath),
  ];
}

export function screenOptions({ themeNames }: ScreenVocabulary): Option[] {
  return [
    new Option('--color <when>', 'colour mode').choices(COLOR_NAMES).default('auto'),
    new Option('--no-color', 'same as --color never'),
    new Option('--theme <name>', `colour theme (default: ${themeNames[0]}, or as configured)`).choices(
      themeNames,
    ),
    new Option('--ascii', 'use ASCII characters only (default: by locale and terminal)'),
    new Option('--no-ascii', 'use Unicode characters, overriding the configuration'),
    // The positive form of an option stands first: after it commander gives the pair no default of its own.
    new Option('--mouse', 'use the mouse (default: on, or as configured)'),
    new Option('--no-mouse', 'leave the mouse to the terminal, to select text'),
  ];
}

export function recordOption(): Option {
  return new Option('--record <file>', 'record every snapshot to this file (gzip)')
    .argParser(filePath)
    .conflicts('playback');
}

function duration(text: string): number {
  const millis = parseDurationMillis(text);
  if (millis === undefined || millis <= 0) {
    throw new InvalidArgumentError('Accepted: a number with the unit ms, s, m or h, such as 8s, 90s or 5m.');
  }
  return millis;
}

export function filePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('Accepted: the path of a file.');
  return text;
}

/** Colours for help on standard output; undefined: no terminal, or NO_COLOR is set. Loads chalk: 12 ms of CPU. */
export async function helpColors(
  isTerminal: (descriptor: number) => boolean,
): Promise<HelpColors | undefined> {
  if (!isTerminal(1) || (process.env['NO_COLOR'] ?? '') !== '') return undefined;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return { title: chalk.bold, option: chalk.cyan, command: chalk.green };
}
