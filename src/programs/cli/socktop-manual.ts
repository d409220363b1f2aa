import type { ScreenVocabulary } from './arguments.ts';
import {
  keysSection,
  lines,
  type ManualKeys,
  type ManualSection,
  manualPage,
  optionsSection,
  paragraph,
  section,
  terms,
} from './manual-page.ts';
import { socktopCommand } from './socktop-command.ts';

/** The manual page socktop(1): options from the command's definition, keys as handed in, the rest written by hand. */
export function socktopManual(vocabulary: ScreenVocabulary, keys: readonly ManualKeys[]): string {
  const head = {
    ...{ name: 'socktop', section: 1, source: `socktop ${vocabulary.version}`, book: 'User Commands' },
  };
  return manualPage(head, [
    section('NAME', 'socktop - system monitor for the terminal, of this machine and of others'),
    section('SYNOPSIS', '`socktop` [<options>] [<url>...]'),
    DESCRIPTION,
    optionsSection(socktopCommand(vocabulary, false)),
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

const DESCRIPTION: ManualSection = {
  title: 'DESCRIPTION',
  blocks: [
    paragraph(`\`socktop\` shows processors, memory, disks, network, temperatures, GPUs and processes of a machine, and the
      network views of \`sstop\`.
      A URL names a machine on which \`socktop-agent\` runs, or the original agent; several are shown as a row each.
      \`--local\` shows this machine without an agent, \`--demo\` through one inside the program.`),
    paragraph(`Without any of these, a saved profile is picked from a list.
      With \`--json\`, \`--csv\`, \`--once\` or \`--measure\` there is no screen: the figures go to standard output.`),
  ],
};

const CONNECTION: ManualSection = {
  title: 'CONNECTION',
  blocks: [
    paragraph(`A connection that is lost leaves the last figures on the screen, with their age.
      \`socktop\` connects again by itself, after delays that double up to half a minute; \`r\` connects at once.
      An agent that does not answer is given up after five seconds.`),
    paragraph(`The token for the agent comes from \`--token-file\`, else from \`?token=\` in the URL, else from
      \`SOCKTOP_TOKEN\`.
      The original agent reads it from the URL alone.`),
  ],
};

const CERTIFICATES: ManualSection = {
  title: 'CERTIFICATES',
  blocks: [
    paragraph(`With \`--tls-ca\` only a certificate in that file is accepted, or one signed by an authority in it, whatever
      its names; \`--verify-hostname\` checks the names as well.
      Without it the authorities of the system are asked.
      A certificate that nobody vouches for is shown with its fingerprint on the first contact, and kept on a yes.
      Any other is refused before a byte of a request is sent.`),
  ],
};

const PROFILES: ManualSection = {
  title: 'PROFILES',
  blocks: [
    paragraph(`\`--profile\` with a URL saves the connection under that name, and asks before it overwrites one unless
      \`--save\` is given.
      Without a URL it connects as saved.
      Given several times it shows several machines.`),
  ],
};

const FILES: ManualSection = {
  title: 'FILES',
  blocks: [
    terms(
      [
        '`$XDG_CONFIG_HOME/socktop/profiles.json`, `~/.config/socktop/profiles.json`',
        `Profiles, in the format of the original socktop (mode 0600).
          Unknown fields stay; a damaged file is reported and never written to.`,
      ],
      [
        '`$XDG_CONFIG_HOME/socktop/certificates/`',
        'Certificates that were accepted on the first contact, one for each host and port.',
      ],
      [
        '`$XDG_CONFIG_HOME/socktop/config.yaml`',
        'Configuration, shared with `sstop`: theme, colours, mouse and more.',
      ],
    ),
  ],
};

const ENVIRONMENT: ManualSection = {
  title: 'ENVIRONMENT',
  blocks: [
    terms(
      ['`SOCKTOP_TOKEN`', 'The token that is shown to agents.'],
      ['`NO_COLOR`', 'If it is not empty, no colours, unless `--color` says otherwise.'],
      ['`TERM`, `COLORTERM`', 'What the terminal can show; `--color` overrides both.'],
      ['`XDG_CONFIG_HOME`', 'Where the files above are.'],
      ['`SSTOP_DEBUG`', 'If it is `1`, an unforeseen error is followed by where it happened.'],
    ),
  ],
};

const EXIT_STATUS: ManualSection = {
  title: 'EXIT STATUS',
  blocks: [
    terms(
      ['`0`', 'All went well; also when nothing was picked from the list.'],
      [
        '`1`',
        'Something failed while running: no connection, a certificate that is not accepted, a recording that fails.',
      ],
      [
        '`2`',
        'The command line asks for something impossible, or a file that is needed cannot be used; one line on standard error says what.',
      ],
      ['`128` + <n>', 'Ended by the signal of this number.'],
    ),
  ],
};

const EXAMPLES: ManualSection = {
  title: 'EXAMPLES',
  blocks: [
    paragraph('Another machine, with its certificate pinned, saved as a profile:'),
    lines('socktop --profile prod -t cert.pem wss://HOST:8443/ws'),
    paragraph('Two machines on one screen:'),
    lines('socktop -P web1 -P web2'),
    paragraph('What a minute of polling costs an agent:'),
    lines('socktop --measure ws://HOST:3000/ws'),
  ],
};
