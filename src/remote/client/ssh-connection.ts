import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import { FRAME_LIMIT_BYTES } from '../wire/limits.ts';
import { STREAM_GREETING, StreamFrames, streamFrame } from '../wire/v2-frame.ts';
import type { AgentLine, ConnectionListener } from './agent-connection.ts';
import type { SshDestination } from './agent-url.ts';

/** A started ssh. */
interface SshProgram {
  /** Never waits. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Asks it to end. */
  end(): void;
}

/** What a started ssh says; `ended` is called once, last. */
interface SshListener {
  output(chunk: Uint8Array): void;
  complaint(chunk: Uint8Array): void;
  /** undefined: ended by a signal. */
  ended(exitCode: number | undefined): void;
}

/** Starts the user's ssh; `mayAsk`: it has the terminal, for its questions. OpError `NO_SSH`. */
type StartSsh = (args: readonly string[], mayAsk: boolean, listener: SshListener) => SshProgram;

interface SshOptions {
  readonly start: StartSsh;
  /** Whether ssh may ask for a password or for trust in a host; no screen is open then. */
  readonly mayAsk: boolean;
  /** Shows the user a line of ssh while it may ask. */
  readonly tell: (line: string) => void;
}

/** TCP and the greeting of the server. */
const CONNECT_SECONDS = 10;
/** A connection without a sign of life for two of these is lost. */
const ALIVE_SECONDS = 5;
/** setTimeout takes 32 bits. */
const LONGEST_MILLIS = 0x7fff_ffff;
/** A stage of ssh (STAGES) is over by then, or it hangs. */
const STAGE_MILLIS = 15_000;
/** The same where somebody may be typing: servers wait for two minutes (LoginGraceTime). */
const ASKING_MILLIS = 135_000;
/** The same for a program that does not say how far it is: OpenSSH would have. */
const SILENT_MILLIS = 60_000;
const SETTINGS_MILLIS = 5000;
const SETTINGS_LIMIT_BYTES = 64 << 10;
/** A login shell may say so much before the greeting. */
const NOISE_LIMIT_BYTES = 64 << 10;
const COMPLAINT_LIMIT = 4096;
/** A complaint is the last word of ssh if it ends within this time, and is then in the error. */
const LAST_WORD_MILLIS = 400;
const SHELL_GREETING = '\nsocktop.shell\n';
const OLD_AGENT_GREETING = '\nsocktop.shell.old-agent\n';

/**
 * What runs on the other side: the first agent there is, else a POSIX shell that reads on. Every login shell takes it as
 * one word in single quotes. An agent that does not know the options ends with 2, and is too old.
 */
const AGENT_OR_SHELL = [
  'o=; for a in "$(command -v socktop-agent)" /usr/bin/socktop-agent /usr/local/bin/socktop-agent',
  ' "$HOME/.local/bin/socktop-agent"; do',
  ' if [ -x "$a" ]; then "$a" --stdio "$@"; s=$?; case $s in 2) o=.old-agent;; *) exit $s;; esac; fi;',
  ' done; echo; echo socktop.shell$o; exec sh',
].join('');

/** The arguments that say which host, as which user; nothing of a destination can become an option. */
function destinationArguments({ host, user, port }: SshDestination): readonly string[] {
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['--', host],
  ];
}

/**
 * The arguments of ssh, all of ours before `--`. Times are set where the user's configuration has none. ConnectTimeout
 * goes on until the server has greeted, so none is set where a jump host may ask for a password before that.
 */
