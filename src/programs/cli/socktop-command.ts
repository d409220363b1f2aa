import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationText } from '../../kit/text/units.ts';
import {
  type AgentAccess,
  agentAccessOf,
  agentAccessOptions,
  type CommonOptions,
  commonOptionsOf,
  durationOption,
  filePath,
  type Invocation,
  invocationOf,
  misused,
  outputOptions,
  type RawCommonOptions,
  recordOption,
  type ScreenVocabulary,
  screenCommand,
  screenOptions,
} from './arguments.ts';
import { completionsOption } from './completion.ts';

/** Where neither the command line nor a profile says otherwise; less than the least is taken as the least. */
export const METRICS_INTERVAL_MILLIS = 500;
const METRICS_INTERVAL_MIN_MILLIS = 100;
export const PROCESSES_INTERVAL_MILLIS = 2000;
const PROCESSES_INTERVAL_MIN_MILLIS = 200;
/** setTimeout takes 32 bits; a day is more than anybody waits. */
const INTERVAL_MAX_MILLIS = 86_400_000;
/** How long --measure polls unless --duration says otherwise. */
export const MEASURE_MILLIS = 60_000;

/** What the command line of socktop asks for. Undefined: not said there. */
export interface SocktopOptions extends CommonOptions, AgentAccess {
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
  readonly compact: boolean;
  readonly metricsIntervalMillis: number | undefined;
  readonly processesIntervalMillis: number | undefined;
  /** Poll one agent and report what that cost. */
  readonly measure: boolean;
  /** Resolve everything, connect to nothing. */
  readonly dryRun: boolean;
}

interface RawOptions extends RawCommonOptions {
  readonly profile?: readonly string[];
  readonly save?: true;
  readonly demo?: true;
  readonly local?: true;
  readonly compact?: true;
  readonly metricsIntervalMs?: number;
  readonly processesIntervalMs?: number;
  readonly measure?: true;
  readonly dryRun?: true;
}

/** socktop's command line, the one definition that help, completions and manual are made from. */
export function socktopCommand(vocabulary: ScreenVocabulary, isColored: boolean): Command {
  const command = screenCommand('socktop', vocabulary.version, isColored)
    .description('Shows what machines are doing, over the network by their agents, or this one without any.')
    .usage('[options] [url...]')
    .argument('[url...]', 'agents, such as wss://HOST:8443/ws')
    .addHelpText(
      'after',
      `\nWithout a URL, a profile is picked from a list; --demo and --local need neither.
Environment: SOCKTOP_TOKEN, the token that is shown to agents. Press ? on the screen for the keys.`,
    );
  const options = [...agentOptions(), ...profileOptions(), ...samplingOptions(), ...outputOptions()];
  const ofScreen = [new Option('--compact', 'start with the compact layout'), ...screenOptions(vocabulary)];
  for (const option of [...options, measureOption(), ...ofScreen, ...fileOptions()])
    command.addOption(option);
  return command;
}

function agentOptions(): Option[] {
  return [
    ...agentAccessOptions(),
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
    durationOption(),
  ];
}

function measureOption(): Option {
  return new Option(
    '--measure',
    `poll one agent as the screen does and print what that costs (default: for ${durationText(MEASURE_MILLIS)})`,
  ).conflicts(['csv', 'once', 'record', 'playback', 'local']);
}

function fileOptions(): Option[] {
  return [
    recordOption(),
    new Option('--playback <file>', 'show a recording').argParser(filePath).conflicts(['demo', 'local']),
    completionsOption(),
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

function profileNames(name: string, before: readonly string[] | undefined): readonly string[] {
  if (name.trim() === '') throw new InvalidArgumentError('Accepted: a name.');
  return [...(before ?? []), name];
}

function optionsOf(raw: RawOptions, urls: readonly string[]): SocktopOptions {
  return {
    ...commonOptionsOf(raw),
    ...agentAccessOf(raw),
    urls,
    profiles: raw.profile ?? [],
    save: raw.save === true,
    demo: raw.demo === true,
    local: raw.local === true,
    compact: raw.compact === true,
    metricsIntervalMillis: raw.metricsIntervalMs,
    processesIntervalMillis: raw.processesIntervalMs,
    measure: raw.measure === true,
    dryRun: raw.dryRun === true,
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
  vocabulary: ScreenVocabulary,
  isColored: boolean,
): Invocation<SocktopOptions> {
  const command = socktopCommand(vocabulary, isColored);
  return invocationOf<RawOptions, SocktopOptions>(command, argv, isColored, (raw) => {
    const options = optionsOf(raw, command.args);
    const problem = contradiction(options);
    return problem === undefined ? { kind: 'run', options } : misused('socktop', problem);
  });
}
