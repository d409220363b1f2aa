import { IPV4_MAPPED_WORD } from '../../src/data/sample/address.ts';
import { PROTOCOL_TCP } from '../../src/data/sample/socket-table.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { datagramState, SocketFact, type SocketVisitor, stateOfNumber } from './socket-fact.ts';
import { roundedUp, structure } from './struct.ts';

/**
 * What `sysctlbyname("net.inet.tcp.pcblist_n")` and its sibling of UDP answer (bsd/netinet/in_pcblist.c): a header, the
 * records of each socket one after the other, and the header again. Each record begins on 8 bytes and says its length
 * and its kind.
 *
 *   | xinpgen 24 | xinpcb_n 104 | xsocket_n 104 | xsockbuf_n 32 | xsockbuf_n 32 | xsockstat_n 136 | xtcpcb_n 204+4 | ...
 *   ^            '------------- one socket: each kind once, in this order ------------------------'
 *   '- ... and at the end
 *
 * All are packed to 4 bytes (`#pragma pack(4)`). Later systems lengthen records at their ends.
 */
const XGEN_N = structure({ name: 'xgen_n', size: 8, pack: 4 }, { xgn_len: 'u32', xgn_kind: 'u32' });

/** netinet/in_pcb.h: struct xinpgen. */
export const XINPGEN = structure(
  { name: 'xinpgen', size: 24, pack: 4 },
  { xig_len: 'u32', xig_count: 'u32', xig_gen: 'u64', xig_sogen: 'u64' },
);

/**
 * netinet/in_pcb.h: struct xinpcb_n. Ports are in network order; of an IPv4 address the last 4 of the 16 bytes count
 * (struct in_addr_4in6).
 */
export const XINPCB_N = structure(
  { name: 'xinpcb_n', size: 104, pack: 4 },
  {
    ...{ xi_len: 'u32', xi_kind: 'u32', xi_inpp: 'u64', inp_fport: 'u16', inp_lport: 'u16' },
    ...{ inp_ppcb: 'u64', inp_gencnt: 'u64', inp_flags: 'i32', inp_flow: 'u32' },
    ...{ inp_vflag: 'u8', inp_ip_ttl: 'u8', inp_ip_p: 'u8', inp_dependfaddr: ['u32', 4] },
    ...{ inp_dependladdr: ['u32', 4], inp4_ip_tos: 'u8', inp6_hlim: ['u32', 1], inp6_cksum: 'i32' },
    ...{ inp6_ifindex: 'u16', inp6_hops: 'i16', inp_flowhash: 'u32', inp_flags2: 'u32' },
  },
);

/** sys/socketvar.h: struct xsocket_n. `so_e_pid`: on whose behalf another process has the socket, 0 nobody's. */
export const XSOCKET_N = structure(
  { name: 'xsocket_n', size: 104, pack: 4 },
  {
    ...{ xso_len: 'u32', xso_kind: 'u32', xso_so: 'u64', so_type: 'i16', so_options: 'u32' },
    ...{ so_linger: 'i16', so_state: 'i16', so_pcb: 'u64', xso_protocol: 'i32', xso_family: 'i32' },
    ...{ so_qlen: 'i16', so_incqlen: 'i16', so_qlimit: 'i16', so_timeo: 'i16', so_error: 'u16' },
    ...{ so_pgid: 'i32', so_oobmark: 'u32', so_uid: 'u32', so_last_pid: 'i32', so_e_pid: 'i32' },
    ...{ so_gencnt: 'u64', so_flags: 'u32', so_flags1: 'u32', so_usecount: 'i32', so_retaincnt: 'i32' },
    ...{ xso_filter_flags: 'u32' },
  },
);

