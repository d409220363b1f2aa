import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Tier } from '../../data/sample/network-sample.ts';
import { TOTALS_KINDS, TOTALS_PERIODS } from '../../data/sample/totals-kind.ts';
import { nearestWord } from '../../kit/text/nearest-word.ts';
import { notAgentUrl, shownUrl } from '../../kit/text/sanitize.ts';
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
  DEFAULT_INTERVAL_MILLIS,
  parseInterval,
  type RawSstopOptions,
  type SstopOptions,
  sstopOptionsOf,
} from './sstop-options.ts';

/** Facts that sstop's command line gets from elsewhere. */
export interface SstopVocabulary extends ScreenVocabulary {
  /** Sort keys of the process table, the default first. */
  readonly sortKeys: readonly string[];
  /** Of the system that this is, best first; each is accepted by `--backend`. */
  readonly tiers: readonly Tier[];
  /** Keys of filter terms, such as `port`. */
  readonly filterKeys: readonly string[];
}

function interval(text: string): number {
  const millis = parseInterval(text);
  if (millis === undefined) {
    throw new InvalidArgumentError('Accepted: 100ms to 10s, such as 500ms, 1s or 2.5s.');
  }
  return millis;
}

/** Defines sstop's command line. Help, completions and the manual page are generated from it. */
export function sstopCommand(vocabulary: SstopVocabulary, colors?: HelpColors): Command {
  const command = screenCommand('sstop', vocabulary.version, colors)
    .description('Show network use per process, live.')
    .usage('[options] [url]')
    .argument(
      '[url]',
      'another machine: ssh://HOST, or an agent such as wss://HOST:8443/ws (default: this machine)',
    )
    .allowExcessArguments(false)
    .addHelpText('after', `\nPress ? on the screen for help.`);
  const options = [
    ...outputOptions(),
    ...samplingOptions(vocabulary),
    ...startOptions(vocabulary),
    ...screenOptions(vocabulary),
  ];
  for (const option of [...options, ...fileOptions(), ...agentOptions(), ...reportOptions()]) {
    command.addOption(option);
  }
  return command;
}

function samplingOptions({ tiers }: SstopVocabulary): Option[] {
  const usual = durationText(DEFAULT_INTERVAL_MILLIS);
  return [
    new Option(
      '--interval <duration>',
      `time between samples, 100ms to 10s (default: ${usual}, or as configured)`,
    ).argParser(interval),
    durationOption(),
    new Option('--backend <name>', 'how to collect data').choices(['auto', ...tiers]).default('auto'),
  ];
}

function startOptions({ sortKeys }: SstopVocabulary): Option[] {
  return [
    new Option('-i, --interface <name>', 'show only traffic of this network interface'),
    new Option(
      '--filter <expression>',
      'show only matching rows: a name, or terms such as port:443, up>1M, !user:root',
    ),
    new Option('--sort <key>', `sort order (default: ${sortKeys[0]}, or as configured)`).choices(sortKeys),
    groupOption(),
    new Option('--loopback', 'show loopback connections (default: hidden)'),
    new Option('--no-loopback', 'hide loopback connections, overriding the configuration'),
    // The positive form of an option stands first: after it commander gives the pair no default of its own.
    new Option('--dns', 'look up DNS names of remote addresses (default: on, or as configured)'),
    new Option('-n, --no-dns', 'do not look up DNS names'),
    ...sniffOptions(),
    unitsOption(),
    new Option('--geoip <file>', 'MaxMind database for the countries of remote addresses').argParser(
      filePath,
    ),
  ];
}

function fileOptions(): Option[] {
  return [
    recordOption(),
    new Option('--playback <file>', 'play a recording').argParser(filePath),
    ...historyOptions(
      'keep a history of this machine in this folder, with --at look back in it; with ssh:// a folder there',
    ),
    ...lookBackOptions(),
    new Option('--totals [period]', 'print bytes per hour, day or month of the history (default: day)')
      .choices(TOTALS_PERIODS)
      .conflicts(['csv', 'once', 'record', 'playback', 'at']),
    new Option('--by <kind>', 'with --totals: sum bytes by this (default: program)').choices(TOTALS_KINDS),
    new Option('--log <file>', 'append events of sstop itself to this file, one per line').argParser(
      filePath,
    ),
  ];
}

