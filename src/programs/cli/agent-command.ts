import { Command, InvalidArgumentError, Option } from 'commander';
import { networkNameOf, withoutBrackets } from '../../kit/text/network-name.ts';
import { invocationOf, misused, refused } from './arguments.ts';
import { completionsOption, type ShellName } from './completion.ts';
import { historyMisuse, historyOptions } from './history-arguments.ts';
import { historyOptionsOf, type Invocation, type RawHistoryOptions } from './options.ts';

const AGENT_PORT = 3000;
const AGENT_TLS_PORT = 8443;
const PORT_LIMIT = 65_535;
/** Older samples are not live data. */
const TTL_LIMIT_MILLIS = 60_000;

/** Default ages up to which a sample is reused for further requests. */
export const AGENT_METRICS_TTL_MILLIS = 250;
export const AGENT_PROCESSES_TTL_MILLIS = 1500;
export const AGENT_DISKS_TTL_MILLIS = 1000;

/** Where the agent of the service keeps its history, by the documentation; served with --stdio if no other is named. */
export const STDIO_HISTORY_FOLDER = '/var/lib/socktop/history';

/** Options of socktop-agent, from arguments and environment. */
export type AgentOptions = Readonly<ReturnType<typeof optionsOf>>;

interface RawOptions extends RawHistoryOptions {
  readonly port?: number;
  readonly bind?: string;
  readonly enableSSL?: true;
  readonly tls?: true;
  readonly tokenFile?: string;
  readonly networkMetrics?: true;
  readonly alerts?: string;
  readonly sniff?: true;
  readonly stdio?: true;
  readonly completions?: ShellName;
}

/** Defines socktop-agent's command line. Help, completions and the manual page are generated from it. */
export function agentCommand(version: string): Command {
  const command = new Command('socktop-agent')
    .description('Serve system metrics of this machine to socktop and sstop on other machines.')
    .usage('[options] [port]')
    .argument('[port]', 'same as --port', port)
    .version(`socktop-agent ${version}`, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `\nEnvironment: SOCKTOP_PORT, SOCKTOP_ENABLE_SSL=1, SOCKTOP_TOKEN, SOCKTOP_AGENT_GPU=0, SOCKTOP_AGENT_TEMP=0,
SOCKTOP_AGENT_EXTRA_SANS=NAME,ADDRESS,..., SOCKTOP_AGENT_METRICS_TTL_MS, SOCKTOP_AGENT_PROCESSES_TTL_MS,
SOCKTOP_AGENT_DISKS_TTL_MS. Arguments override the environment.`,
    );
  for (const option of options()) command.addOption(option);
  return command;
}

function options(): Option[] {
  return [
    new Option(
      '-p, --port <number>',
      `port to listen on, 0 for any free port (default: ${AGENT_PORT}, with TLS ${AGENT_TLS_PORT})`,
    ).argParser(port),
    new Option('--bind <address>', 'listen only on this address (default: all addresses)').argParser(address),
    new Option('--enableSSL', 'enable TLS; the first start creates a certificate'),
    new Option('--tls', 'same as --enableSSL'),
    new Option('--token-file <file>', 'require the token in this file from clients').argParser(text),
    new Option('--network-metrics', 'export network counters per process name on /metrics'),
    new Option('--alerts <file>', 'watch this machine by the rules in this file').argParser(text),
    new Option(
      '--sniff',
      'learn names of remote hosts from DNS answers and first packets, and send them to clients',
    ),
    ...historyOptions('keep a history of this machine in this folder, or with --stdio serve the one there'),
    new Option('--stdio', 'serve one client on standard input and output; listen on no port').conflicts([
      ...['port', 'bind', 'enableSSL', 'tls', 'tokenFile', 'networkMetrics', 'alerts'],
      ...['historySize', 'historyAge', 'historyInterval'],
    ]),
    completionsOption(),
  ];
}

function port(value: string): number {
  const parsed = portOf(value);
  if (parsed === undefined) throw new InvalidArgumentError(`Accepted: 0 to ${PORT_LIMIT}.`);
  return parsed;
}

function portOf(value: string): number | undefined {
  const parsed = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  return parsed <= PORT_LIMIT ? parsed : undefined;
}

function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('Accepted: a value that is not empty.');
  return value;
}

