import { readFileSync } from 'node:fs';

/** services(5) of the distribution; not there on many small images. */
const SERVICES_PATH = '/etc/services';
const SERVICES_LIMIT = 20_000;

type Protocol = 'tcp' | 'udp';

/** For systems without a table of their own: what people meet most (IANA service names). */
const BUILT_IN: readonly (readonly [port: number, name: string, protocol?: Protocol])[] = [
  [20, 'ftp-data', 'tcp'],
  [21, 'ftp', 'tcp'],
  [22, 'ssh', 'tcp'],
  [23, 'telnet', 'tcp'],
  [25, 'smtp', 'tcp'],
  [53, 'domain'],
  [67, 'bootps', 'udp'],
  [68, 'bootpc', 'udp'],
  [80, 'http', 'tcp'],
  [88, 'kerberos'],
  [110, 'pop3', 'tcp'],
  [123, 'ntp', 'udp'],
  [143, 'imap2', 'tcp'],
  [161, 'snmp', 'udp'],
  [389, 'ldap'],
  [443, 'https'],
  [445, 'microsoft-ds', 'tcp'],
  [465, 'submissions', 'tcp'],
  [514, 'syslog', 'udp'],
  [546, 'dhcpv6-client', 'udp'],
  [587, 'submission', 'tcp'],
  [631, 'ipp'],
  [636, 'ldaps', 'tcp'],
  [853, 'domain-s', 'tcp'],
  [873, 'rsync', 'tcp'],
  [993, 'imaps', 'tcp'],
  [995, 'pop3s', 'tcp'],
  [1194, 'openvpn', 'udp'],
  [1433, 'ms-sql-s', 'tcp'],
  [1883, 'mqtt', 'tcp'],
  [2049, 'nfs', 'tcp'],
  [2379, 'etcd-client', 'tcp'],
  [3306, 'mysql', 'tcp'],
  [3389, 'ms-wbt-server', 'tcp'],
  [5060, 'sip'],
  [5353, 'mdns', 'udp'],
  [5432, 'postgresql', 'tcp'],
  [5672, 'amqp', 'tcp'],
  [6379, 'redis', 'tcp'],
  [6443, 'kubernetes', 'tcp'],
  [8080, 'http-alt', 'tcp'],
  [9092, 'kafka', 'tcp'],
  [9100, 'node-exporter', 'tcp'],
  [11211, 'memcache', 'tcp'],
  [27017, 'mongodb', 'tcp'],
  [51820, 'wireguard', 'udp'],
];

/** Names of ports. */
export class ServiceNames {
  readonly #names = new Map<string, string>();

  /** `table`: text of services(5), which wins over the built-in names. */
  constructor(table = '') {
    for (const [port, name, protocol] of BUILT_IN) {
      if (protocol !== 'udp') this.#names.set(`${port}/tcp`, name);
      if (protocol !== 'tcp') this.#names.set(`${port}/udp`, name);
    }
    for (const [key, name] of parseServices(table)) this.#names.set(key, name);
    // HTTP over UDP is QUIC (RFC 9114), whatever the table says.
    this.#names.set('443/udp', 'quic');
  }

  name(port: number, protocol: Protocol): string | undefined {
    return this.#names.get(`${port}/${protocol}`);
  }
}

/** Reads the system's table; without one the built-in names remain. */
export function readServiceNames(path: string = SERVICES_PATH): ServiceNames {
  try {
    return new ServiceNames(readFileSync(path, 'latin1'));
  } catch {
    // No table, or none that this user may read: names are a comfort, so nothing more than that.
    return new ServiceNames();
  }
}

/** services(5): `https  443/tcp  aliases # comment`; the first name of a port counts. Other lines are skipped. */
export function parseServices(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const [, name, port, protocol] of text.matchAll(/^([\w.+-]{1,32})[ \t]+(\d{1,5})\/(tcp|udp)\b/gm)) {
    const key = `${Number(port)}/${protocol}`;
    if (names.size >= SERVICES_LIMIT) break;
    if (name !== undefined && Number(port) <= 65_535 && !names.has(key)) names.set(key, name);
  }
  return names;
}