function agentOptions(): Option[] {
  return [
    new Option('-P, --profile <name>', 'connect to the agent saved by socktop under this name').argParser(
      filePath,
    ),
    ...agentAccessOptions(),
  ];
}

function reportOptions(): Option[] {
  return [
    new Option(
      '--doctor',
      'report what can be counted here, what is missing and how to fix it, then exit',
    ).conflicts(['csv', 'once', 'record', 'playback', 'at', 'history']),
    completionsOption(),
  ];
}

/** Returns one line that explains why these options exclude each other; undefined if they do not. */
function contradiction(
  raw: RawSstopOptions,
  { agent, backend, doctor, playbackPath }: SstopOptions,
  filterKeys: readonly string[],
): string | undefined {
  const isLocal = agent === undefined && playbackPath === undefined;
  const ofHistory = historyProblem(raw, isLocal, agent === undefined ? 0 : 1);
  if (ofHistory !== undefined) return ofHistory;
  if (raw.by !== undefined && raw.totals === undefined) return '--by needs --totals';
  if (raw.totals !== undefined && raw.history === undefined && agent === undefined) {
    return '--totals needs a history: add --history <folder>, or the URL of an agent that keeps one';
  }
  if (agent === undefined) {
    const access = { '--tls-ca': raw.tlsCa, '--token-file': raw.tokenFile };
    const given = Object.entries({ ...access, '--verify-hostname': raw.verifyHostname });
    const idle = given.find(([, value]) => value !== undefined);
    return idle && `${idle[0]} needs an agent: add its URL or --profile`;
  }
  if (agent.url !== undefined && !/^(?:wss?|ssh):/i.test(agent.url)) {
    return notUrl(agent.url, filterKeys);
  }
  if (agent.url !== undefined && agent.profile !== undefined) return 'give a URL or --profile, not both';
  if (doctor) return '--doctor works only on this machine, without a URL or --profile';
  if (playbackPath !== undefined)
    return '--playback and an agent exclude each other: remove the URL or --profile';
  if (backend !== 'auto') return '--backend works only on this machine; an agent picks its own tier';
  return undefined;
}

const PORT = /^:?(\d{1,5})$/;
const FILTER_TERM = /^(!?)([a-z]+)([:=<>].*)$/i;
/** Behind a name: what may be HOST:PORT, or a URL. */
const PORT_PART = /^:(\d+$|\/\/)/;

/** Explains that the argument is not a URL. Suggests --filter if it looks like a filter: `port:443`, `:443`, `rtts>1s`, `nginx`. */
function notUrl(text: string, filterKeys: readonly string[]): string {
  const shown = shownUrl(text);
  const port = PORT.exec(shown)?.[1];
  const [, negation, word = '', rest = ''] = FILTER_TERM.exec(shown) ?? [];
  const key = meantKey(word.toLowerCase(), rest, filterKeys);
  const term =
    port !== undefined ? `port:${port}` : key === undefined ? undefined : `${negation}${key}${rest}`;
  if (term !== undefined) return `'${shown}' is not a URL; did you mean --filter '${term}'?`;
  return /^[\w.-]+$/.test(shown)
    ? `${notAgentUrl(text)}, --filter '${shown}' or --interface '${shown}'`
    : notAgentUrl(text);
}

/** The key itself, or the one that was probably meant: in what may be HOST:PORT or a URL only its plural is taken for it. */
function meantKey(word: string, rest: string, filterKeys: readonly string[]): string | undefined {
  if (filterKeys.includes(word)) return word;
  if (PORT_PART.test(rest)) return filterKeys.find((key) => `${key}s` === word);
  return nearestWord(word, filterKeys);
}

/** Parses sstop's arguments (without the program name). Never throws: invalid input gives a line and exit code 2. */
export function parseSstopArguments(
  argv: readonly string[],
  vocabulary: SstopVocabulary,
  colors?: HelpColors,
): Invocation<SstopOptions> {
  const command = sstopCommand(vocabulary, colors);
  return invocationOf<RawSstopOptions, SstopOptions>(command, argv, colors !== undefined, (raw) => {
    const options = sstopOptionsOf(raw, command.args[0]);
    const problem = groupingProblem(options) ?? contradiction(raw, options, vocabulary.filterKeys);
    return problem === undefined ? { kind: 'run', options } : misused('sstop', problem);
  });
}
