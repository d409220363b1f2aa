import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import type { DiagRecord } from '../netlink/diag-record.ts';

/** Family, addresses and ports of a record to its row. */
export function storeEndpoints(table: SocketTable, slot: number, record: DiagRecord): void {
  table.family[slot] = record.family;
  record.copyLocalAddress(table.localAddress, slot << 2);
  record.copyRemoteAddress(table.remoteAddress, slot << 2);
  table.localPort[slot] = record.localPort;
  table.remotePort[slot] = record.remotePort;
}

/** Segments, round trip time and retransmits of a record, whose counters have been read, to its row. */
export function storeSegments(table: SocketTable, slot: number, record: DiagRecord): void {
  table.txSegments[slot] = advanced(table.txSegments[slot]!, record.segmentsOut);
  table.rxSegments[slot] = advanced(table.rxSegments[slot]!, record.segmentsIn);
  table.rttMicros[slot] = record.rttMicros > 0 ? record.rttMicros : Number.NaN;
  table.retransmits[slot] = record.retransmits;
}

/** A 32-bit counter that wraps, carried on beyond 32 bits; a step back is a socket used anew and adds nothing. */
function advanced(previous: number, counter: number): number {
  if (previous === 0) return counter;
  const step = (counter - previous) >>> 0;
  return step < 0x80000000 ? previous + step : previous;
}
