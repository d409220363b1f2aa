import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import type { FlowEnds } from '../packet/flow-table.ts';

export const NO_ROW = -1;

/** What a flow's row is to it. */
export const Bond = {
  /** Both ends are the row's. */
  EXACT: 0,
  /** A row of its own, beside that of its unconnected socket. */
  SHARE: 1,
  /** The row of its unconnected socket, which other flows use as well. */
  POOL: 2,
  /** Rows of its own, one beside each of several unconnected sockets; the first of them is its row. */
  DIVIDED: 3,
} as const;

/** By the slots of the flows. */
export class FlowLinks extends columnsClass({
  /** Serial of the flow that the columns speak of. */
  serial: numbers('u32'),
  /** Its row or NO_ROW, the row's serial, Bond, and for a share the row it belongs to. */
  row: numbers('i32', NO_ROW),
  rowSerial: numbers('u32'),
  bond: numbers('u8'),
  main: numbers('i32'),
  mainSerial: numbers('u32'),
  /** When the first list was begun that had no socket for it; 0: none was; Infinity: one had it, without a holder. */
  missedMicros: numbers('f64'),
  /** Who had its socket when that was last listed. */
  ownerPid: numbers('i32'),
  ownerStartTicks: numbers('f64'),
  ownerBasis: numbers('u8'),
}) {}

/** The ends of a row of the socket table as those of a flow; the same object shows row after row. */
export class RowEnds implements FlowEnds {
  protocol = 0;
  readonly local = new Uint32Array(ADDRESS_WORDS);
  readonly remote = new Uint32Array(ADDRESS_WORDS);
  localPort = 0;
  remotePort = 0;

  of(table: SocketTable, row: number): this {
    this.protocol = table.protocol[row]!;
    this.localPort = table.localPort[row]!;
    this.remotePort = table.remotePort[row]!;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      this.local[i] = table.localAddress[row * ADDRESS_WORDS + i]!;
      this.remote[i] = table.remoteAddress[row * ADDRESS_WORDS + i]!;
    }
    return this;
  }
}
