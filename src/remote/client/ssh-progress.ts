/** How far ssh has come. */
export interface SshStage {
  /** Whether ssh, or what it has started, may be asking the user something. */
  readonly mayAsk: boolean;
  /** What has not happened yet. */
  readonly lacks: string;
}

/** What the user's configuration says of a host. */
export interface SshSettings {
  /** ConnectTimeout in seconds; undefined: it sets none. */
  readonly connectSeconds: number | undefined;
  readonly hasAliveInterval: boolean;
  /** Whether another program makes the connection, which may ask for passwords of its own: ProxyJump, ProxyCommand. */
  readonly hasProxy: boolean;
}

export const NO_SETTINGS: SshSettings = {
  ...{ connectSeconds: undefined, hasAliveInterval: false, hasProxy: false },
};

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
/** Everything that -v adds. */
const ADDED = /^(?:debug\d: |OpenSSH_|Authenticated to |Transferred: sent |Bytes per second: sent )/;

/** Whether ssh says a line only because of -v. */
export function isProgress(line: string): boolean {
  return ADDED.test(line);
}

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
