import {
  keysSection,
  lines,
  type ManualKeys,
  manualPage,
  optionsSection,
  section,
  terms,
} from './manual-page.ts';
import { type SocktopVocabulary, socktopCommand } from './socktop-command.ts';

/** Returns the manual page socktop(1): options from the command definition, `keys` as given, the rest written by hand. */
export function socktopManual(vocabulary: SocktopVocabulary, keys: readonly ManualKeys[]): string {
  const head = {
    ...{ name: 'socktop', section: 1, source: `socktop ${vocabulary.version}`, book: 'User Commands' },
  };
  return manualPage(head, [
    section('NAME', 'socktop - system monitor for the terminal, for local and remote machines'),
    section('SYNOPSIS', '`socktop` [<options>] [<url>...]'),
    DESCRIPTION,
    optionsSection(socktopCommand(vocabulary)),
    keysSection(keys),
    CONNECTION,
    CERTIFICATES,
    PROFILES,
    FILES,
    ENVIRONMENT,
    EXIT_STATUS,
    EXAMPLES,
    section('SEE ALSO', '`sstop`(1), `socktop-agent`(8)'),
  ]);
}

const DESCRIPTION = section(
  'DESCRIPTION',
  `\`socktop\` shows CPU, memory, disks, network, temperatures, GPUs and processes of a machine, and the network
    views of \`sstop\`.
    A URL names a machine that runs \`socktop-agent\` or the original agent; several URLs are shown as one row each.
    \`--local\` shows this machine without an agent, \`--demo\` through an agent inside the program.`,
  `Without any of these you pick a saved profile from a list.
    With \`--json\`, \`--csv\`, \`--once\` or \`--measure\` it prints to standard output instead of starting the screen.`,
  `With \`--local --history\` it keeps a history in a folder while it runs.
    \`--at\`, \`--until\` and \`--top\` look back in one, there or through an agent that keeps one; \`H\` opens a time line
    and \`0\` returns to now, \`T\` shows the bytes of programs by day.
    Over ssh \`socktop-agent\` there reads the folder of \`--history\` on that machine, by default
    \`/var/lib/socktop/history\`; log in as its owner or as root.`,
);

const CONNECTION = section(
  'CONNECTION',
  `When a connection is lost, the last figures stay on screen with their age.
    \`socktop\` reconnects automatically, with delays that double up to 30 seconds; \`r\` reconnects at once.
    The timeout for replies is five seconds.`,
  `Precedence of the agent token: \`--token-file\`, \`?token=\` in the URL, \`SOCKTOP_TOKEN\`.
    The original agent reads it only from the URL.`,
);

const CERTIFICATES = section(
  'CERTIFICATES',
  `With \`--tls-ca\` only certificates in that file are trusted, or certificates signed by an authority in it.
    Host names are not checked unless \`--verify-hostname\` is given.
    Without it, the authorities of the system are used.
    If none of them signed the certificate, \`socktop\` shows its fingerprint at the first connection, asks, and saves it
    if you answer yes.
    Any other certificate is refused before any request is sent.`,
);

const PROFILES = section(
  'PROFILES',
  `\`--profile\` with a URL saves the connection under that name. It asks before overwriting a profile unless
    \`--save\` is given.
    Without a URL it connects with the saved profile.
    Repeat it to show several machines.`,
);

const FILES = section(
  'FILES',
  terms(
    [
      '`$XDG_CONFIG_HOME/socktop/profiles.json`, `~/.config/socktop/profiles.json`',
      `Profiles, in the format of the original socktop (mode 0600).
          Unknown fields are kept. A damaged file is reported and never written to.`,
    ],
    [
      '`$XDG_CONFIG_HOME/socktop/certificates/`',
      'Certificates accepted at the first connection, one per host and port.',
    ],
    [
      '`$XDG_CONFIG_HOME/socktop/config.yaml`',
      'Configuration, shared with `sstop`: theme, colours, mouse and more.',
    ],
    [
      '`$XDG_STATE_HOME/socktop/state.json`, `~/.local/state/socktop/state.json`',
      'Settings chosen by key and kept for the next start: columns, and the units of rates.',
    ],
  ),
);

const ENVIRONMENT = section(
  'ENVIRONMENT',
  terms(
    ['`SOCKTOP_TOKEN`', 'Token for agents.'],
    ['`NO_COLOR`', 'If not empty, disables colours unless `--color` is given.'],
    ['`TERM`, `COLORTERM`', 'Colour support of the terminal; `--color` overrides both.'],
    ['`XDG_CONFIG_HOME`, `XDG_STATE_HOME`', 'Folders of the files above.'],
    ['`SSTOP_DEBUG`', 'If `1`, an unexpected error is followed by its stack trace.'],
  ),
);

const EXIT_STATUS = section(
  'EXIT STATUS',
  terms(
    ['`0`', 'Success; also if nothing was picked from the list.'],
    ['`1`', 'Failure while running: no connection, a refused certificate, a failed recording.'],
    ['`2`', 'Usage error, or a required file cannot be used; one line on standard error explains it.'],
    ['`128` + <n>', 'Ended by signal <n>.'],
  ),
);

const EXAMPLES = section(
  'EXAMPLES',
  'A remote machine over ssh, with or without socktop-agent there:',
  lines('socktop ssh://me@HOST'),
  'A remote machine with its certificate pinned, saved as a profile:',
  lines('socktop --profile prod -t cert.pem wss://HOST:8443/ws'),
  'Two machines on one screen:',
  lines('socktop -P web1 -P web2'),
  'Measure the cost of polling an agent for a minute:',
  lines('socktop --measure ws://HOST:3000/ws'),
);
