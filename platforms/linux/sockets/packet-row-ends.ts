import { ADDRESS_WORDS } from '../../../src/data/sample/address.ts';
import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import type { FlowEnds } from '../packet/flow-table.ts';

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
