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
import { type SstopVocabulary, sstopCommand } from './sstop-command.ts';

/** The manual page sstop(1): options from the command's definition, keys as handed in, the rest written by hand. */
export function sstopManual(vocabulary: SstopVocabulary, keys: readonly ManualKeys[]): string {
  const command = sstopCommand(vocabulary, false);
  const head = {
    name: 'sstop',
    section: 1,
    source: `sstop ${vocabulary.version}`,
    book: 'User Commands',
  };
  return manualPage(head, [
    section('NAME', 'sstop - per-process network bandwidth monitor for the terminal'),
    section('SYNOPSIS', '`sstop` [<options>] [<url>]'),
    DESCRIPTION,
    optionsSection(command),
    keysSection(keys),
    COUNTING,
    FILTERS,
    SECURITY,
    FILES,
    ENVIRONMENT,
    EXIT_STATUS,
    EXAMPLES,
    SEE_ALSO,
  ]);
}

const DESCRIPTION: ManualSection = {
  title: 'DESCRIPTION',
  blocks: [
    paragraph(`\`sstop\` shows which processes of this machine use the network, and how much, live on the terminal.
      It needs no agent, no kernel module and, for the processes of the user who runs it, no privilege.`),
    paragraph(`Without options the screen starts, with one row for each process that has connections.
      \`?\` lists the keys.
      With \`--json\`, \`--csv\` or \`--once\` there is no screen: the figures go to standard output.`),
    paragraph(`With the URL of a \`socktop-agent\`, or a profile of \`socktop\`, it shows the network of that machine, as that
      machine's best tier counts it.
      \`--tls-ca\` names the certificates that are accepted; socktop(1) says more of them, of tokens and of profiles.`),
    paragraph(`\`sstop --doctor\` tells what can be counted on this machine, which privilege is missing,
      what its lack costs, and the command that grants it.`),
  ],
};

const COUNTING: ManualSection = {
  title: 'WHAT IS COUNTED',
  blocks: [
    paragraph(`There are several ways to count, called tiers.
      The best one that works is taken, and the header of the screen and every export name it.`),
    terms(
      [
        '`ebpf`',
        `Programs loaded into the kernel count every IP packet of every TCP and UDP socket, those of other network
          namespaces and of processes that came and went between two samples too.
          A byte is a byte of an IP packet (\`l3\` in exports), headers included; it belongs to the process that used
          the socket last.
          This takes cap_bpf and cap_net_admin, and cap_perfmon for all of it.
          When the program ends, however it ends, nothing of it stays in the kernel.`,
      ],
      [
        '`netlink`',
        `The kernel's own counters of each TCP connection, asked for by sock_diag(7).
          A byte is a byte of TCP payload (\`payload\` in exports): headers and segments sent again are not in it.
          Connections that end between two samples are counted to their last byte.
          UDP payload is counted by its packets where cap_net_raw allows that; else UDP is listed only.`,
      ],
      [
        '`packet`',
        `The headers of every TCP and UDP packet of this network namespace, matched to the sockets under /proc/net.
          A byte is a byte of an IP packet.
          This takes cap_net_raw, and is for kernels that refuse sock_diag.`,
      ],
      [
        '`proc`',
        `The tables under /proc/net: connections and ports only.
          Bytes are not counted, and every rate is shown as \`-\`.`,
      ],
    ),
    paragraph(`A stream (\`--json\`, \`--csv\`, \`--once\`) on the tier \`ebpf\` gives up its privileges once it is set
      up, on Linux 6.1 and later; the screen keeps them.`),
    paragraph(`Rates on the screen are smoothed; those in exports are not.
      \`K\`, \`M\`, \`G\` and \`T\` are powers of 1024.
      A process marked \`~\` was inferred from the endpoint of a connection that was gone before its process was seen.
      What belongs to nobody known is shown in rows of its own, never left out.`),
  ],
};

const FILTERS: ManualSection = {
  title: 'FILTERS',
  blocks: [
    paragraph(`A filter is made of terms.
      Terms with a space between them must all hold, \`|\` means or, and \`!\` before a term means not.
      A word without a key is looked for in the name, the command line and the PID.
      Text in double quotes may hold spaces and signs.`),
    terms(
      ['`port:443`', 'A connection or listener with this port at either end.'],
      ['`host:1.1.1.1`', 'A remote address, a network such as `10.0.0.0/8`, or part of a host name.'],
      ['`proto:udp`, `state:listen`, `svc:https`', 'Protocol, TCP state, name of the service.'],
      ['`up>1M`, `down>=500K`, `conns>10`', 'Bytes per second, number of connections.'],
      ['`user:www-data`, `group:nginx`, `pid:1`', 'User, container or systemd unit, process.'],
    ),
  ],
};

