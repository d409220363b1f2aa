import {
  currentPlatform,
  dropPrivileges,
  isServable,
  lockFile,
  lowerPrivileges,
  platformName,
  raisePrivileges,
  runProgram,
  system,
  tellServiceManager,
} from '../platforms/index.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { PrivateFolder } from '../src/kit/files/private-folder.ts';
import type { Allowance } from '../src/kit/limits/bounds.ts';
import { sanitizeLine } from '../src/kit/text/sanitize.ts';
import {
  type AgentOptions,
  parseAgentArguments,
  STDIO_HISTORY_FOLDER,
} from '../src/programs/cli/agent-command.ts';
import type { HistoryOptions } from '../src/programs/cli/options.ts';
import { readTokenFile, usableToken } from '../src/programs/config/credentials.ts';
import { exceptionFields, type LogLevel, lineBudget, logLine } from '../src/programs/shared/event-log.ts';
import {
  complain,
  EXIT_FAILURE,
  EXIT_OK,
  EXIT_USAGE,
  printOutcome,
} from '../src/programs/shared/messages.ts';
import { Stop } from '../src/programs/shared/stop.ts';
import { type KeptHistory, type ReadHistory, serveStream, startAgent } from '../src/remote/agent/agent.ts';
import { type AlertOptions, watchMillis } from '../src/remote/agent/alerts/alert-watch.ts';
import {
  certificateFolder,
  openCertificate,
  type StoredCertificate,
} from '../src/remote/agent/certificate-store.ts';
import type { AgentLog, AgentLogFields } from '../src/remote/agent/server/agent-log.ts';
import { buildVersion, compiledExecutable, VERSION } from './executable.ts';
import { endOnExceptions } from './last-words.ts';
import { giveBackStartMemory, restingMemory } from './start-memory.ts';

const PROGRAM = 'socktop-agent';
const FIRST_ORDINARY_PORT = 1024;

/** socktop-agent from its arguments to its exit code. */
export async function runAgent(argv: readonly string[]): Promise<number> {
  const invocation = parseAgentArguments(argv, process.env, buildVersion(system));
  if (invocation.kind === 'print') return printOutcome(PROGRAM, invocation);
  const { options } = invocation;
  if (!isServable) {
    complain(PROGRAM, `the agent cannot run on ${system.name}: it needs Linux`);
    return EXIT_USAGE;
  }
  const log = new StandardErrorLog();
  endOnExceptions((thrown) => {
    log.event('error', 'exception', exceptionFields(thrown));
    process.exit(EXIT_FAILURE);
  });
  try {
    if (options.stdio && process.stdin.isTTY) {
      complain(PROGRAM, '--stdio is for socktop ssh://HOST, which starts it; standard input is a terminal');
      return EXIT_USAGE;
    }
    await restartWithLessPrivilege(argv, options);
    return options.stdio ? await serveStandardInput(options) : await serve(options, log);
  } catch (thrown) {
    const error = toOpError('start', thrown);
    complain(PROGRAM, error.message);
    return ['token', 'token file', 'alerts file'].includes(error.op) ? EXIT_USAGE : EXIT_FAILURE;
  }
}

/**
 * Executes the program again without the capabilities that collecting does not need, because the threads that the
 * runtime started before keep theirs. Returns when there is nothing to drop.
 */
async function restartWithLessPrivilege(argv: readonly string[], { port }: AgentOptions): Promise<void> {
  const executable = compiledExecutable();
  if (executable === undefined) return;
  if (!(await dropPrivileges(port > 0 && port < FIRST_ORDINARY_PORT))) return;
  process.execve?.(executable, [process.argv0, ...argv], process.env as Record<string, string>);
}

async function serve(options: AgentOptions, log: StandardErrorLog): Promise<number> {
  const platform = await currentPlatform();
  // The user's own rights open the files that the user names.
  lowerPrivileges();
  const token = tokenOf(options);
  const alerts = await alertsOf(options);
  const keptHistory = options.history === undefined ? undefined : await openHistory(options.history, log);
  const tls = options.tls ? await openTls(platform.host.hostName, options.extraNames) : undefined;
  raisePrivileges();
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const settings = { ...options, token, tls, alerts, version: VERSION, platformName, keptHistory };
  const agent = startAgent(settings, platform, log);
  const scheme = options.tls ? 'wss' : 'ws';
  if (alerts !== undefined)
    say(`watching by ${alerts.rules.length} rules every ${watchMillis(alerts.rules) / 1000} s`);
  say(`listening on ${scheme}://${authorityOf(options.bindAddress)}:${agent.port}/ws`);
  if (!agent.isOnLoopback) warnOfOpenDoor(options, token);
  await tell(log, 'READY=1');
  const keepStartMemory = giveBackStartMemory(log);
  await stop.wished;
  keepStartMemory();
  await tell(log, 'STOPPING=1');
  log.event('info', 'stopping', { signal: stop.signal });
  await agent.stop();
  return EXIT_OK;
}

/**
 * Code is compiled so many times later than in programs that work all the time: with a sample every ten seconds what was
 * compiled takes memory and hours to pay for itself (docs/decisions/0015-what-an-agent-costs.md).
 */
const HISTORY_JIT_SCALE = 5;

