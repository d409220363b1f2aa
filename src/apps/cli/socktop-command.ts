import { Chalk } from 'chalk';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { completionScript, SHELL_NAMES, type ShellName } from './completion.ts';
import { durationText, parseDurationMillis } from './duration.ts';
import { oneLine } from './one-line.ts';
import { COLOR_NAMES, type Invocation } from './sstop-command.ts';

/** Where neither the command line nor a profile says otherwise; less than the least is taken as the least. */
export const METRICS_INTERVAL_MILLIS = 500;
export const METRICS_INTERVAL_MIN_MILLIS = 100;
export const PROCESSES_INTERVAL_MILLIS = 2000;
export const PROCESSES_INTERVAL_MIN_MILLIS = 200;
/** setTimeout takes 32 bits; a day is more than anybody waits. */
const INTERVAL_MAX_MILLIS = 86_400_000;
/** How long --measure polls unless --duration says otherwise. */
export const MEASURE_MILLIS = 60_000;

/** What socktop's command line does not know by itself. */
export interface SocktopVocabulary {
  readonly version: string;
  /** The default one first. */
  readonly themeNames: readonly string[];
}

/** What the command line of socktop asks for. Undefined: not said there. */
export interface SocktopOptions {
  readonly output: 'screen' | 'json' | 'csv' | 'table';
  /** Agents by URL, in their order; they may hold a token, so they are never printed as they are. */
  readonly urls: readonly string[];
  /** Names of profiles, in their order. */
  readonly profiles: readonly string[];
  /** Overwrite a profile without asking. */
  readonly save: boolean;
  /** An agent of this process's own, on a fixed port of this machine. */
  readonly demo: boolean;
  /** This machine, without an agent. */
  readonly local: boolean;
  /** PEM file with the certificates that are accepted. */
  readonly tlsCaPath: string | undefined;
  readonly verifyHostname: boolean;
  readonly tokenFile: string | undefined;
  readonly compact: boolean;
  readonly metricsIntervalMillis: number | undefined;
  readonly processesIntervalMillis: number | undefined;
  /** Poll one agent and report what that cost. */
  readonly measure: boolean;
  /** Resolve everything, connect to nothing. */
  readonly dryRun: boolean;
  /** One snapshot with rates, then exit. */
  readonly once: boolean;
  /** Undefined: until stopped. */
  readonly durationMillis: number | undefined;
  readonly recordPath: string | undefined;
  readonly playbackPath: string | undefined;
  /** One of the vocabulary's names. */
  readonly theme: string | undefined;
  readonly color: (typeof COLOR_NAMES)[number];
  readonly ascii: boolean | undefined;
  readonly mouse: boolean | undefined;
}

interface RawOptions {
  readonly tlsCa?: string;
  readonly verifyHostname?: true;
  readonly profile?: readonly string[];
  readonly save?: true;
  readonly demo?: true;
  readonly local?: true;
  readonly compact?: true;
  readonly metricsIntervalMs?: number;
  readonly processesIntervalMs?: number;
  readonly tokenFile?: string;
  readonly measure?: true;
  readonly dryRun?: true;
  readonly json?: true;
  readonly csv?: true;
  readonly once?: true;
  readonly duration?: number;
  readonly record?: string;
  readonly playback?: string;
  readonly completions?: ShellName;
  readonly theme?: string;
  readonly color: SocktopOptions['color'] | false;
  readonly ascii?: boolean;
  readonly mouse?: boolean;
}