function address(value: string): string {
  return withoutBrackets(text(value));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Parses socktop-agent's arguments and environment. Never throws: invalid input gives a line and exit code 2. */
export function parseAgentArguments(
  argv: readonly string[],
  environment: Environment,
  version: string,
): Invocation<AgentOptions> {
  const command = agentCommand(version);
  return invocationOf<RawOptions, AgentOptions>(command, argv, false, (raw) =>
    resolved(raw, command.processedArgs[0], environment),
  );
}

function resolved(raw: RawOptions, positional: unknown, environment: Environment): Invocation<AgentOptions> {
  const reader = new EnvironmentReader(environment);
  if (raw.stdio === true && positional !== undefined) {
    return refused('socktop-agent', '--stdio listens on no port: remove the port');
  }
  const positionalPort = typeof positional === 'number' ? positional : undefined;
  if (raw.port !== undefined && positionalPort !== undefined && raw.port !== positionalPort) {
    return refused('socktop-agent', `conflicting ports ${raw.port} and ${positionalPort}: give only one`);
  }
  const misuse = historyMisuse(raw);
  if (misuse !== undefined) return misused('socktop-agent', misuse);
  const options = optionsOf(raw, raw.port ?? positionalPort, environment, reader);
  return reader.problem === undefined ? { kind: 'run', options } : refused('socktop-agent', reader.problem);
}

function optionsOf(
  raw: RawOptions,
  port: number | undefined,
  environment: Environment,
  reader: EnvironmentReader,
) {
  const tls = raw.tls === true || raw.enableSSL === true || reader.flag('SOCKTOP_ENABLE_SSL', false);
  const environmentPort = port === undefined ? reader.number('SOCKTOP_PORT', PORT_LIMIT) : undefined;
  const ttl = (name: string): number | undefined =>
    reader.number(`SOCKTOP_AGENT_${name}_TTL_MS`, TTL_LIMIT_MILLIS);
  return {
    /** 0: any free port. */
    port: port ?? environmentPort ?? (tls ? AGENT_TLS_PORT : AGENT_PORT),
    bindAddress: raw.bind,
    tls,
    /** Undefined: no token required. Never print it. An empty one is no open agent: the token check refuses it. */
    token: raw.tokenFile === undefined ? environment['SOCKTOP_TOKEN'] : undefined,
    tokenFile: raw.tokenFile,
    gpus: reader.flag('SOCKTOP_AGENT_GPU', true),
    temperatures: reader.flag('SOCKTOP_AGENT_TEMP', true),
    /** Extra names and addresses for a new certificate. */
    extraNames: reader.names('SOCKTOP_AGENT_EXTRA_SANS'),
    metricsTtlMillis: ttl('METRICS') ?? AGENT_METRICS_TTL_MILLIS,
    processesTtlMillis: ttl('PROCESSES') ?? AGENT_PROCESSES_TTL_MILLIS,
    disksTtlMillis: ttl('DISKS') ?? AGENT_DISKS_TTL_MILLIS,
    /** Export network counters on /metrics; accounting then stays open between scrapes. */
    networkMetrics: raw.networkMetrics === true,
    /** File with rules of alerts; undefined: none, and nothing is sampled between requests. */
    alertsPath: raw.alerts,
    /** Learn names of remote hosts from packets, for clients. */
    sniff: raw.sniff === true,
    /** To write, with `stdio` to read: undefined there is STDIO_HISTORY_FOLDER. */
    history: historyOptionsOf(raw),
    /** Serve one client on standard input and output, without listening on a port. */
    stdio: raw.stdio === true,
  };
}

/** Reads environment variables and keeps the first problem. An empty variable counts as unset. */
class EnvironmentReader {
  problem: string | undefined;
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  text(name: string): string | undefined {
    const value = this.#environment[name];
    return value === undefined || value === '' ? undefined : value;
  }

  number(name: string, limit: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (number <= limit) return number;
    this.problem ??= `invalid ${name}: accepted is a number from 0 to ${limit}`;
    return undefined;
  }

  /** Comma-separated names and addresses, as they are stored in a certificate. */
  names(name: string): string[] {
    const texts = (this.text(name) ?? '').split(',').map((text) => text.trim());
    return texts.flatMap((text) => {
      if (text === '') return [];
      const found = networkNameOf(text);
      this.problem ??=
        found === undefined
          ? `${name}: '${text}' is neither a host name nor an IP address; accepted: host.example, 192.0.2.1 or [2001:db8::1], separated by commas, without ports`
          : undefined;
      return found?.value ?? [];
    });
  }

  flag(name: string, usual: boolean): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return usual;
    if (['1', 'true', 'yes', 'on'].includes(value)) return true;
    if (['0', 'false', 'no', 'off'].includes(value)) return false;
    this.problem ??= `invalid ${name}: accepted are 1 and 0`;
    return usual;
  }
}
