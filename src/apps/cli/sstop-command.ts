import { Chalk } from 'chalk';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { shownUrl } from '../../kit/text/shown-url.ts';
import { completionScript, SHELL_NAMES, type ShellName } from './completion.ts';
import { durationText, parseDurationMillis } from './duration.ts';
import { oneLine } from './one-line.ts';

export const SORT_NAMES = ['rate', 'download', 'upload', 'pid', 'name', 'connections'] as const;
export const BACKEND_NAMES = ['auto', 'ebpf', 'netlink', 'packet', 'proc'] as const;
export const COLOR_NAMES = ['auto', 'truecolor', '256', '16', 'never'] as const;

export const INTERVAL_MIN_MILLIS = 100;
export const INTERVAL_MAX_MILLIS = 10_000;

/** What holds where neither the command line nor the configuration says otherwise. */
export const DEFAULT_INTERVAL_MILLIS = 1000;
export const DEFAULT_SORT = 'rate';

/** What sstop's command line does not know by itself. */
export interface SstopVocabulary {
  readonly version: string;
  /** The default one first. */
  readonly themeNames: readonly string[];
}

/** Another machine, by its agent; exactly one of URL and profile is there. */
export interface AgentOptions {
  /** It may hold a token, so it is never printed as it is. */
  readonly url: string | undefined;
  readonly profile: string | undefined;
  readonly tlsCaPath: string | undefined;
  readonly verifyHostname: boolean;
  readonly tokenFile: string | undefined;
}

/** What the command line of sstop asks for. Undefined: not said there, so the configuration or the default decides. */
export interface SstopOptions {
  readonly output: 'screen' | 'json' | 'csv' | 'table';
  /** One snapshot with rates, then exit. */
  readonly once: boolean;
  /** Report what works here instead of running; as text, or as JSON with `output` json. */
  readonly doctor: boolean;
  readonly intervalMillis: number | undefined;
  /** Undefined: until stopped. */
  readonly durationMillis: number | undefined;
  readonly backend: (typeof BACKEND_NAMES)[number];
  readonly interfaceName: string | undefined;
  readonly filter: string;
  readonly sort: (typeof SORT_NAMES)[number] | undefined;
  readonly loopback: boolean | undefined;
  readonly dns: boolean | undefined;
  /** A country database in MaxMind's format. */
  readonly geoipPath: string | undefined;
  readonly recordPath: string | undefined;
  readonly playbackPath: string | undefined;
  /** Events are appended to this file, one a line. */
  readonly logPath: string | undefined;
  /** Undefined: this machine. */
  readonly agent: AgentOptions | undefined;
  /** One of the vocabulary's names. */
  readonly theme: string | undefined;
  readonly color: (typeof COLOR_NAMES)[number];
  readonly ascii: boolean | undefined;
  readonly mouse: boolean | undefined;
}

/** The outcome of reading a command line: run, or print `text` and leave with `exitCode`. */
export type Invocation<Options> =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: 0 | 2 };

interface RawOptions {
  readonly json?: true;
  readonly csv?: true;
  readonly once?: true;
  readonly doctor?: true;
  readonly completions?: ShellName;
  readonly interval?: number;
  readonly duration?: number;
  readonly backend: SstopOptions['backend'];
  readonly interface?: string;
  readonly filter?: string;
  readonly sort?: SstopOptions['sort'];
  readonly loopback?: boolean;
  readonly dns?: boolean;
  readonly geoip?: string;
  readonly record?: string;
  readonly playback?: string;
  readonly log?: string;
  readonly profile?: string;
  readonly tlsCa?: string;
  readonly verifyHostname?: true;
  readonly tokenFile?: string;
  readonly theme?: string;
  readonly color: SstopOptions['color'] | false;
  readonly ascii?: boolean;
  readonly mouse?: boolean;
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

function filePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('Accepted: the path of a file.');
  return text;
}