export function sshArguments(
  destination: SshDestination,
  mayAsk: boolean,
  { connectSeconds, hasAliveInterval, hasProxy }: SshSettings = NO_SETTINGS,
): readonly string[] {
  const { historyFolder } = destination;
  const hasTimeout = connectSeconds !== undefined || (mayAsk && hasProxy);
  const settings = [
    `BatchMode=${mayAsk ? 'no' : 'yes'}`,
    ...(hasTimeout ? [] : [`ConnectTimeout=${CONNECT_SECONDS}`]),
    ...(hasAliveInterval ? [] : [`ServerAliveInterval=${ALIVE_SECONDS}`, 'ServerAliveCountMax=2']),
    // A connection that is shared already is used; one of ours would outlive this program.
    'ControlMaster=no',
    'ClearAllForwardings=yes',
    'RemoteCommand=none',
  ];
  return [
    ...['-T', '-x', '-a', '-v'],
    ...settings.flatMap((setting) => ['-o', setting]),
    ...destinationArguments(destination),
    `exec sh -c '${AGENT_OR_SHELL}'${historyFolder === undefined ? '' : ` sh --history ${historyFolder}`}`,
  ];
}

/**
 * One connection by the user's own ssh, to an agent that it starts there or to a shell. ssh is asked for its settings
 * first (-G), and says with -v how far it has come, so that one that hangs is told from one that asks the user something.
 */
export class SshConnection implements AgentLine {
  readonly #destination: SshDestination;
  readonly #listener: ConnectionListener;
  readonly #options: SshOptions;
  readonly #frames = new StreamFrames(FRAME_LIMIT_BYTES);
  readonly #encoder = new TextEncoder();
  readonly #complaints: ComplaintLines;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settings: SshSettings = NO_SETTINGS;
  #program: SshProgram | undefined;
  #noise = '';
  #protocol: 'socktop.v2' | 'shell' | undefined;
  #isEnded = false;

  constructor(destination: SshDestination, listener: ConnectionListener, options: SshOptions) {
    this.#destination = destination;
    this.#listener = listener;
    this.#options = options;
    this.#complaints = new ComplaintLines((line) => {
      if (options.mayAsk && this.#protocol === undefined) options.tell(line);
    });
    // The listener learns of its connection before it learns of its end.
    queueMicrotask(() => this.#readSettings());
  }

