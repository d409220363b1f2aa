import { type Command, InvalidArgumentError, Option } from 'commander';
import { shownUrl } from '../../kit/text/sanitize.ts';
import { durationText, parseDurationMillis } from '../../kit/text/units.ts';
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

const BACKEND_NAMES = ['auto', 'ebpf', 'netlink', 'packet', 'proc'] as const;

export const INTERVAL_MIN_MILLIS = 100;
export const INTERVAL_MAX_MILLIS = 10_000;

/** What holds where neither the command line nor the configuration says otherwise. */
export const DEFAULT_INTERVAL_MILLIS = 1000;

const UNIT_NAMES = ['bytes', 'bits'] as const;

/** Another machine, by its agent; exactly one of URL and profile is there. */
export interface AgentOptions extends AgentAccess {
  /** It may hold a token, so it is never printed as it is. */
  readonly url: string | undefined;
  readonly profile: string | undefined;
}

/** What the command line of sstop asks for. Undefined: not said there, so the configuration or the default decides. */
export interface SstopOptions extends CommonOptions {
  /** Report what works here instead of running; as text, or as JSON with `output` json. */
  readonly doctor: boolean;
  readonly intervalMillis: number | undefined;
  readonly backend: (typeof BACKEND_NAMES)[number];
  readonly interfaceName: string | undefined;
  readonly filter: string;
  /** One of the vocabulary's keys. */
  readonly sort: string | undefined;
  readonly loopback: boolean | undefined;
  readonly dns: boolean | undefined;
  /** Of rates on the screen. */
  readonly units: (typeof UNIT_NAMES)[number] | undefined;
  /** A country database in MaxMind's format. */
  readonly geoipPath: string | undefined;
  /** Events are appended to this file, one a line. */
  readonly logPath: string | undefined;
  /** Undefined: this machine. */
  readonly agent: AgentOptions | undefined;
}

/** What the command line does not know by itself. */
export interface SstopVocabulary extends ScreenVocabulary {
  /** What the process table can be ordered by, the default first. */
  readonly sortKeys: readonly string[];
}

interface RawOptions extends RawCommonOptions {
  readonly doctor?: true;
  readonly interval?: number;
  readonly backend: SstopOptions['backend'];
  readonly interface?: string;
  readonly filter?: string;
  readonly sort?: string;
  readonly loopback?: boolean;
  readonly dns?: boolean;
  readonly units?: (typeof UNIT_NAMES)[number];
  readonly geoip?: string;
  readonly log?: string;
  readonly profile?: string;
}

function interval(text: string): number {
  const millis = parseDurationMillis(text);
  if (millis === undefined || millis < INTERVAL_MIN_MILLIS || millis > INTERVAL_MAX_MILLIS) {
    throw new InvalidArgumentError('Accepted: 100ms to 10s, such as 500ms, 1s or 2.5s.');
  }
  return millis;
}

/** sstop's command line, the one definition that help, completions and manual are made from. */
export function sstopCommand(vocabulary: SstopVocabulary, isColored: boolean): Command {
  const command = screenCommand('sstop', vocabulary.version, isColored)
    .description('Shows which processes use the network, and how much, live.')
    .usage('[options] [url]')
    .argument('[url]', "another machine's agent, such as wss://HOST:8443/ws (default: this machine)")
    .allowExcessArguments(false)
    .addHelpText('after', `\nPress ? on the screen for the keys.`);
  const options = [
    ...outputOptions(),
    ...samplingOptions(),
    ...startOptions(vocabulary),
    ...screenOptions(vocabulary),
  ];
  for (const option of [...options, ...fileOptions(), ...agentOptions(), ...reportOptions()]) {
    command.addOption(option);
  }
  return command;
}

function samplingOptions(): Option[] {
  const usual = durationText(DEFAULT_INTERVAL_MILLIS);
  return [
    new Option(
      '--interval <duration>',
      `time between samples, 100ms to 10s (default: ${usual}, or as configured)`,
    ).argParser(interval),
    durationOption(),
    new Option('--backend <name>', 'how to collect').choices(BACKEND_NAMES).default('auto'),
  ];
}