/** sys/socketvar.h: struct data_stats, of which xsockstat_n has one for each of SO_TC_STATS_MAX traffic classes. */
const DATA_STATS = structure(
  { name: 'data_stats', size: 32, pack: 4 },
  { rxpackets: 'u64', rxbytes: 'u64', txpackets: 'u64', txbytes: 'u64' },
);
const TRAFFIC_CLASSES = 4;
export const XSOCKSTAT_N = structure(
  { name: 'xsockstat_n', size: 136, pack: 4 },
  { xst_len: 'u32', xst_kind: 'u32', xst_tc_stats: ['u64', 4 * TRAFFIC_CLASSES] },
);

/** netinet/tcp_var.h: struct xtcpcb_n, as far as it is read. */
export const XTCPCB_N = structure(
  { name: 'xtcpcb_n as far as t_state', size: 40, pack: 4 },
  {
    ...{ xt_len: 'u32', xt_kind: 'u32', t_segq: 'u64', t_dupacks: 'i32' },
    ...{ t_timer: ['i32', 4], t_state: 'i32' },
  },
);

/** sys/socketvar.h. */
export const XSO = {
  SOCKET: 0x01,
  RCVBUF: 0x02,
  SNDBUF: 0x04,
  STATS: 0x08,
  INPCB: 0x10,
  TCPCB: 0x20,
} as const;
/** netinet/in_pcb.h: inp_vflag. */
export const INP_IPV4 = 1;
export const INP_IPV6 = 2;

/** The records of a socket in the order in which the kernel writes them; UDP has no control block of TCP. */
const ORDER_OF_UDP: readonly number[] = [XSO.INPCB, XSO.SOCKET, XSO.RCVBUF, XSO.SNDBUF, XSO.STATS];
const ORDER_OF_TCP: readonly number[] = [...ORDER_OF_UDP, XSO.TCPCB];
/** Places in both. */
const [INPCB, SOCKET, STATS, TCPCB] = [0, 1, 4, 5] as const;

/** The least that a record of a kind must have to be read. */
const LEAST_BYTES: Readonly<Record<number, number>> = {
  [XSO.SOCKET]: XSOCKET_N.at.so_gencnt,
  [XSO.STATS]: XSOCKSTAT_N.size,
  [XSO.INPCB]: XINPCB_N.at.inp_flowhash,
  [XSO.TCPCB]: XTCPCB_N.size,
};

/**
 * Shows each socket of a list. A socket that lacks a record, or has one twice, is passed over: parts of two are never
 * put together, and so the next one is waited for. Throws OpError: `BLIND` two headers and nothing between, which the
 * kernel gives to those who may not look; `TRUNCATED` the list ends before its second header; `BAD_VALUE` a length that
 * cannot be, or records in another order than is known.
 */
export class PcbListParser {
  readonly #protocol: number;
  readonly #order: readonly number[];
  readonly #fact = new SocketFact();
  /** Where the records of the socket at hand begin, in their order. */
  readonly #records = new Int32Array(ORDER_OF_TCP.length);
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(protocol: number) {
    this.#protocol = protocol;
    this.#order = protocol === PROTOCOL_TCP ? ORDER_OF_TCP : ORDER_OF_UDP;
  }

