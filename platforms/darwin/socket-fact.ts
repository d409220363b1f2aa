import { IPV4_MAPPED_WORD, readAddress } from '../../src/data/sample/address.ts';
import { TcpState } from '../../src/data/schema/network-columns.ts';
import { ipVersion } from '../../src/kit/text/network-name.ts';

/**
 * One socket as a source tells it. Parsers fill one object again and again; who is shown it copies what it needs.
 */
export class SocketFact {
  /** Tells the socket from all others of its source; two words. */
  keyLow = 0;
  keyHigh = 0;
  /** The same as text, where the source has no number for a socket; empty: it has. */
  keyText = '';
  /** PROTOCOL_TCP or PROTOCOL_UDP. */
  protocol = 0;
  isIpv6 = false;
  /** TcpState; UDP: ESTABLISHED is connected, CLOSE unconnected. */
  state = 0;
  /** Laid out as data/sample/address.ts says; the unspecified address where it is not known. */
  readonly local = new Uint32Array(4);
  readonly remote = new Uint32Array(4);
  /** 0: any, or not known. */
  localPort = 0;
  remotePort = 0;
  /** False: an end is cut, and says nothing about whose the socket is. */
  isWhole = true;
  /** Payload since the socket's birth; NaN: not counted. */
  rxBytes = Number.NaN;
  txBytes = Number.NaN;
  rttMicros = Number.NaN;
  /** 0: not told. */
  pid = 0;
  uid = -1;
  /** Interface by number or by name; 0 and empty: not told. */
  interfaceIndex = 0;
  interfaceName = '';

  /** Nothing is known. */
  clear(protocol: number, isIpv6: boolean): void {
    this.keyLow = 0;
    this.keyHigh = 0;
    this.keyText = '';
    this.protocol = protocol;
    this.isIpv6 = isIpv6;
    this.state = TcpState.CLOSE;
    unspecified(this.local, isIpv6);
    unspecified(this.remote, isIpv6);
    this.localPort = 0;
    this.remotePort = 0;
    this.isWhole = true;
    this.rxBytes = Number.NaN;
    this.txBytes = Number.NaN;
    this.rttMicros = Number.NaN;
    this.pid = 0;
    this.uid = -1;
    this.interfaceIndex = 0;
    this.interfaceName = '';
  }
  setEnds(local: Endpoint, remote: Endpoint): void {
    storeAddress(local, this.local, this.isIpv6);
    storeAddress(remote, this.remote, this.isIpv6);
    this.localPort = local.port;
    this.remotePort = remote.port;
    this.isWhole = local.isWhole && remote.isWhole;
  }
}

/** Is shown each socket in turn. */
export type SocketVisitor = (fact: SocketFact) => void;

/** 0.0.0.0 or ::. */
function unspecified(words: Uint32Array, isIpv6: boolean): void {
  words.fill(0);
  if (!isIpv6) words[2] = IPV4_MAPPED_WORD;
}

/** Of UDP, which has no states of its own. */
export function datagramState(remotePort: number): number {
  return remotePort === 0 ? TcpState.CLOSE : TcpState.ESTABLISHED;
}

/** netinet/tcp_fsm.h: TCPS_*, in the order of their numbers, as words without signs between. */
const BSD_STATES: readonly (readonly [word: string, state: number])[] = [
  ['CLOSED', TcpState.CLOSE],
  ['LISTEN', TcpState.LISTEN],
  ['SYNSENT', TcpState.SYN_SENT],
  ['SYNRCVD', TcpState.SYN_RECV],
  ['ESTABLISHED', TcpState.ESTABLISHED],
  ['CLOSEWAIT', TcpState.CLOSE_WAIT],
  ['FINWAIT1', TcpState.FIN_WAIT1],
  ['CLOSING', TcpState.CLOSING],
  ['LASTACK', TcpState.LAST_ACK],
  ['FINWAIT2', TcpState.FIN_WAIT2],
  ['TIMEWAIT', TcpState.TIME_WAIT],
];
const STATES_BY_WORD = new Map([...BSD_STATES, ['SYNRECEIVED', TcpState.SYN_RECV] as const]);

/** By the kernel's number; undefined: there is no such state. */
export function stateOfNumber(number: number): number | undefined {
  return BSD_STATES[number]?.[1];
}

/** By the word of netstat (`FIN_WAIT_1`) or nettop (`FinWait1`). */
export function stateOfWord(word: string): number | undefined {
  return STATES_BY_WORD.get(word.replace(/[^A-Za-z0-9]/g, '').toUpperCase());
}

/** An end of a socket as a program prints it. */
export interface Endpoint {
  /** Empty: any address, or one that is cut. */
  readonly host: string;
  /** 0: any port, or one that is cut. */
  readonly port: number;
  /** False: the text may be truncated, so it does not identify the owner. */
  readonly isWhole: boolean;
}

const PORT_MAX = 65_535;
const IPV4_END = /^(\*|[\d.]+)[.:](\*|\d{1,5})$/;
const IPV6_END = /^(\*(?=[.:])|\[[^[\]]*\](?=:)|[^[*]+(?=\.))[.:](\*|\d{1,5})$/;
const ANY: Endpoint = { host: '', port: 0, isWhole: true };
const UNKNOWN: Endpoint = { host: '', port: 0, isWhole: false };

/**
 * `127.0.0.1:443`, `*:5353`, `::1.443`, `fe80::1%en0.443`, `*.*`, `[::1]:443`: a colon before the port after IPv4 and
 * brackets, else a dot. `isCutHost` and `isCutPort`: whether that part may have been longer.
 */
export function parseEndpoint(text: string, isIpv6: boolean, isCutHost = false, isCutPort = false): Endpoint {
  const parts = (isIpv6 ? IPV6_END : IPV4_END).exec(text);
  if (parts === null) return text === '*' ? ANY : UNKNOWN;
  const [, written = '', portText = ''] = parts;
  const host = written.startsWith('[') ? written.slice(1, -1) : written;
  const port = portText === '*' ? 0 : Number(portText);
  if (isCutPort || port > PORT_MAX) return UNKNOWN;
  if (host === '*') return port === 0 ? ANY : { host: '', port, isWhole: true };
  // A port at the end of the text is whole even where the address before it is not.
  if (isCutHost || ipVersion(withoutZone(host)) !== (isIpv6 ? 6 : 4))
    return { host: '', port, isWhole: false };
  return { host, port, isWhole: true };
}

/** Writes the address as words; the unspecified address if there is none. */
function storeAddress({ host }: Endpoint, words: Uint32Array, isIpv6: boolean): void {
  if (host === '' || !readAddress(host, words)) unspecified(words, isIpv6);
}

/** The interface that a link-local address names behind `%`; empty: none. */
export function zoneOf({ host }: Endpoint): string {
  const at = host.indexOf('%');
  return at < 0 ? '' : host.slice(at + 1);
}

function withoutZone(host: string): string {
  const at = host.indexOf('%');
  return at < 0 ? host : host.slice(0, at);
}
