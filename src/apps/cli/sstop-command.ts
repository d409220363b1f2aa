import { Chalk } from 'chalk';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseDurationMillis } from './duration.ts';

export const SORT_NAMES = ['rate', 'download', 'upload', 'pid', 'name', 'connections'] as const;
export const BACKEND_NAMES = ['auto', 'netlink', 'proc'] as const;
export const COLOR_NAMES = ['auto', 'truecolor', '256', '16', 'never'] as const;

export const INTERVAL_MIN_MILLIS = 100;
export const INTERVAL_MAX_MILLIS = 10_000;

/** What the command line of sstop asks for. */
export interface SstopOptions {
  readonly output: 'screen' | 'json' | 'csv' | 'table';
  /** One snapshot with rates, then exit. */
  readonly once: boolean;
  readonly intervalMillis: number;
  /** Undefined: until stopped. */
  readonly durationMillis: number | undefined;
  readonly backend: (typeof BACKEND_NAMES)[number];
  readonly interfaceName: string | undefined;
  readonly filter: string;
  readonly sort: (typeof SORT_NAMES)[number];
  readonly loopback: boolean;
  readonly color: (typeof COLOR_NAMES)[number];
  /** Undefined: by locale and terminal. */
  readonly ascii: boolean | undefined;
  readonly mouse: boolean;
}

/** The outcome of reading a command line: run, or print `text` and leave with `exitCode`. */
export type Invocation<Options> =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: 0 | 2 };

interface RawOptions {
  readonly json?: true;
  readonly csv?: true;
  readonly once?: true;
  readonly interval: number;
  readonly duration?: number;
  readonly backend: SstopOptions['backend'];
  readonly interface?: string;
  readonly filter?: string;
  readonly sort: SstopOptions['sort'];
  readonly loopback?: true;
  readonly color: SstopOptions['color'] | false;
  readonly ascii?: true;
  readonly mouse: boolean;
}

function interval(text: string): number {
  const millis = parseDurationMillis(text);
  if (millis === undefined || millis < INTERVAL_MIN_MILLIS || millis > INTERVAL_MAX_MILLIS) {
    throw new InvalidArgumentError('Accepted: 100ms to 10s, such as 500ms, 1s or 2.5s.');
  }
  return millis;
}

function duration(text: string): number {
  const millis = parseDurationMillis(text);
  if (millis === undefined || millis <= 0) {
    throw new InvalidArgumentError('Accepted: a number with ms, s, m or h, such as 8s, 90s or 5m.');
  }
  return millis;
}

function sstopCommand(version: string, isColored: boolean): Command {
  const paint = new Chalk({ level: isColored ? 1 : 0 });
  return new Command('sstop')
    .description('Shows which processes use the network, and how much, live.')
    .usage('[options]')
    .version(`sstop ${version}`, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .allowExcessArguments(false)
    .addOption(
      new Option('--json', 'stream one JSON object per interval to standard output').conflicts('csv'),
    )
    .option('--csv', 'stream CSV rows to standard output, one per process and interval')
    .option('--once', 'take one snapshot (two samples, one interval apart), print it and exit')
    .addOption(
      new Option('--interval <duration>', 'time between samples, 100ms to 10s')
        .argParser(interval)
        .default(1000, '1s'),
    )
    .option('--duration <duration>', 'stop after this time', duration)
    .addOption(new Option('--backend <name>', 'how to collect').choices(BACKEND_NAMES).default('auto'))
    .option('--interface <name>', 'only traffic of this network interface')
    .option('--filter <text>', 'only processes whose name, command line or PID contains the text')
    .addOption(new Option('--sort <key>', 'order of the rows').choices(SORT_NAMES).default('rate'))
    .option('--loopback', 'show connections of this machine to itself too')
    .addOption(new Option('--color <when>', 'colours of the screen').choices(COLOR_NAMES).default('auto'))
    .option('--no-color', 'the same as --color never')
    .option('--ascii', 'draw with ASCII characters only')
    .option('--no-mouse', 'leave the mouse to the terminal, for selecting text')
    .configureHelp({
      styleTitle: (text) => paint.bold(text),
      styleOptionTerm: (text) => paint.cyan(text),
      styleCommandText: (text) => paint.green(text),
    })
    .addHelpText('after', `\nPress ? on the screen for the keys.`);
}

/** commander's message as one line of ours: what was wrong, then what is accepted. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

function optionsOf(raw: RawOptions): SstopOptions {
  const once = raw.once === true;
  const streamed = raw.json === true ? 'json' : raw.csv === true ? 'csv' : undefined;
  return {
    output: streamed ?? (once ? 'table' : 'screen'),
    once,
    intervalMillis: raw.interval,
    durationMillis: raw.duration,
    backend: raw.backend,
    interfaceName: raw.interface,
    filter: raw.filter ?? '',
    sort: raw.sort,
    loopback: raw.loopback === true,
    color: raw.color === false ? 'never' : raw.color,
    ascii: raw.ascii,
    mouse: raw.mouse,
  };
}

/** Reads sstop's arguments (without the program's name). Never throws: bad input is a line to print and exit code 2. */
export function parseSstopArguments(
  argv: readonly string[],
  version: string,
  isColored: boolean,
): Invocation<SstopOptions> {
  let printed = '';
  const command = sstopCommand(version, isColored)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      writeErr: () => {},
      getOutHasColors: () => isColored,
    });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return { kind: 'print', text: printed, exitCode: 0 };
    return { kind: 'print', text: `sstop: ${oneLine(thrown.message)} (see sstop --help)\n`, exitCode: 2 };
  }
  return { kind: 'run', options: optionsOf(command.opts<RawOptions>()) };
}
