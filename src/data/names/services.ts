import { readRegularFile } from './regular-file.ts';

/** The largest table in use, IANA's whole registry as some distributions ship it, is 0.7 MB with 12,000 names. */
const FILE_LIMIT_BYTES = 4 << 20;
const ENTRIES_LIMIT = 20_000;

/** Printable ASCII but the comment mark, as in `whois++` and `914c/g`; anything else is no name to show. */
const ENTRY = /^([!"$-~]{1,32})[ \t]+([0-9]{1,5})\/(tcp|udp)(?![0-9A-Za-z])/gm;

/** Transports whose ports have names. */
export type ServiceProtocol = 'tcp' | 'udp';

/** For systems without a table, and for what theirs leaves out (IANA service names, or what everybody says). */
const BUILT_IN: readonly (readonly [port: number, name: string, protocol?: ServiceProtocol])[] = [
  [20, 'ftp-data', 'tcp'],
  [21, 'ftp', 'tcp'],
  [22, 'ssh', 'tcp'],
  [23, 'telnet', 'tcp'],
  [25, 'smtp', 'tcp'],
  [53, 'domain'],
  [67, 'bootps', 'udp'],
  [68, 'bootpc', 'udp'],
  [69, 'tftp', 'udp'],
  [80, 'http', 'tcp'],
  [88, 'kerberos'],
  [110, 'pop3', 'tcp'],
  [111, 'sunrpc'],
  [123, 'ntp', 'udp'],
  [137, 'netbios-ns', 'udp'],
  [138, 'netbios-dgm', 'udp'],
  [139, 'netbios-ssn', 'tcp'],
  [143, 'imap2', 'tcp'],
  [161, 'snmp', 'udp'],
  [162, 'snmp-trap', 'udp'],
  [179, 'bgp', 'tcp'],
  [389, 'ldap'],
  [443, 'https', 'tcp'],
  [445, 'microsoft-ds', 'tcp'],
  [465, 'submissions', 'tcp'],
  [500, 'isakmp', 'udp'],
  [514, 'syslog', 'udp'],
  [546, 'dhcpv6-client', 'udp'],
  [547, 'dhcpv6-server', 'udp'],
  [587, 'submission', 'tcp'],
  [631, 'ipp'],
  [636, 'ldaps', 'tcp'],
  [853, 'domain-s'],
  [873, 'rsync', 'tcp'],
  [989, 'ftps-data', 'tcp'],
  [990, 'ftps', 'tcp'],
  [993, 'imaps', 'tcp'],
  [995, 'pop3s', 'tcp'],
  [1080, 'socks', 'tcp'],
  [1194, 'openvpn'],
  [1433, 'ms-sql-s', 'tcp'],
  [1521, 'oracle', 'tcp'],
  [1812, 'radius', 'udp'],
  [1883, 'mqtt', 'tcp'],
  [1900, 'ssdp', 'udp'],
  [2049, 'nfs', 'tcp'],
  [2375, 'docker', 'tcp'],
  [2376, 'docker-s', 'tcp'],
  [2379, 'etcd-client', 'tcp'],
  [2380, 'etcd-server', 'tcp'],
  [3128, 'squid', 'tcp'],
  [3306, 'mysql', 'tcp'],
  [3389, 'ms-wbt-server'],
  [3478, 'stun'],
  [4500, 'ipsec-nat-t', 'udp'],
  [4789, 'vxlan', 'udp'],
  [5060, 'sip'],
  [5061, 'sip-tls', 'tcp'],
  [5222, 'xmpp-client', 'tcp'],
  [5353, 'mdns', 'udp'],
  [5355, 'llmnr'],
  [5432, 'postgresql', 'tcp'],
  [5671, 'amqps', 'tcp'],
  [5672, 'amqp', 'tcp'],
  [5900, 'vnc', 'tcp'],
  [6379, 'redis', 'tcp'],
  [6443, 'kubernetes', 'tcp'],
  [6881, 'bittorrent'],
  [8080, 'http-alt', 'tcp'],
  [8443, 'https-alt', 'tcp'],
  [8883, 'secure-mqtt', 'tcp'],
  [9092, 'kafka', 'tcp'],
  [9100, 'node-exporter', 'tcp'],
  [9200, 'elasticsearch', 'tcp'],
  [9418, 'git', 'tcp'],
  [10250, 'kubelet', 'tcp'],
  [11211, 'memcache', 'tcp'],
  [27017, 'mongodb', 'tcp'],
  [41641, 'tailscale', 'udp'],
  [51820, 'wireguard', 'udp'],
];

/** Names of ports: the given table's first, the built-in ones in its gaps. Look-ups after the first allocate nothing. */
export class ServiceNames {
  #table: string;
  /** Made by the first look-up: the first views name no ports. */
  #names: ReadonlyMap<number, string> | undefined;

  /** `table`: text of services(5); hostile text yields fewer names, never an error. */
  constructor(table = '') {
    this.#table = table;
  }

  /** Name of a port; undefined: unknown. */
  name(port: number, protocol: ServiceProtocol): string | undefined {
    this.#names ??= this.#read();
    return this.#names.get(serviceKey(port, protocol));
  }

  #read(): ReadonlyMap<number, string> {
    const names = new Map<number, string>();
    for (const [port, name, protocol] of BUILT_IN) {
      if (protocol !== 'udp') names.set(serviceKey(port, 'tcp'), name);
      if (protocol !== 'tcp') names.set(serviceKey(port, 'udp'), name);
    }
    for (const [key, name] of parseServices(this.#table)) names.set(key, name);
    // HTTP over UDP is QUIC (RFC 9114), which tables still call https.
    names.set(serviceKey(443, 'udp'), 'quic');
    this.#table = '';
    return names;
  }
}

/** One integer for a port and its protocol: bit 16 set for UDP. */
export function serviceKey(port: number, protocol: ServiceProtocol): number {
  return protocol === 'udp' ? port | 0x10000 : port;
}

/** Reads a services(5) table. Without a readable one, as in many small images, the built-in names remain. */
export async function readServiceNames(path: string): Promise<ServiceNames> {
  try {
    return new ServiceNames((await readRegularFile(path, FILE_LIMIT_BYTES)).toString('latin1'));
  } catch {
    // Names are a comfort: a table that is missing, closed to this user or absurd costs no more than that.
    return new ServiceNames();
  }
}

/** services(5): `https  443/tcp  aliases # comment`; the first name of a port counts, other lines are skipped. */
export function parseServices(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const [, name, digits, protocol] of text.matchAll(ENTRY)) {
    if (names.size >= ENTRIES_LIMIT) break;
    const port = Number(digits);
    if (name === undefined || port > 65_535) continue;
    const key = serviceKey(port, protocol === 'udp' ? 'udp' : 'tcp');
    if (!names.has(key)) names.set(key, name);
  }
  return names;
}