/** Opens the folder of the history with the user's own rights. Rejects with OpError of one line. */
async function openHistory(options: HistoryOptions, log: StandardErrorLog): Promise<KeptHistory> {
  Bun.unsafe.setJITPolicy(HISTORY_JIT_SCALE);
  const { HistoryWriter } = await import('../src/data/recording/history-writer.ts');
  const writer = await HistoryWriter.open(options.path, options, {
    wallMillis: () => Date.now(),
    lock: lockFile,
    failed: ({ code, message }) => log.event('error', 'history-ended', { code, message }),
  });
  say(`keeping a history in ${options.path}`);
  const folder = PrivateFolder.toRead(options.path);
  return { writer, folder, intervalMillis: options.intervalMillis, memory: restingMemory(log) };
}

/**
 * Serves the client on standard input, as `socktop ssh://HOST` starts it. Whatever this agent has to
 * say of itself goes to its client's screen by standard error, so that only what went wrong is said.
 */
async function serveStandardInput(options: AgentOptions): Promise<number> {
  const platform = await currentPlatform();
  lowerPrivileges();
  const readHistory = historyToRead(options);
  raisePrivileges();
  const log: AgentLog = {
    event: (level, event, fields) => {
      if (level !== 'info') complain(PROGRAM, [event, ...Object.values(fields ?? {})].join(' '));
    },
  };
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const stream = { input: process.stdin, output: process.stdout };
  const settings = { ...options, version: VERSION, platformName, readHistory };
  const served = serveStream(settings, platform, log, stream);
  const wasWish = await Promise.race([served, stop.wished]);
  return wasWish === false ? EXIT_FAILURE : EXIT_OK;
}

/** The history that another agent writes here; where it cannot be read, its client hears why when it asks. */
function historyToRead({ history }: AgentOptions): ReadHistory {
  const path = history?.path ?? STDIO_HISTORY_FOLDER;
  try {
    return { folder: PrivateFolder.toRead(path), obstacle: undefined };
  } catch (thrown) {
    const { code, message } = toOpError('open folder', thrown);
    const isForeign = ['EACCES', 'EPERM', 'FOREIGN_FOLDER'].includes(code);
    const advice = isForeign
      ? 'log in as its owner or as root'
      : history === undefined
        ? 'name the folder of the history there with --history'
        : undefined;
    return { folder: undefined, obstacle: advice === undefined ? message : `${message}; ${advice}` };
  }
}

/** Tells systemd, where it waits for that. */
async function tell(log: StandardErrorLog, state: string): Promise<void> {
  try {
    await tellServiceManager(state);
  } catch (thrown) {
    const { code, message } = toOpError('notify', thrown);
    log.event('warning', 'service-manager', { code, message });
  }
}

function authorityOf(bindAddress = '0.0.0.0'): string {
  return bindAddress.includes(':') ? `[${bindAddress.replace('%', '%25')}]` : bindAddress;
}

function warnOfOpenDoor({ tls }: AgentOptions, token: string | undefined): void {
  const remedy = 'set SOCKTOP_TOKEN, or --bind 127.0.0.1';
  if (token === undefined) {
    say(`no token: anyone who can reach the port can read the process list; ${remedy}`);
  } else if (!tls) {
    say('no TLS: anyone on the network path can read the token and all replies; use --enableSSL');
  }
}

async function openTls(hostName: string, extraNames: readonly string[]): Promise<StoredCertificate> {
  const nowMillis = Date.now();
  // The library that makes certificates is large, and most starts find one that is made.
  const make = async () => {
    // Its modules ask for this one while they are being read.
    await import('reflect-metadata');
    const { makeCertificate } = await import('../src/remote/agent/certificate.ts');
    return makeCertificate(hostName, extraNames, nowMillis);
  };
  const stored = await openCertificate(certificateFolder(process.env), make, nowMillis, extraNames);
  if (stored.isNew) {
    say(`generated self-signed TLS certificate at ${stored.certificatePath}`);
    say(`private key at ${stored.keyPath}`);
  }
  say(`certificate SHA-256 fingerprint ${stored.fingerprint}`);
  for (const warning of stored.warnings) say(warning);
  return stored;
}

/** Undefined: none is needed. Throws OpError `token` or `token file`, which never has what was found instead. */
function tokenOf({ token, tokenFile }: AgentOptions): string | undefined {
  if (tokenFile !== undefined) return readTokenFile(tokenFile);
  return token === undefined ? undefined : usableToken(token, 'SOCKTOP_TOKEN');
}

/** The rules to watch by; undefined: none. Throws OpError `alerts file`. */
async function alertsOf({ alertsPath }: AgentOptions): Promise<AlertOptions | undefined> {
  if (alertsPath === undefined) return undefined;
  // The language of the file is much code, which no other agent needs.
  const { readAlertsFile } = await import('../src/programs/config/alerts-file.ts');
  return { ...readAlertsFile(alertsPath), runProgram };
}

/** What people are to know at the start, a line on standard output. */
function say(line: string): void {
  process.stdout.write(`${PROGRAM}: ${sanitizeLine(line)}\n`);
}

/** The agent's events on standard error, one line each; each kind of event has its own bound, so none hides another. */
class StandardErrorLog implements AgentLog {
  /** By event: the agent has a dozen kinds. */
  readonly #budgets = new Map<string, Allowance>();

  event(level: LogLevel, event: string, fields: AgentLogFields = {}): void {
    const budget = this.#budgets.get(event) ?? lineBudget();
    this.#budgets.set(event, budget);
    if (!budget.take(performance.now())) return;
    const counted = budget.refused === 0 ? fields : { ...fields, left_out: budget.refused };
    budget.refused = 0;
    process.stderr.write(logLine(Date.now(), level, event, counted));
  }
}
