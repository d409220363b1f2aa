import { lengthened } from '../../kit/table/slot-table.ts';
import { InterfaceTable } from './interface-table.ts';
import { HostTable, OwnerTable, type SocketAccounts, TrafficTable } from './network-section.ts';
import { SocketTable } from './socket-table.ts';

/** The columns of `SocketAccounts`, which grow with the socket table that they stand beside. */
export class SocketAccountColumns implements SocketAccounts {
  owner = new Int32Array(0);
  host = new Int32Array(0);
  interfaceIndex = new Int32Array(0);
  txBytes = new Float64Array(0);
  rxBytes = new Float64Array(0);
  isClosed = new Uint8Array(0);

  /** Room for so many slots; what is there stays. */
  reserve(capacity: number): void {
    if (capacity <= this.owner.length) return;
    this.owner = lengthened(this.owner, new Int32Array(capacity));
    this.host = lengthened(this.host, new Int32Array(capacity));
    this.interfaceIndex = lengthened(this.interfaceIndex, new Int32Array(capacity));
    this.txBytes = lengthened(this.txBytes, new Float64Array(capacity));
    this.rxBytes = lengthened(this.rxBytes, new Float64Array(capacity));
    this.isClosed = lengthened(this.isClosed, new Uint8Array(capacity));
  }
}

/** The tables of a `NetworkSection`, for a machine that is not counted here: empty, their rows made by who holds them. */
export class NetworkTables {
  readonly owners = new OwnerTable();
  readonly hosts = new HostTable();
  readonly traffic = new TrafficTable();
  readonly hostTraffic = new TrafficTable();
  readonly interfaces = new InterfaceTable();
  readonly sockets = new SocketTable();
  readonly accounts = new SocketAccountColumns();
}
