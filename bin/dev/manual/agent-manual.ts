import { agentCommand } from '../../../src/programs/cli/agent-command.ts';
import { lines, manualPage, optionsSection, section, terms } from './manual-page.ts';

/** Returns the manual page socktop-agent(8): options from the command definition, the rest written by hand. */
export function agentManual(version: string): string {
  const head = {
    ...{ name: 'socktop-agent', section: 8, source: `socktop-agent ${version}` },
    book: 'System Administration',
  };
  return manualPage(head, [
    section('NAME', 'socktop-agent - serves system metrics of this machine to socktop and sstop'),
    section('SYNOPSIS', '`socktop-agent` [<options>] [<port>]'),
    DESCRIPTION,
    optionsSection(agentCommand(version)),
    ENVIRONMENT,
    PAGES,
    ALERTS,
    SECURITY,
    FILES,
    SIGNALS,
    EXIT_STATUS,
    EXAMPLES,
    section('SEE ALSO', '`socktop`(1), `sstop`(1), `systemd.exec`(5), `capabilities`(7)'),
  ]);
}

const DESCRIPTION = section(
  'DESCRIPTION',
  `\`socktop-agent\` serves CPU, memory, disks, interfaces, temperatures, GPUs, processes and their network use
    to \`socktop\` on other machines, over one WebSocket per client.
    It samples only when asked and shares one fresh sample among all clients.
    Without clients it does not wake up, unless \`--alerts\` makes it watch the machine.`,
  `With \`--history\` it keeps a history of the machine in a folder, within a size and an age, and serves it to
    clients with a token: \`socktop --at '03:12'\` shows what was.
    With \`--stdio\`, as \`socktop ssh://HOST\` starts it, it serves the history that another agent writes there,
    by default in \`/var/lib/socktop/history\`.`,
  `It also serves the original socktop client and Prometheus.`,
);

const ENVIRONMENT = section(
  'ENVIRONMENT',
  'Arguments override the environment.',
  terms(
    ['`SOCKTOP_PORT`', 'Same as `--port`.'],
    ['`SOCKTOP_ENABLE_SSL`', '`1`: same as `--enableSSL`.'],
    [
      '`SOCKTOP_TOKEN`',
      'Token required from clients: 1 to 1024 printable ASCII characters without spaces. `--token-file` overrides it.',
    ],
    ['`SOCKTOP_AGENT_GPU`', '`0`: do not collect GPUs.'],
    ['`SOCKTOP_AGENT_TEMP`', '`0`: do not collect temperatures.'],
    [
      '`SOCKTOP_AGENT_EXTRA_SANS`',
      'Additional names and addresses for a new certificate, separated by commas.',
    ],
    [
      '`SOCKTOP_AGENT_METRICS_TTL_MS`, `SOCKTOP_AGENT_PROCESSES_TTL_MS`, `SOCKTOP_AGENT_DISKS_TTL_MS`',
      'Milliseconds for which a sample is reused; 250, 1500 and 1000 by default.',
    ],
    ['`XDG_CONFIG_HOME`, `HOME`', 'Folder of the certificate.'],
  ),
  `All other variables except those of the locale, the time zone and systemd are dropped at start:
    the program re-executes itself without them.`,
);

const PAGES = section(
  'PAGES',
  terms(
    ['`/ws`', 'The WebSocket for clients.'],
    [
      '`/metrics`',
      `Metrics for Prometheus, as text or OpenMetrics, under the names of node_exporter and process_exporter.
          With \`--network-metrics\` also bytes per process name.`,
    ],
    ['`/healthz`', 'Returns 200 while the agent runs; needs no token.'],
  ),
);

const ALERTS = section(
  'ALERTS',
  `The file of \`--alerts\` is YAML with \`rules\`, and optionally \`exec\` and \`webhook\`.
    It must belong to root or to the user of the agent, and nobody else may write to it.`,
  lines(
    'rules:',
    '  - cpu>80% for 2m',
    '  - { rule: disk.used>90%, name: full }',
    'exec: [/usr/local/bin/page-me, --urgent]',
    'webhook: https://hooks.example/services/SECRET',
  ),
  `The agent then samples every 1 to 10 s, five times within the shortest duration.
    Each rule is a series \`socktop_alert_firing\` on \`/metrics\`.
    \`exec\` is started without capabilities for each change, with the facts in \`SOCKTOP_ALERT_*\`;
    they are posted to \`webhook\` as JSON. Screens that watch the agent show its alerts. docs/alerts.md lists keys and variables.`,
);

const SECURITY = section(
  'SECURITY',
  `Without a token, anyone who can reach the port can read the process list with command lines.
    Set a token, or listen only on loopback with \`--bind 127.0.0.1\`.
    Clients send the token as \`?token=\` or \`Authorization: Bearer\`. Use TLS on any untrusted network.
    Without a token the agent serves no journals.`,
  `With TLS, the agent creates a certificate at its first start and prints its fingerprint.
    Clients pin the file \`cert.pem\`; never copy the key.`,
  'The agent keeps only the capabilities that collecting needs, drops all others, and cannot gain new ones.',
);

const FILES = section(
  'FILES',
  terms(
    ['`~/.config/socktop_agent/tls/cert.pem`', 'Certificate; copy it to clients.'],
    ['`~/.config/socktop_agent/tls/key.pem`', 'Private key, mode 0600.'],
  ),
  'To renew an expired certificate, delete both files and restart the agent.',
);

const SIGNALS = section(
  'SIGNALS',
  'SIGTERM, SIGINT and SIGHUP stop the agent; it closes the connections of its clients.',
);

const EXIT_STATUS = section(
  'EXIT STATUS',
  terms(
    ['`0`', 'Stopped by a signal, or printed help, version or completions.'],
    ['`1`', 'Cannot start, for instance because the port is in use or the certificate is invalid.'],
    ['`2`', 'Usage error.'],
  ),
);

const EXAMPLES = section(
  'EXAMPLES',
  lines(
    'socktop-agent --port 3000',
    'socktop-agent --enableSSL --token-file /etc/socktop/token',
    'SOCKTOP_TOKEN=changeme socktop-agent --bind 127.0.0.1',
    'curl -H "Authorization: Bearer changeme" http://localhost:3000/metrics',
  ),
);
