import {
  keysSection,
  lines,
  type ManualKeys,
  manualPage,
  optionsSection,
  section,
  terms,
} from './manual-page.ts';
import { type SstopVocabulary, sstopCommand } from './sstop-command.ts';

/** Returns the manual page sstop(1): options from the command definition, `keys` as given, the rest written by hand. */
export function sstopManual(vocabulary: SstopVocabulary, keys: readonly ManualKeys[]): string {
  const command = sstopCommand(vocabulary);
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

const DESCRIPTION = section(
  'DESCRIPTION',
  `\`sstop\` shows which processes of this machine use the network and how much, live in the terminal.
    It needs no agent and no kernel module. For processes of the current user it needs no privileges.`,
  `Without options it starts the screen, with one row per process that has connections.
    \`?\` shows the keys.
    With \`--json\`, \`--csv\` or \`--once\` it prints to standard output instead.`,
  `With the URL of a \`socktop-agent\`, or a profile of \`socktop\`, it shows the network use of that machine,
    counted with the best tier there.
    \`--tls-ca\` names the trusted certificates; see socktop(1) for certificates, tokens and profiles.`,
  `With \`--history\` it keeps a history in a folder while it runs.
    \`--at\`, \`--until\` and \`--top\` look back in one, there or through an agent that keeps one; \`H\` opens a time line.
    \`--totals\` prints the bytes of programs, users, units and remote networks by hour, day or month.
    With the URL of an agent all three show the history that the agent keeps, if the agent has a token.
    Over ssh \`socktop-agent\` there reads the folder of \`--history\` on that machine, by default
    \`/var/lib/socktop/history\`; log in as its owner or as root.`,
  `\`sstop --doctor\` reports what can be counted on this machine, which privileges are missing,
    what you lose without them, and the commands that grant them.`,
);

const COUNTING = section(
  'WHAT IS COUNTED',
  `There are several methods of counting, called tiers.
    \`sstop\` uses the best one that works. The header of the screen and every export name it.`,
  terms(
    [
      '`ebpf`',
      `eBPF programs in the kernel count every IP packet of every TCP and UDP socket, including other network
          namespaces and processes that start and exit between two samples.
          Bytes are those of IP packets (\`l3\` in exports), headers included. They are counted for the process that
          last used the socket.
          Needs cap_bpf and cap_net_admin; cap_perfmon for all of it.
          The programs are removed from the kernel when \`sstop\` exits, however it exits.`,
    ],
    [
      '`netlink`',
      `The kernel's own counters of each TCP connection, read with sock_diag(7).
          Bytes are those of TCP payload (\`payload\` in exports), without headers and retransmissions.
          Connections that close between two samples are counted to their last byte.
          UDP payload is counted from packets if cap_net_raw allows it; otherwise UDP is only listed.`,
    ],
    [
      '`packet`',
      `The headers of every TCP and UDP packet in this network namespace, matched to the sockets in /proc/net.
          Bytes are those of IP packets.
          Needs cap_net_raw. Used on kernels that refuse sock_diag.`,
    ],
    [
      '`proc`',
      `The tables in /proc/net: only connections and ports.
          Bytes are not counted; every rate is shown as \`-\`.`,
    ],
  ),
  `These are the tiers of Linux. On macOS they are \`pcblist\` (the kernel's lists of sockets, for root),
    \`nettop\` and \`netstat\` (Apple's programs). All three count payload.`,
  `On Linux 6.1 and later, a stream (\`--json\`, \`--csv\`, \`--once\`) on the tier \`ebpf\` drops its privileges
    after setup. The screen keeps them.`,
  `Rates on the screen are smoothed; rates in exports are not.
    \`K\`, \`M\`, \`G\` and \`T\` are powers of 1024.
    \`~\` marks a process that was inferred from the endpoint of a connection that closed before its process was seen.
    Traffic without a known owner is shown in its own rows.`,
  `Remote hosts have the name that the process itself used where it was seen in a DNS answer (\`dns\`), in
    the first packets of TLS or QUIC (\`sni\`) or in an HTTP request (\`http\`); the column BY says which, and
    \`ptr\` marks names of reverse lookups. \`--no-sniff\` looks at no packets for names.`,
);

const FILTERS = section(
  'FILTERS',
  `A filter consists of terms.
    Terms separated by spaces must all match, \`|\` means or, and \`!\` before a term negates it.
    A word without a key matches the name, the command line and the PID.
    Text in double quotes may contain spaces and special characters.`,
  terms(
    ['`port:443`', 'A connection or listener with this port at either end.'],
    ['`host:1.1.1.1`', 'A remote address, a network such as `10.0.0.0/8`, or part of a host name.'],
    ['`proto:udp`, `state:listen`, `svc:https`', 'Protocol, TCP state, name of the service.'],
    ['`up>1M`, `down>=500K`, `conns>10`', 'Bytes per second, number of connections.'],
    [
      '`rtt>100ms`, `retrans>2%`, `drops>0`',
      'Round-trip time, share of retransmitted segments, drops of listening sockets.',
    ],
    ['`user:www-data`, `group:nginx`, `pid:1`', 'User, container or systemd unit, process.'],
    [
      '`program:nginx`, `container:web`, `unit:nginx`',
      'Part of a name; with `=` in place of `:` the whole name.',
    ],
  ),
);

const FILES = section(
  'FILES',
  terms(
    [
      '`$XDG_CONFIG_HOME/socktop/config.yaml`, `~/.config/socktop/config.yaml`',
      `Configuration: theme, colours, interval, sort order, columns, keys and more.
          Arguments override it.
          An invalid key or value is reported with its line and column; the rest of the file still applies.`,
    ],
    [
      '`/usr/share/GeoIP`, `/var/lib/GeoIP`, `/usr/local/share/GeoIP`',
      'Searched for a country database if `--geoip` is not given.',
    ],
    [
      '`--log` <file>',
      `Events of \`sstop\` itself, one per line as \`key=value\`: start, tier, errors that begin and end, recordings,
          signals sent, exit.
          Lines are appended. A new file has mode 0600.
          Samples are not logged. Frequent events are limited to a burst of 40 and then one every three seconds.`,
    ],
    ['`sstop-<date>-<time>.csv`', 'Written by the export key, in the working directory.'],
    [
      '`$XDG_STATE_HOME/socktop/state.json`, `~/.local/state/socktop/state.json`',
      'Settings chosen by key and kept for the next start, such as the units of rates.',
    ],
    [
      '`/var/cache/sstop`',
      'If started by root: facts about the types of the running kernel, 3 KB. Nothing else is written unless requested.',
    ],
  ),
);

const ENVIRONMENT = section(
  'ENVIRONMENT',
  terms(
    ['`NO_COLOR`', 'If not empty, disables colours unless `--color` is given.'],
    ['`TERM`, `COLORTERM`', 'Colour support of the terminal; `--color` overrides both.'],
    ['`LC_ALL`, `LC_CTYPE`, `LANG`', 'If the locale is not UTF-8, the screen uses ASCII characters only.'],
    ['`XDG_CONFIG_HOME`, `XDG_STATE_HOME`', 'Folders of the configuration and of kept settings.'],
    ['`SSTOP_DEBUG`', 'If `1`, an unexpected error is followed by its stack trace.'],
  ),
);

const EXIT_STATUS = section(
  'EXIT STATUS',
  terms(
    ['`0`', 'Success; also if the reader of a stream closed it, and after `--doctor`.'],
    ['`1`', 'Failure while running, including a failed recording.'],
    ['`2`', 'Usage error, or a required file cannot be used; one line on standard error explains it.'],
    ['`128` + <n>', 'Ended by signal <n>.'],
  ),
);

const EXAMPLES = section(
  'EXAMPLES',
  'The screen, with the processes of all users:',
  lines('sudo sstop'),
  'What can be counted here, and what is missing:',
  lines('sstop --doctor'),
  'The five busiest processes, once a second:',
  lines("sstop --json | jq -c '[.processes[:5][] | [.name, .up_rate]]'"),
  'Processes that use port 443, as a table:',
  lines("sstop --once --filter 'port:443'"),
  'Record an hour and play it later:',
  lines('sstop --record hour.ndjson.gz --json --duration 1h > /dev/null', 'sstop --playback hour.ndjson.gz'),
  'Completions: in `~/.bashrc`, in `~/.zshrc` (after `compinit`), and once for fish:',
  lines(
    'source <(sstop --completions bash)',
    'source <(sstop --completions zsh)',
    'sstop --completions fish > ~/.config/fish/completions/sstop.fish',
  ),
);

const SECURITY = section(
  'PRIVILEGES',
  `An ordinary user sees all TCP connections and their bytes, but only their own processes.
    To see other users' processes, run as root, or give the file these capabilities:`,
  lines('sudo setcap cap_sys_ptrace,cap_dac_read_search+ep FILE'),
  `With them, everyone who can execute the file can inspect every process.
    Files named by its user are opened with that user's own rights.
    First give the file to a group, with mode 0750.
    Capabilities belong to that one file; a copy or an update has none.`,
);

const SEE_ALSO = section(
  'SEE ALSO',
  '`socktop`(1), `socktop-agent`(8), `ss`(8), `ip`(8), `setcap`(8), `capabilities`(7), `proc`(5), `sock_diag`(7)',
);
