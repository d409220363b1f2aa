import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationText } from '../../kit/text/units.ts';
import {
  agentAccessOptions,
  durationOption,
  filePath,
  groupingProblem,
  groupOption,
  type HelpColors,
  invocationOf,
  misused,
  outputOptions,
  recordOption,
  screenCommand,
  screenOptions,
  sniffOptions,
  unitsOption,
} from './arguments.ts';
import { completionsOption } from './completion.ts';
import { historyOptions, historyProblem, lookBackOptions } from './history-arguments.ts';
import type { Invocation, ScreenVocabulary } from './options.ts';
import {
  INTERVAL_MAX_MILLIS,
  MEASURE_MILLIS,
  METRICS_INTERVAL_MILLIS,
  METRICS_INTERVAL_MIN_MILLIS,
  PROCESSES_INTERVAL_MILLIS,
  PROCESSES_INTERVAL_MIN_MILLIS,
  parseMillis,
  type RawSocktopOptions,
  type SocktopOptions,
  socktopOptionsOf,
} from './socktop-options.ts';

/** Facts that socktop's command line gets from elsewhere. */
export interface SocktopVocabulary extends ScreenVocabulary {
  /** Sort keys of processes, the default first. */
  readonly machineSortKeys: readonly string[];
}

/** Defines socktop's command line. Help, completions and the manual page are generated from it. */
export function socktopCommand(vocabulary: SocktopVocabulary, colors?: HelpColors): Command {
  const command = screenCommand('socktop', vocabulary.version, colors)
    .description('System monitor for this machine, or for remote machines through their agents.')
    .usage('[options] [url...]')
    .argument('[url...]', 'machines: ssh://HOST, or agents such as wss://HOST:8443/ws')
    .addHelpText(
      'after',
      `\nWithout a URL, --demo or --local, pick a saved profile from a list.
Environment: SOCKTOP_TOKEN, the agent token. Precedence: --token-file, URL, SOCKTOP_TOKEN.
Press ? on the screen for help.`,
    );
  const options = [...agentOptions(), ...profileOptions(), ...samplingOptions(), ...outputOptions()];
  const { machineSortKeys } = vocabulary;
  const ofScreen = [
    new Option('--sort <key>', `sort order of processes (default: ${machineSortKeys[0]})`).choices(
      machineSortKeys,
    ),
    groupOption(),
    unitsOption(),
    new Option('--compact', 'start with the compact layout'),
    ...screenOptions(vocabulary),
  ];
  for (const option of [...options, measureOption(), ...ofScreen, ...fileOptions()])
    command.addOption(option);
  return command;
}

function agentOptions(): Option[] {
  return [
    ...agentAccessOptions(),
    new Option('--demo', 'start an agent inside this program and connect to it').conflicts('local'),
    new Option('--local', 'monitor this machine, without an agent'),
    ...sniffOptions(),
  ];
}

function profileOptions(): Option[] {
  return [
    new Option(
      '-P, --profile <name>',
      'connect with this profile, or with a URL save it; can be repeated for several hosts',
    ).argParser(profileNames),
    new Option('--save', 'overwrite an existing profile without asking'),
    new Option('--dry-run', 'print the connection and exit without connecting'),
  ];
}

function samplingOptions(): Option[] {
  return [
    new Option(
      '--metrics-interval-ms <ms>',
      `time between samples of metrics (default: ${METRICS_INTERVAL_MILLIS}, at least ${METRICS_INTERVAL_MIN_MILLIS})`,
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
    `poll one agent as the screen does and print the cost (default: for ${durationText(MEASURE_MILLIS)})`,
  ).conflicts(['csv', 'once', 'record', 'playback', 'local', 'at']);
}

function fileOptions(): Option[] {
  return [
    recordOption(),
    new Option('--playback <file>', 'play a recording').argParser(filePath).conflicts(['demo', 'local']),
    ...historyOptions(
      'with --local keep a history of this machine in this folder, with --at look back in it; with ssh:// a folder there',
    ),
    ...lookBackOptions(),
    completionsOption(),
  ];
}

function millisOf(least: number): (text: string) => number {
  return (text) => {
    const millis = parseMillis(text, least);
    if (millis !== undefined) return millis;
    throw new InvalidArgumentError(`Accepted: milliseconds, up to ${INTERVAL_MAX_MILLIS}.`);
  };
}

function profileNames(name: string, before: readonly string[] | undefined): readonly string[] {
  if (name.trim() === '') throw new InvalidArgumentError('Accepted: a name that is not empty.');
  return [...(before ?? []), name];
}

/** Returns one line that explains why these options exclude each other; undefined if they do not. */
function contradiction(raw: RawSocktopOptions, options: SocktopOptions): string | undefined {
  const { urls, profiles, demo, local, playbackPath } = options;
  const named = urls.length + profiles.length;
  const alone = demo ? '--demo' : local ? '--local' : playbackPath !== undefined ? '--playback' : undefined;
  if (alone !== undefined && named > 0)
    return `${alone} excludes URLs and profiles: remove them, or ${alone}`;
  if (urls.length > 0 && profiles.length > 1) {
    return 'several profiles and a URL: give one profile to save the URL under its name';
  }
  if (profiles.length === 1 && urls.length > 1) return 'several URLs and a profile: a profile stores one URL';
  const ofHistory = historyProblem(raw, local, urls.length > 0 ? urls.length : named);
  if (ofHistory !== undefined) return ofHistory;
  if (demo && options.lookBack !== undefined) return '--demo has no history: remove --at, or --demo';
  if (options.groupBy !== undefined && (options.sort === 'pid' || options.sort === 'user')) {
    return `--sort ${options.sort} is an order of processes: remove it, or --group`;
  }
  const isSaving = urls.length > 0 && profiles.length === 1;
  if (options.save && !isSaving) return '--save needs --profile and a URL';
  const isOne = named <= 1 || isSaving;
  if (!isOne && options.measure) return '--measure accepts only one agent';
  if (!isOne && (options.output !== 'screen' || options.recordPath !== undefined)) {
    return 'several hosts work only on the screen; give one host for exports and recordings';
  }
  return undefined;
}

/** Parses socktop's arguments (without the program name). Never throws: invalid input gives a line and exit code 2. */
export function parseSocktopArguments(
  argv: readonly string[],
  vocabulary: SocktopVocabulary,
  colors?: HelpColors,
): Invocation<SocktopOptions> {
  const command = socktopCommand(vocabulary, colors);
  return invocationOf<RawSocktopOptions, SocktopOptions>(command, argv, colors !== undefined, (raw) => {
    const options = socktopOptionsOf(raw, command.args);
    const problem = groupingProblem(options) ?? contradiction(raw, options);
    return problem === undefined ? { kind: 'run', options } : misused('socktop', problem);
  });
}
