import { agentCommand } from './agent-command.ts';
import {
  lines,
  type ManualSection,
  manualPage,
  optionsSection,
  paragraph,
  section,
  terms,
} from './manual-page.ts';

/** The manual page socktop-agent(8): options from the command's definition, the rest written by hand. */
export function agentManual(version: string): string {
  const head = {
    ...{ name: 'socktop-agent', section: 8, source: `socktop-agent ${version}` },
    book: 'System Administration',
  };
  return manualPage(head, [
    section('NAME', 'socktop-agent - answers what this machine is doing'),
    section('SYNOPSIS', '`socktop-agent` [<options>] [<port>]'),
    DESCRIPTION,
    optionsSection(agentCommand(version)),
    ENVIRONMENT,
    PAGES,
    SECURITY,
    FILES,
    SIGNALS,
    EXIT_STATUS,
    EXAMPLES,
    section('SEE ALSO', '`socktop`(1), `sstop`(1), `systemd.exec`(5), `capabilities`(7)'),
  ]);
}

const DESCRIPTION: ManualSection = {
  title: 'DESCRIPTION',
  blocks: [
    paragraph(`\`socktop-agent\` tells \`socktop\` on other machines of processors, memory, disks, interfaces,
      temperatures, GPUs, processes and their network, over one WebSocket for each client.
      It collects nothing before it is asked, and one sample answers all clients for as long as it is fresh.
      Without clients it does not wake up.`),
    paragraph(`It also answers the original socktop, and a Prometheus server.`),
  ],
};

const ENVIRONMENT: ManualSection = {
  title: 'ENVIRONMENT',
  blocks: [
    paragraph('Arguments go before these.'),
    terms(
      ['`SOCKTOP_PORT`', 'The same as `--port`.'],
      ['`SOCKTOP_ENABLE_SSL`', '1 is the same as `--enableSSL`.'],
      [
        '`SOCKTOP_TOKEN`',
        'What clients must show: 1 to 1024 printable ASCII characters without blanks. `--token-file` goes before it.',
      ],
      ['`SOCKTOP_AGENT_GPU`', '0 leaves GPUs out.'],
      ['`SOCKTOP_AGENT_TEMP`', '0 leaves temperatures out.'],
      [
        '`SOCKTOP_AGENT_EXTRA_SANS`',
        'Names and addresses for a new certificate besides the usual ones, separated by commas.',
      ],
      [
        '`SOCKTOP_AGENT_METRICS_TTL_MS`, `SOCKTOP_AGENT_PROCESSES_TTL_MS`, `SOCKTOP_AGENT_DISKS_TTL_MS`',
        'For how many milliseconds a sample answers further requests: 250, 1500 and 1000 by default.',
      ],
      ['`XDG_CONFIG_HOME`, `HOME`', 'Where the certificate is kept.'],
    ),
    paragraph(`All other variables but those of the locale, the time zone and systemd are dropped at the start:
      the program executes itself anew without them.`),
  ],
};

const PAGES: ManualSection = {
  title: 'PAGES',
  blocks: [
    terms(
      ['`/ws`', 'The WebSocket.'],
      [
        '`/metrics`',
        `Figures for a Prometheus server, as text or OpenMetrics: those of node_exporter and process_exporter
          by their names.
          With \`--network-metrics\` the bytes of each name's processes too.`,
      ],
      ['`/healthz`', '200 while the agent runs; no token is asked for.'],
    ),
  ],
};

const SECURITY: ManualSection = {
  title: 'SECURITY',
  blocks: [
    paragraph(`Without a token, whoever reaches the port can read the list of processes with their command lines.
      Set a token, or listen on loopback alone with \`--bind 127.0.0.1\`.
      The token is shown as \`?token=\` or as \`Authorization: Bearer\`, and needs TLS on any network that is not trusted.
      Journals are served to nobody where there is no token.`),
    paragraph(`With TLS the agent makes a certificate at its first start and prints its fingerprint.
      Clients pin the file \`cert.pem\`; the key stays where it is.`),
    paragraph(
      'Of the capabilities that it is given it keeps those that collecting needs, and can gain no others.',
    ),
  ],
};

const FILES: ManualSection = {
  title: 'FILES',
  blocks: [
    terms(
      ['`~/.config/socktop_agent/tls/cert.pem`', 'The certificate, for clients.'],
      ['`~/.config/socktop_agent/tls/key.pem`', 'Its key, mode 0600.'],
    ),
    paragraph('An expired pair is renewed by deleting both files and starting again.'),
  ],
};

const SIGNALS: ManualSection = {
  title: 'SIGNALS',
  blocks: [paragraph('SIGTERM, SIGINT and SIGHUP end the agent; its clients are told.')],
};

const EXIT_STATUS: ManualSection = {
  title: 'EXIT STATUS',
  blocks: [
    terms(
      ['`0`', 'Ended by a signal, or nothing was to be done but to print.'],
      ['`1`', 'It could not start: the port is in use, the certificate cannot be used.'],
      ['`2`', 'Wrong usage.'],
    ),
  ],
};

const EXAMPLES: ManualSection = {
  title: 'EXAMPLES',
  blocks: [
    lines(
      'socktop-agent --port 3000',
      'socktop-agent --enableSSL --token-file /etc/socktop/token',
      'SOCKTOP_TOKEN=changeme socktop-agent --bind 127.0.0.1',
      'curl -H "Authorization: Bearer changeme" http://localhost:3000/metrics',
    ),
  ],
};