function startOptions({ sortKeys }: SstopVocabulary): Option[] {
  return [
    new Option('--interface <name>', 'only traffic of this network interface'),
    new Option(
      '--filter <expression>',
      'only what matches: a name, or terms such as port:443, up>1M, !user:root',
    ),
    new Option('--sort <key>', `order of the rows (default: ${sortKeys[0]}, or as configured)`).choices(
      sortKeys,
    ),
    new Option('--loopback', 'show connections of this machine to itself too (default: hidden)'),
    new Option('--no-loopback', 'hide them, whatever the configuration says'),
    // The positive form of an option stands first: after it commander gives the pair no default of its own.
    new Option('--dns', 'look up the names of remote addresses (default: on, or as configured)'),
    new Option('--no-dns', 'look up no names of remote addresses'),
    new Option(
      '--units <name>',
      'rates on the screen in bytes or bits (default: as chosen last with b)',
    ).choices(UNIT_NAMES),
    new Option('--geoip <file>', 'countries of remote addresses from this MaxMind database').argParser(
      filePath,
    ),
  ];
}

function fileOptions(): Option[] {
  return [
    recordOption(),
    new Option('--playback <file>', 'show a recording instead of this machine').argParser(filePath),
    new Option(
      '--log <file>',
      'append what happens to sstop itself to this file, one line an event',
    ).argParser(filePath),
  ];
}

function agentOptions(): Option[] {
  return [
    new Option('-P, --profile <name>', 'the agent that socktop saved under this name').argParser(filePath),
    ...agentAccessOptions(),
  ];
}

function reportOptions(): Option[] {
  return [
    new Option(
      '--doctor',
      'report what can be counted here, what is missing and how to get it, and exit',
    ).conflicts(['csv', 'once', 'record', 'playback']),
    completionsOption(),
  ];
}

function optionsOf(raw: RawOptions, url: string | undefined): SstopOptions {
  return {
    ...commonOptionsOf(raw),
    doctor: raw.doctor === true,
    intervalMillis: raw.interval,
    backend: raw.backend,
    interfaceName: raw.interface,
    filter: raw.filter ?? '',
    sort: raw.sort,
    loopback: raw.loopback,
    dns: raw.dns,
    units: raw.units,
    geoipPath: raw.geoip,
    logPath: raw.log,
    agent:
      url === undefined && raw.profile === undefined
        ? undefined
        : { url, profile: raw.profile, ...agentAccessOf(raw) },
  };
}

/** Why these options do not go together, in one line; undefined where they do. */
function contradiction(
  raw: RawOptions,
  { agent, backend, doctor, playbackPath }: SstopOptions,
): string | undefined {
  if (agent === undefined) {
    const named =
      raw.tlsCa !== undefined
        ? '--tls-ca'
        : raw.tokenFile !== undefined
          ? '--token-file'
          : '--verify-hostname';
    const isIdle = raw.tlsCa === undefined && raw.tokenFile === undefined && raw.verifyHostname === undefined;
    return isIdle ? undefined : `${named} is for an agent: give its URL, or --profile`;
  }
  if (agent.url !== undefined && !/^wss?:/i.test(agent.url)) {
    const shown = shownUrl(agent.url);
    const otherwise = shown.includes(':') ? '' : `; rows are narrowed by --filter '${shown}'`;
    return `'${shown}': an agent is reached by ws:// or wss://${otherwise}`;
  }
  if (agent.url !== undefined && agent.profile !== undefined)
    return 'an agent has a URL or a profile, not both';
  if (doctor) return '--doctor reports on this machine';
  if (playbackPath !== undefined) return '--playback shows a recording, and no agent';
  if (backend !== 'auto') return '--backend is for this machine; an agent counts by its own best tier';
  return undefined;
}

/** Reads sstop's arguments (without the program's name). Never throws: bad input is a line to print and exit code 2. */
export function parseSstopArguments(
  argv: readonly string[],
  vocabulary: SstopVocabulary,
  isColored: boolean,
): Invocation<SstopOptions> {
  const command = sstopCommand(vocabulary, isColored);
  return invocationOf<RawOptions, SstopOptions>(command, argv, isColored, (raw) => {
    const options = optionsOf(raw, command.args[0]);
    const problem = contradiction(raw, options);
    return problem === undefined ? { kind: 'run', options } : misused('sstop', problem);
  });
}
