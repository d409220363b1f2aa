import { PROTOCOL_TCP } from '../../src/data/sample/socket-table.ts';
import { INP_IPV4, INP_IPV6, XINPCB_N, XINPGEN, XSO, XSOCKET_N, XSOCKSTAT_N, XTCPCB_N } from './pcblist.ts';

/** A socket as a kernel would list it. */
export interface ListedSocket {
  readonly generation: number;
  readonly pid: number;
  readonly effectivePid?: number;
  readonly uid: number;
  readonly isIpv6: boolean;
  /** 16 bytes, of IPv4 the last four. */
  readonly local: readonly number[];
  readonly remote: readonly number[];
  readonly localPort: number;
  readonly remotePort: number;
  readonly state: number;
  readonly rxBytes: number;
  readonly txBytes: number;
}

const XSOCKBUF_BYTES = 32;
/** Newer than what is read of it: 204 bytes on macOS 15. */
const XTCPCB_BYTES = 204;

function record(kind: number, size: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(size / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size, true);
  view.setUint32(4, kind, true);
  fill(view);
  return bytes;
}

/** The records of a socket in the kernel's order. */
export function recordsOf(socket: ListedSocket, protocol: number): Uint8Array[] {
  const inpcb = record(XSO.INPCB, XINPCB_N.size, (view) => {
    view.setUint16(XINPCB_N.at.inp_fport, socket.remotePort);
    view.setUint16(XINPCB_N.at.inp_lport, socket.localPort);
    view.setBigUint64(XINPCB_N.at.inp_gencnt, BigInt(socket.generation), true);
    view.setUint8(XINPCB_N.at.inp_vflag, socket.isIpv6 ? INP_IPV6 : INP_IPV4);
    for (const [at, bytes] of [
      [XINPCB_N.at.inp_dependfaddr, socket.remote],
      [XINPCB_N.at.inp_dependladdr, socket.local],
    ] as const) {
      for (const [i, byte] of bytes.entries()) view.setUint8(at + i, byte);
    }
  });
  const control = record(XSO.SOCKET, XSOCKET_N.size, (view) => {
    view.setUint32(XSOCKET_N.at.so_uid, socket.uid, true);
    view.setInt32(XSOCKET_N.at.so_last_pid, socket.pid, true);
    view.setInt32(XSOCKET_N.at.so_e_pid, socket.effectivePid ?? 0, true);
  });
  const stats = record(XSO.STATS, XSOCKSTAT_N.size, (view) => {
    // In the first and in the last traffic class.
    const at = XSOCKSTAT_N.at.xst_tc_stats;
    view.setBigUint64(at + 8, BigInt(socket.rxBytes - 1), true);
    view.setBigUint64(at + 3 * 32 + 8, 1n, true);
    view.setBigUint64(at + 24, BigInt(socket.txBytes), true);
  });
  const buffers = [XSO.RCVBUF, XSO.SNDBUF].map((kind) => record(kind, XSOCKBUF_BYTES, () => undefined));
  if (protocol !== PROTOCOL_TCP) return [inpcb, control, ...buffers, stats];
  const tcpcb = record(XSO.TCPCB, XTCPCB_BYTES, (view) => {
    view.setInt32(XTCPCB_N.at.t_state, socket.state, true);
  });
  return [inpcb, control, ...buffers, stats, tcpcb];
}

/** A list with a header before and behind the records. */
export function pcbList(records: readonly Uint8Array[]): Uint8Array {
  const header = new Uint8Array(XINPGEN.size);
  new DataView(header.buffer).setUint32(0, XINPGEN.size, true);
  return Uint8Array.from(Buffer.concat([header, ...records, header]));
}