  send(text: string): boolean {
    if (this.#protocol === undefined || this.#isEnded) return false;
    const bytes = this.#encoder.encode(text);
    this.#program?.write(this.#protocol === 'shell' ? bytes : streamFrame(bytes));
    return true;
  }

  end(error: OpError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#complaints.stop();
    this.#program?.end();
    this.#listener.closed(error);
  }

  /** Reads ssh's settings, then connects, even if ssh does not know -G or a `Match exec` of its configuration hangs. */
  #readSettings(): void {
    let text = '';
    let isOver = false;
    const connect = (settings: SshSettings): void => {
      if (isOver) return;
      isOver = true;
      this.#connect(settings);
    };
    this.#timer = setTimeout(() => {
      this.#program?.end();
      connect(NO_SETTINGS);
    }, SETTINGS_MILLIS);
    const decoder = new TextDecoder();
    this.#start(['-G', ...destinationArguments(this.#destination)], false, {
      output: (chunk) => {
        if (text.length < SETTINGS_LIMIT_BYTES) text += decoder.decode(chunk, { stream: true });
      },
      complaint: () => undefined,
      ended: (exitCode) => connect(exitCode === 0 ? parseSshSettings(text) : NO_SETTINGS),
    });
  }

  #connect(settings: SshSettings): void {
    if (this.#isEnded) return;
    this.#settings = settings;
    const { mayAsk } = this.#options;
    this.#await({ mayAsk: true, lacks: 'ssh has not connected' }, SILENT_MILLIS);
    this.#start(sshArguments(this.#destination, mayAsk, settings), mayAsk, {
      output: (chunk) => this.#output(chunk),
      complaint: (chunk) => this.#complaints.take(chunk, (line) => this.#progress(line)),
      ended: (exitCode) => this.#ended(exitCode),
    });
  }

  #start(args: readonly string[], mayAsk: boolean, listener: SshListener): void {
    if (this.#isEnded) return;
    try {
      this.#program = this.#options.start(args, mayAsk, listener);
    } catch (thrown) {
      this.end(toOpError('start ssh', thrown));
    }
  }

  #progress(line: string): void {
    const stage = stageOf(line);
    if (stage !== undefined && this.#protocol === undefined && !this.#isEnded) this.#await(stage);
  }

  /** Gives up where this stage takes too long; a timeout that the user has configured may be longer. */
  #await({ mayAsk, lacks }: SshStage, askingMillis = ASKING_MILLIS): void {
    clearTimeout(this.#timer);
    const own = ((this.#settings.connectSeconds ?? 0) + ALIVE_SECONDS) * 1000;
    const millis = mayAsk && this.#options.mayAsk ? askingMillis : Math.max(STAGE_MILLIS, own);
    this.#timer = setTimeout(
      () => {
        const message = `${lacks} within ${millis / 1000} s`;
        this.end(new OpError({ op: 'connect', code: 'DEADLINE', message }));
      },
      Math.min(millis, LONGEST_MILLIS),
    );
  }

  #output(chunk: Uint8Array): void {
    if (this.#isEnded) return;
    try {
      const bytes = this.#protocol === undefined ? this.#afterGreeting(chunk) : chunk;
      if (bytes.length === 0) return;
      if (this.#protocol === 'shell') this.#listener.received(bytes.slice());
      else for (const frame of this.#frames.take(bytes)) this.#listener.received(frame);
    } catch (thrown) {
      this.end(toOpError('decode', thrown));
    }
  }

  /** The bytes after the greeting; what came before is the login shell's output. */
  #afterGreeting(chunk: Uint8Array): Uint8Array {
    // One character a byte: what follows the greeting is binary.
    const text = this.#noise + Buffer.from(chunk).toString('latin1');
    for (const [protocol, greeting] of [
      ['socktop.v2', STREAM_GREETING],
      ['shell', SHELL_GREETING],
      ['shell', OLD_AGENT_GREETING],
    ] as const) {
      const at = text.indexOf(greeting);
      if (at < 0) continue;
      this.#noise = '';
      clearTimeout(this.#timer);
      this.#complaints.flush();
      this.#protocol = protocol;
      this.#listener.opened(protocol, greeting === OLD_AGENT_GREETING);
      return Buffer.from(text.slice(at + greeting.length), 'latin1');
    }
    if (text.length > NOISE_LIMIT_BYTES) {
      const message = 'the login shell there prints too much before an agent or POSIX shell replies';
      throw new OpError({ op: 'connect', code: 'NO_SHELL', message });
    }
    this.#noise = text;
    return new Uint8Array(0);
  }

  #ended(exitCode: number | undefined): void {
    const last = this.#complaints.last;
    this.end(
      this.#protocol === undefined
        ? startFailure(exitCode, last, this.#options.mayAsk)
        : new OpError({ op: 'connection', code: 'CLOSED_SSH', message: last || 'connection lost' }),
    );
  }
}

/** ssh's own failures (ssh(1), EXIT STATUS); any other code is that of what ran on the other side. */
const EXIT_OF_SSH = 255;
const DENIED = /permission denied|host key verification failed|too many authentication failures/i;

function startFailure(exitCode: number | undefined, last: string, mayAsk: boolean): OpError {
  const failed = (code: string, message: string): OpError => new OpError({ op: 'connect', code, message });
  if (exitCode === undefined) return failed('SSH', last || 'ssh was terminated by a signal');
  if (exitCode !== EXIT_OF_SSH) {
    const what = `neither socktop-agent nor a POSIX shell could be started there (exit code ${exitCode})`;
    return failed('NO_SHELL', last === '' ? what : `${what}: ${last}`);
  }
  if (!DENIED.test(last)) return failed('SSH', last || 'ssh exited without a message');
  return failed(
    'SSH_DENIED',
    mayAsk ? last : `${last} (ssh cannot prompt here: connect once with ssh itself)`,
  );
}

/** Lines that follow when the connection through a jump host ends: the line before them says why. */
const AFTERMATH =
  /^(?:stdio forwarding failed|kex_exchange_identification: |Connection closed by UNKNOWN port)/;

/** The lines that ssh complains with. Each is handed on, but for one that may be the last. */
class ComplaintLines {
  /** The last line so far that says why, without `ssh: ` in front and controls. */
  last = '';
  readonly #hand: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #held: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(hand: (line: string) => void) {
    this.#hand = hand;
  }

  /** Lines that -v adds go to `progress`. */
  take(chunk: Uint8Array, progress: (line: string) => void): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split(/\r?\n|\r/);
    this.#rest = lines.pop()!.slice(-COMPLAINT_LIMIT);
    for (const line of lines) {
      if (PROGRESS.test(line)) progress(line);
      else if (line.trim() !== '') this.#hold(line.slice(0, COMPLAINT_LIMIT));
    }
  }

  /** Hands on what was held back. */
  flush(): void {
    clearTimeout(this.#timer);
    if (this.#held !== undefined) this.#hand(this.#held);
    this.#held = undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held = undefined;
  }

  #hold(line: string): void {
    this.flush();
    this.#held = line;
    const text = sanitizeLine(line.trim().replace(/^ssh: /, ''));
    if (this.last === '' || !AFTERMATH.test(text)) this.last = text;
    this.#timer = setTimeout(() => this.flush(), LAST_WORD_MILLIS);
  }
}

/** How far ssh has come. */
interface SshStage {
  /** Whether ssh, or what it has started, may be asking the user something. */
  readonly mayAsk: boolean;
  /** What has not happened yet. */
  readonly lacks: string;
}

/** What the user's configuration says of a host. */
interface SshSettings {
  /** ConnectTimeout in seconds; undefined: it sets none. */
  readonly connectSeconds: number | undefined;
  readonly hasAliveInterval: boolean;
  /** Whether another program makes the connection, which may ask for passwords of its own: ProxyJump, ProxyCommand. */
  readonly hasProxy: boolean;
}

const NO_SETTINGS: SshSettings = { connectSeconds: undefined, hasAliveInterval: false, hasProxy: false };

const ASKING = 'no login';
const NO_KEYS = 'the host does not finish the key exchange';

/** Lines of OpenSSH with -v that begin a stage; those of a jump host look the same. */
const STAGES: readonly (readonly [RegExp, SshStage])[] = [
  [/^OpenSSH_/, { mayAsk: false, lacks: 'no address of the host was found' }],
  [/^debug1: Executing (?:command|proxy command)/, { mayAsk: true, lacks: ASKING }],
  [/^debug1: (?:Connecting to|connect to address) /, { mayAsk: false, lacks: 'the host does not answer' }],
  [
    /^debug1: Connection established/,
    { mayAsk: false, lacks: 'the host takes the connection, but sends no greeting of SSH' },
  ],
  [/^debug1: Remote protocol version/, { mayAsk: false, lacks: NO_KEYS }],
  // An unknown key is asked about.
  [/^debug1: Server host key:/, { mayAsk: true, lacks: ASKING }],
  [/^debug1: SSH2_MSG_NEWKEYS sent/, { mayAsk: false, lacks: NO_KEYS }],
  [/^debug1: Next authentication method:/, { mayAsk: true, lacks: ASKING }],
  [/^Authenticated to /, { mayAsk: false, lacks: 'logged in, but neither an agent nor a shell answers' }],
];
/** The lines that ssh says only because of -v. */
const PROGRESS = /^(?:debug\d: |OpenSSH_|Authenticated to |Transferred: sent |Bytes per second: sent )/;

/** The stage that begins with a line; undefined: none does. */
export function stageOf(line: string): SshStage | undefined {
  return STAGES.find(([pattern]) => pattern.test(line))?.[1];
}

/** Reads what `ssh -G` prints (ssh_config(5)): a line for each keyword, in lower case. */
export function parseSshSettings(text: string): SshSettings {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) values.set(line.slice(0, space).toLowerCase(), line.slice(space + 1).trim());
  }
  const isSet = (key: string): boolean => !['none', '0', ''].includes(values.get(key) ?? '');
  const seconds = Number(values.get('connecttimeout'));
  return {
    connectSeconds: seconds > 0 ? seconds : undefined,
    hasAliveInterval: isSet('serveraliveinterval'),
    hasProxy: isSet('proxyjump') || isSet('proxycommand'),
  };
}