/** sstop's command line, the one definition that help, completions and manual are made from. */
export function sstopCommand(vocabulary: SstopVocabulary, isColored: boolean): Command {
  const paint = new Chalk({ level: isColored ? 1 : 0 });
  const command = new Command('sstop')
    .description('Shows which processes use the network, and how much, live.')
    .usage('[options] [url]')
    .argument('[url]', "another machine's agent, such as wss://HOST:8443/ws (default: this machine)")
    .version(`sstop ${vocabulary.version}`, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .allowExcessArguments(false)
    .configureHelp({
      styleTitle: (text) => paint.bold(text),
      styleOptionTerm: (text) => paint.cyan(text),
      styleCommandText: (text) => paint.green(text),
    })
    .addHelpText('after', `\nPress ? on the screen for the keys.`);
  const options = [...outputOptions(), ...samplingOptions(), ...startOptions(), ...screenOptions(vocabulary)];
  for (const option of [...options, ...fileOptions(), ...agentOptions(), ...reportOptions()]) {
    command.addOption(option);
  }
  return command;
}

function outputOptions(): Option[] {
  return [
    new Option('--json', 'stream one JSON object per interval to standard output').conflicts('csv'),
    new Option('--csv', 'stream CSV rows to standard output, one per process and interval'),
    new Option('--once', 'take one snapshot (two samples, one interval apart), print it and exit'),
  ];
}

function samplingOptions(): Option[] {
  const usual = durationText(DEFAULT_INTERVAL_MILLIS);
  return [
    new Option(
      '--interval <duration>',
      `time between samples, 100ms to 10s (default: ${usual}, or as configured)`,
    ).argParser(interval),
    new Option('--duration <duration>', 'stop after this time').argParser(duration),
    new Option('--backend <name>', 'how to collect').choices(BACKEND_NAMES).default('auto'),
  ];
}

function startOptions(): Option[] {
  return [
    new Option('--interface <name>', 'only traffic of this network interface'),
    new Option(
      '--filter <expression>',
      'only what matches: a name, or terms such as port:443, up>1M, !user:root',
    ),
    new Option('--sort <key>', `order of the rows (default: ${DEFAULT_SORT}, or as configured)`).choices(
      SORT_NAMES,
    ),
    new Option('--loopback', 'show connections of this machine to itself too (default: hidden)'),
    new Option('--no-loopback', 'hide them, whatever the configuration says'),
    // The positive form of an option stands first: after it commander gives the pair no default of its own.
    new Option('--dns', 'look up the names of remote addresses (default: on, or as configured)'),
    new Option('--no-dns', 'look up no names of remote addresses'),
    new Option('--geoip <file>', 'countries of remote addresses from this MaxMind database').argParser(
      filePath,
    ),
  ];
}

function screenOptions({ themeNames }: SstopVocabulary): Option[] {
  return [
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
    new Option(
      '-t, --tls-ca <file>',
      'accept only certificates in this PEM file, or signed by one in it',
    ).argParser(filePath),
    new Option('--verify-hostname', "check the names in the agent's certificate as well"),
    new Option('--token-file <file>', 'read the token for the agent from this file').argParser(filePath),
  ];
}

function reportOptions(): Option[] {
  return [
    new Option(
      '--doctor',
      'report what can be counted here, what is missing and how to get it, and exit',
    ).conflicts(['csv', 'once', 'record', 'playback']),
    new Option('--completions <shell>', 'print a completion script for this shell and exit').choices(
      SHELL_NAMES,
    ),
  ];
}

function optionsOf(raw: RawOptions, url: string | undefined): SstopOptions {
  const once = raw.once === true;
  const streamed = raw.json === true ? 'json' : raw.csv === true ? 'csv' : undefined;
  return {
    output: streamed ?? (once ? 'table' : 'screen'),
    once,
    doctor: raw.doctor === true,
    intervalMillis: raw.interval,
    durationMillis: raw.duration,
    backend: raw.backend,
    interfaceName: raw.interface,
    filter: raw.filter ?? '',
    sort: raw.sort,
    loopback: raw.loopback,
    dns: raw.dns,
    geoipPath: raw.geoip,
    recordPath: raw.record,
    playbackPath: raw.playback,
    logPath: raw.log,
    agent:
      url === undefined && raw.profile === undefined
        ? undefined
        : {
            ...{ url, profile: raw.profile, tlsCaPath: raw.tlsCa, tokenFile: raw.tokenFile },
            verifyHostname: raw.verifyHostname === true,
          },
    theme: raw.theme,
    color: raw.color === false ? 'never' : raw.color,
    ascii: raw.ascii,
    mouse: raw.mouse,
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
    return `'${shownUrl(agent.url)}': an agent is reached by ws:// or wss://`;
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
  let printed = '';
  const command = sstopCommand(vocabulary, isColored)
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
  const options = optionsOf(raw, command.args[0]);
  const problem = contradiction(raw, options);
  return problem === undefined ? { kind: 'run', options } : complaint(problem);
}

function complaint(message: string): Invocation<SstopOptions> {
  return { kind: 'print', text: `sstop: ${message} (see sstop --help)\n`, exitCode: 2 };
}