/** socktop's command line, the one definition that help, completions and manual are made from. */
export function socktopCommand(vocabulary: SocktopVocabulary, isColored: boolean): Command {
  const paint = new Chalk({ level: isColored ? 1 : 0 });
  const command = new Command('socktop')
    .description('Shows what machines are doing, over the network by their agents, or this one without any.')
    .usage('[options] [url...]')
    .argument('[url...]', 'agents, such as wss://HOST:8443/ws')
    .version(`socktop ${vocabulary.version}`, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .configureHelp({
      styleTitle: (text) => paint.bold(text),
      styleOptionTerm: (text) => paint.cyan(text),
      styleCommandText: (text) => paint.green(text),
    })
    .addHelpText(
      'after',
      `\nWithout a URL, a profile is picked from a list; --demo and --local need neither.
Environment: SOCKTOP_TOKEN, the token that is shown to agents. Press ? on the screen for the keys.`,
    );
  const options = [...agentOptions(), ...profileOptions(), ...samplingOptions(), ...outputOptions()];
  for (const option of [...options, ...screenOptions(vocabulary), ...fileOptions()])
    command.addOption(option);
  return command;
}

function agentOptions(): Option[] {
  return [
    new Option(
      '-t, --tls-ca <file>',
      'accept only certificates in this PEM file, or signed by one in it',
    ).argParser(filePath),
    new Option('--verify-hostname', "check the names in the agent's certificate as well"),
    new Option('--token-file <file>', 'read the token for the agent from this file').argParser(filePath),
    new Option('--demo', 'start an agent in this program and show it').conflicts('local'),
    new Option('--local', 'show this machine, without an agent'),
  ];
}

function profileOptions(): Option[] {
  return [
    new Option(
      '-P, --profile <name>',
      'connect as saved under this name, or save what is given here; may be given again for more hosts',
    ).argParser(profileNames),
    new Option('--save', 'overwrite a profile without asking'),
    new Option('--dry-run', 'print what would be connected to, connect to nothing, and exit'),
  ];
}

function samplingOptions(): Option[] {
  return [
    new Option(
      '--metrics-interval-ms <ms>',
      `time between fast samples (default: ${METRICS_INTERVAL_MILLIS}, at least ${METRICS_INTERVAL_MIN_MILLIS})`,
    ).argParser(millisOf(METRICS_INTERVAL_MIN_MILLIS)),
    new Option(
      '--processes-interval-ms <ms>',
      `time between samples of processes (default: ${PROCESSES_INTERVAL_MILLIS}, at least ${PROCESSES_INTERVAL_MIN_MILLIS})`,
    ).argParser(millisOf(PROCESSES_INTERVAL_MIN_MILLIS)),
    new Option('--duration <duration>', 'stop after this time').argParser(duration),
  ];
}

function outputOptions(): Option[] {
  return [
    new Option('--json', 'stream one JSON object per interval to standard output').conflicts('csv'),
    new Option('--csv', 'stream CSV rows to standard output, one per process and interval'),
    new Option('--once', 'take one snapshot (two samples, one interval apart), print it and exit'),
    new Option(
      '--measure',
      `poll one agent as the screen does and print what that costs (default: for ${durationText(MEASURE_MILLIS)})`,
    ).conflicts(['csv', 'once', 'record', 'playback', 'local']),
  ];
}

function screenOptions({ themeNames }: SocktopVocabulary): Option[] {
  return [
    new Option('--compact', 'start with the compact layout'),
    new Option('--color <when>', 'colours of the screen').choices(COLOR_NAMES).default('auto'),
    new Option('--no-color', 'the same as --color never'),
    new Option('--theme <name>', `theme of the screen (default: ${themeNames[0]}, or as configured)`).choices(
      themeNames,
    ),
    new Option('--ascii', 'draw with ASCII characters only (default: by locale and terminal)'),
    new Option('--no-ascii', 'draw with all characters, whatever the configuration says'),
    new Option('--mouse', 'take the mouse (default: on, or as configured)'),
    new Option('--no-mouse', 'leave the mouse to the terminal, for selecting text'),
  ];
}

function fileOptions(): Option[] {
  return [
    new Option('--record <file>', 'record every snapshot to this file, compressed')
      .argParser(filePath)
      .conflicts('playback'),
    new Option('--playback <file>', 'show a recording').argParser(filePath).conflicts(['demo', 'local']),
    new Option('--completions <shell>', 'print a completion script for this shell and exit').choices(
      SHELL_NAMES,
    ),
  ];
}

function millisOf(least: number): (text: string) => number {
  return (text) => {
    const millis = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(millis <= INTERVAL_MAX_MILLIS)) {
      throw new InvalidArgumentError(`Accepted: milliseconds, up to ${INTERVAL_MAX_MILLIS}.`);
    }
    return Math.max(least, millis);
  };
}