const FILES: ManualSection = {
  title: 'FILES',
  blocks: [
    terms(
      [
        '`$XDG_CONFIG_HOME/socktop/config.yaml`, `~/.config/socktop/config.yaml`',
        `Configuration: theme, colours, interval, order, columns, keys and more.
          Options go before it.
          A wrong key or value is reported with its line and column, and the rest of the file applies.`,
      ],
      [
        '`/usr/share/GeoIP`, `/var/lib/GeoIP`, `/usr/local/share/GeoIP`',
        'Where a country database is looked for when `--geoip` does not name one.',
      ],
      [
        '`--log` <file>',
        `Events of \`sstop\` itself, one a line as \`key=value\`: start, tier, errors that begin and end, recordings,
          signals sent, the end.
          Lines are appended; a new file is for its user alone (mode 0600).
          Samples are not in it, and of events that come in numbers it takes 40 at once, then one in three seconds.`,
      ],
      [
        '`sstop-<date>-<time>.csv`',
        'What the key for exports writes, in the working directory. Nothing else is written unless it is asked for.',
      ],
    ),
  ],
};

const ENVIRONMENT: ManualSection = {
  title: 'ENVIRONMENT',
  blocks: [
    terms(
      ['`NO_COLOR`', 'If it is not empty, no colours, unless `--color` says otherwise.'],
      ['`TERM`, `COLORTERM`', 'What the terminal can show; `--color` overrides both.'],
      [
        '`LC_ALL`, `LC_CTYPE`, `LANG`',
        'Without UTF-8 there, the screen is drawn with ASCII characters only.',
      ],
      ['`XDG_CONFIG_HOME`', 'Where the configuration is.'],
      ['`SSTOP_DEBUG`', 'If it is `1`, an unforeseen error is followed by where it happened.'],
    ),
  ],
};

const EXIT_STATUS: ManualSection = {
  title: 'EXIT STATUS',
  blocks: [
    terms(
      ['`0`', 'All went well; also when the reader of a stream has closed it, and after `--doctor`.'],
      ['`1`', 'Something failed while running, the recording among it.'],
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
    paragraph('The screen, with the processes of all users:'),
    lines('sudo sstop'),
    paragraph('What can be counted here, and what is missing:'),
    lines('sstop --doctor'),
    paragraph('The five busiest processes, once a second:'),
    lines("sstop --json | jq -c '[.processes[:5][] | [.name, .up_rate]]'"),
    paragraph('Who talks over HTTPS, as a table:'),
    lines("sstop --once --filter 'port:443'"),
    paragraph('Record an hour, look at it later:'),
    lines(
      'sstop --record hour.ndjson.gz --json --duration 1h > /dev/null',
      'sstop --playback hour.ndjson.gz',
    ),
    paragraph('Completions, in `~/.bashrc` or `~/.zshrc` (after `compinit`), and once for fish:'),
    lines(
      'source <(sstop --completions bash)',
      'source <(sstop --completions zsh)',
      'sstop --completions fish > ~/.config/fish/completions/sstop.fish',
    ),
  ],
};

const SECURITY: ManualSection = {
  title: 'PRIVILEGES',
  blocks: [
    paragraph(`An ordinary user sees all TCP connections and their bytes, but only the processes of the user's own.
      The others need root, or these capabilities of the file:`),
    lines('sudo setcap cap_sys_ptrace,cap_dac_read_search+ep FILE'),
    paragraph(`With them everybody who may start the file may look into every process.
      Files that its user names are opened with that user's own rights.
      Give it to a group and close it to all others (mode 0750) before.
      A copy or an update of the file has no capabilities: they belong to that one file.`),
  ],
};

const SEE_ALSO: ManualSection = {
  title: 'SEE ALSO',
  blocks: [
    paragraph(
      '`socktop`(1), `socktop-agent`(8), `ss`(8), `ip`(8), `setcap`(8), `capabilities`(7), `proc`(5), `sock_diag`(7)',
    ),
  ],
};
