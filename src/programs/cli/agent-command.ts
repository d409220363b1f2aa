import { Command, InvalidArgumentError, Option } from 'commander';
import { networkNameOf, withoutBrackets } from '../../kit/text/network-name.ts';
import { type Invocation, invocationOf, refused } from './arguments.ts';
import { completionsOption, type ShellName } from './completion.ts';

const AGENT_PORT = 3000;
const AGENT_TLS_PORT = 8443;
const PORT_LIMIT = 65_535;
/** A sample older than this is no live figure any more. */
const TTL_LIMIT_MILLIS = 60_000;

/** Default ages up to which a sample answers further requests. */
export const AGENT_METRICS_TTL_MILLIS = 250;
export const AGENT_PROCESSES_TTL_MILLIS = 1500;
export const AGENT_DISKS_TTL_MILLIS = 1000;

/** What socktop-agent is asked for, by its arguments and its environment. */
export interface AgentOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly bindAddress: string | undefined;
  readonly tls: boolean;
  /** Undefined: no token is needed. Never to be printed. */
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly gpus: boolean;
  readonly temperatures: boolean;
  /** Names and addresses for a new certificate, besides the usual ones. */
  readonly extraNames: readonly string[];
  readonly metricsTtlMillis: number;
  readonly processesTtlMillis: number;
  readonly disksTtlMillis: number;
  /** Per-process network counters on /metrics, which hold the accounting open between scrapes. */
  readonly networkMetrics: boolean;
}

interface RawOptions {
  readonly port?: number;
  readonly bind?: string;
  readonly enableSSL?: true;
  readonly tls?: true;
  readonly tokenFile?: string;
  readonly networkMetrics?: true;
  readonly completions?: ShellName;
}

/** socktop-agent's command line, the one definition that help, completions and manual are made from. */
export function agentCommand(version: string): Command {
  const command = new Command('socktop-agent')
    .description('Answers what this machine is doing, to socktop and sstop on other machines.')
    .usage('[options] [port]')
    .argument('[port]', 'the same as --port', port)
    .version(`socktop-agent ${version}`, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `\nEnvironment: SOCKTOP_PORT, SOCKTOP_ENABLE_SSL=1, SOCKTOP_TOKEN, SOCKTOP_AGENT_GPU=0, SOCKTOP_AGENT_TEMP=0,
SOCKTOP_AGENT_EXTRA_SANS=NAME,ADDRESS,..., SOCKTOP_AGENT_METRICS_TTL_MS, SOCKTOP_AGENT_PROCESSES_TTL_MS,
SOCKTOP_AGENT_DISKS_TTL_MS. Arguments go before the environment.`,
    );
  for (const option of options()) command.addOption(option);
  return command;
}

function options(): Option[] {
  return [
    new Option(
      '-p, --port <number>',
      `port to listen on, 0 for any that is free (default: ${AGENT_PORT}, with TLS ${AGENT_TLS_PORT})`,
    ).argParser(port),
    new Option('--bind <address>', 'listen on this address alone (default: every one)').argParser(address),
    new Option('--enableSSL', 'TLS, with a certificate made at the first start'),
    new Option('--tls', 'the same as --enableSSL'),
    new Option('--token-file <file>', 'read the token that clients must show from this file').argParser(text),
    new Option('--network-metrics', 'per-process network counters on /metrics'),
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
  if (value === '') throw new InvalidArgumentError('Accepted: anything but nothing.');
  return value;
}

function address(value: string): string {
  return withoutBrackets(text(value));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads socktop-agent's arguments and environment. Never throws: bad input is a line to print and exit code 2. */
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
  const tls = raw.tls === true || raw.enableSSL === true || reader.flag('SOCKTOP_ENABLE_SSL', false);
  const positionalPort = typeof positional === 'number' ? positional : undefined;
  if (raw.port !== undefined && positionalPort !== undefined && raw.port !== positionalPort) {
    return refused(
      'socktop-agent',
      `two ports are given, ${raw.port} and ${positionalPort}: one is accepted`,
    );
  }
  const ownPort = raw.port ?? positionalPort;
  const environmentPort = ownPort === undefined ? reader.number('SOCKTOP_PORT', PORT_LIMIT) : undefined;
  const result: AgentOptions = {
    port: ownPort ?? environmentPort ?? (tls ? AGENT_TLS_PORT : AGENT_PORT),
    bindAddress: raw.bind,
    tls,
    // An empty one is no wish for an open agent: it is refused where the token is looked at.
    token: raw.tokenFile === undefined ? environment['SOCKTOP_TOKEN'] : undefined,
    tokenFile: raw.tokenFile,
    gpus: reader.flag('SOCKTOP_AGENT_GPU', true),
    temperatures: reader.flag('SOCKTOP_AGENT_TEMP', true),
    extraNames: reader.names('SOCKTOP_AGENT_EXTRA_SANS'),
    metricsTtlMillis:
      reader.number('SOCKTOP_AGENT_METRICS_TTL_MS', TTL_LIMIT_MILLIS) ?? AGENT_METRICS_TTL_MILLIS,
    processesTtlMillis:
      reader.number('SOCKTOP_AGENT_PROCESSES_TTL_MS', TTL_LIMIT_MILLIS) ?? AGENT_PROCESSES_TTL_MILLIS,
    disksTtlMillis: reader.number('SOCKTOP_AGENT_DISKS_TTL_MS', TTL_LIMIT_MILLIS) ?? AGENT_DISKS_TTL_MILLIS,
    networkMetrics: raw.networkMetrics === true,
  };
  return reader.problem === undefined
    ? { kind: 'run', options: result }
    : refused('socktop-agent', reader.problem);
}

/** Variables with their first problem; one that is empty is one that is not there. */
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
    this.problem ??= `${name} is not a number up to ${limit}`;
    return undefined;
  }

  /** Names and addresses between commas, as a certificate holds them. */
  names(name: string): string[] {
    const texts = (this.text(name) ?? '').split(',').map((text) => text.trim());
    return texts.flatMap((text) => {
      if (text === '') return [];
      const found = networkNameOf(text);
      this.problem ??=
        found === undefined
          ? `${name}: '${text}' is neither a name nor an IP address; accepted are such as host.example, 192.0.2.1 or [2001:db8::1], with commas between and no ports`
          : undefined;
      return found?.value ?? [];
    });
  }

  flag(name: string, usual: boolean): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return usual;
    if (['1', 'true', 'yes', 'on'].includes(value)) return true;
    if (['0', 'false', 'no', 'off'].includes(value)) return false;
    this.problem ??= `${name} is neither 1 nor 0`;
    return usual;
  }
}