function duration(text: string): number {
  const millis = parseDurationMillis(text);
  if (millis === undefined || millis <= 0) {
    throw new InvalidArgumentError('Accepted: a number with ms, s, m or h, such as 8s, 90s or 5m.');
  }
  return millis;
}

function filePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('Accepted: the path of a file.');
  return text;
}

function profileNames(name: string, before: readonly string[] | undefined): readonly string[] {
  if (name.trim() === '') throw new InvalidArgumentError('Accepted: a name.');
  return [...(before ?? []), name];
}

function optionsOf(raw: RawOptions, urls: readonly string[]): SocktopOptions {
  const once = raw.once === true;
  const streamed = raw.json === true ? 'json' : raw.csv === true ? 'csv' : undefined;
  return {
    output: streamed ?? (once ? 'table' : 'screen'),
    urls,
    profiles: raw.profile ?? [],
    save: raw.save === true,
    demo: raw.demo === true,
    local: raw.local === true,
    tlsCaPath: raw.tlsCa,
    verifyHostname: raw.verifyHostname === true,
    tokenFile: raw.tokenFile,
    compact: raw.compact === true,
    metricsIntervalMillis: raw.metricsIntervalMs,
    processesIntervalMillis: raw.processesIntervalMs,
    measure: raw.measure === true,
    dryRun: raw.dryRun === true,
    once,
    durationMillis: raw.duration,
    recordPath: raw.record,
    playbackPath: raw.playback,
    theme: raw.theme,
    color: raw.color === false ? 'never' : raw.color,
    ascii: raw.ascii,
    mouse: raw.mouse,
  };
}

/** Why these options do not go together, in one line; undefined where they do. */
function contradiction(options: SocktopOptions): string | undefined {
  const { urls, profiles, demo, local, playbackPath } = options;
  const named = urls.length + profiles.length;
  const alone = demo ? '--demo' : local ? '--local' : playbackPath !== undefined ? '--playback' : undefined;
  if (alone !== undefined && named > 0) return `${alone} shows one machine: no URL or profile goes with it`;
  if (urls.length > 0 && profiles.length > 1) {
    return 'several profiles and a URL: a profile is saved with one URL';
  }
  if (profiles.length === 1 && urls.length > 1) return 'a profile is saved with one URL, not several';
  const isSaving = urls.length > 0 && profiles.length === 1;
  if (options.save && !isSaving) return '--save needs a profile and a URL to save under its name';
  const isOne = named <= 1 || isSaving;
  if (!isOne && options.measure) return '--measure polls one agent';
  if (!isOne && (options.output !== 'screen' || options.recordPath !== undefined)) {
    return 'several hosts are for the screen; exports and recordings are of one';
  }
  return undefined;
}

/** Reads socktop's arguments (without the program's name). Never throws: bad input is a line to print and exit code 2. */
export function parseSocktopArguments(
  argv: readonly string[],
  vocabulary: SocktopVocabulary,
  isColored: boolean,
): Invocation<SocktopOptions> {
  let printed = '';
  const command = socktopCommand(vocabulary, isColored)
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
    return complaint(oneLine(thrown.message));
  }
  const raw = command.opts<RawOptions>();
  if (raw.completions !== undefined) {
    return { kind: 'print', text: completionScript(raw.completions, command), exitCode: 0 };
  }
  const options = optionsOf(raw, command.args);
  const problem = contradiction(options);
  return problem === undefined ? { kind: 'run', options } : complaint(problem);
}

function complaint(message: string): Invocation<SocktopOptions> {
  return { kind: 'print', text: `socktop: ${message} (see socktop --help)\n`, exitCode: 2 };
}