  parse(bytes: Uint8Array, visit: SocketVisitor): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = view;
    const header = bytes.length >= XINPGEN.size ? XINPGEN.read(view, 0, 'xig_len') : 0;
    if (header < XINPGEN.size || header > bytes.length) throw badList('BAD_VALUE', 'it has no header');
    let found = 0;
    let shown = 0;
    let next = 0;
    for (let at = roundedUp(header, 8); ; ) {
      if (at + XGEN_N.size > bytes.length) throw badList('TRUNCATED', `it ends after ${bytes.length} bytes`);
      const length = XGEN_N.read(view, at, 'xgn_len');
      if (length === header) break;
      const kind = XGEN_N.read(view, at, 'xgn_kind');
      if (length < XGEN_N.size || at + length > bytes.length) {
        throw badList(length > XGEN_N.size ? 'TRUNCATED' : 'BAD_VALUE', `a record of ${length} bytes`);
      }
      found++;
      // A record out of its turn: the socket is not whole, unless it is the first of another one.
      if (kind !== this.#order[next]) next = 0;
      if (kind === this.#order[next] && length >= (LEAST_BYTES[kind] ?? 0)) this.#records[next++] = at;
      else next = 0;
      if (next === this.#order.length) {
        next = 0;
        shown++;
        if (this.#read()) visit(this.#fact);
      }
      at += roundedUp(length, 8);
    }
    if (found === 0) throw badList('BLIND', 'the kernel shows no socket at all');
    if (shown === 0) throw badList('BAD_VALUE', `none of its ${found} records is of a whole socket`);
  }

  /** False: it says what cannot be. */
  #read(): boolean {
    const view = this.#view;
    const inpcb = this.#records[INPCB]!;
    const socket = this.#records[SOCKET]!;
    const version = XINPCB_N.read(view, inpcb, 'inp_vflag') & (INP_IPV4 | INP_IPV6);
    if (version === 0) return false;
    const fact = this.#fact;
    fact.clear(this.#protocol, (version & INP_IPV6) !== 0);
    fact.keyLow = view.getUint32(inpcb + XINPCB_N.at.inp_gencnt, true);
    fact.keyHigh = view.getUint32(inpcb + XINPCB_N.at.inp_gencnt + 4, true) ^ (this.#protocol << 24);
    fact.remotePort = view.getUint16(inpcb + XINPCB_N.at.inp_fport);
    fact.localPort = view.getUint16(inpcb + XINPCB_N.at.inp_lport);
    this.#readAddress(inpcb + XINPCB_N.at.inp_dependfaddr, fact.remote);
    this.#readAddress(inpcb + XINPCB_N.at.inp_dependladdr, fact.local);
    if (fact.isIpv6) fact.interfaceIndex = XINPCB_N.read(view, inpcb, 'inp6_ifindex');
    const effective = XSOCKET_N.read(view, socket, 'so_e_pid');
    fact.pid = Math.max(0, effective > 0 ? effective : XSOCKET_N.read(view, socket, 'so_last_pid'));
    fact.uid = XSOCKET_N.read(view, socket, 'so_uid') | 0;
    this.#readBytes(this.#records[STATS]! + XSOCKSTAT_N.at.xst_tc_stats);
    const state =
      this.#protocol === PROTOCOL_TCP
        ? stateOfNumber(XTCPCB_N.read(view, this.#records[TCPCB]!, 't_state'))
        : datagramState(fact.remotePort);
    if (state === undefined) return false;
    fact.state = state;
    return true;
  }

  #readAddress(at: number, words: Uint32Array): void {
    if (!this.#fact.isIpv6) {
      words[2] = IPV4_MAPPED_WORD;
      words[3] = this.#view.getUint32(at + 12);
      return;
    }
    for (let i = 0; i < 4; i++) words[i] = this.#view.getUint32(at + 4 * i);
    // The kernel keeps the zone of a link-local address in its second 16 bits (KAME).
    if (words[0]! >>> 22 === 0xfe80 >>> 6) words[0]! &= 0xffff0000;
  }

  #readBytes(at: number): void {
    const fact = this.#fact;
    fact.rxBytes = 0;
    fact.txBytes = 0;
    for (let i = 0; i < TRAFFIC_CLASSES; i++) {
      fact.rxBytes += DATA_STATS.read(this.#view, at + i * DATA_STATS.size, 'rxbytes');
      fact.txBytes += DATA_STATS.read(this.#view, at + i * DATA_STATS.size, 'txbytes');
    }
  }
}

function badList(code: 'BLIND' | 'TRUNCATED' | 'BAD_VALUE', why: string): OpError {
  const message = `the kernel's list of sockets cannot be used: ${why}`;
  return new OpError({ op: 'read pcblist_n', code, message });
}
