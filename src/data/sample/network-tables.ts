import { InterfaceTable } from './interface-table.ts';
import { HostTable, OwnerTable, SocketAccounts, TrafficTable } from './network-section.ts';
import { SocketTable } from './socket-table.ts';

/** The tables of a `NetworkSection`, for a machine that is not counted here: empty, their rows made by who holds them. */
export class NetworkTables {
  readonly owners = new OwnerTable();
  readonly hosts = new HostTable();
  readonly traffic = new TrafficTable();
  readonly hostTraffic = new TrafficTable();
  readonly interfaces = new InterfaceTable();
  readonly sockets = new SocketTable();
  readonly accounts = new SocketAccounts();
}
