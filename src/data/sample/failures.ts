import { columnsClass, numbers, TEXT } from '../../kit/table/columns.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';

/** Failures that programs in the kernel have counted since the previous collection, by process and other end. */
export class Failures extends columnsClass({
  /** ProblemKind; of a connect that worked it means nothing. */
  kind: numbers('u8'),
  /** 1: connects that worked, for how long they take. */
  isConnect: numbers('u8'),
  /** 0: the process is not known. */
  pid: numbers('i32'),
  startTicks: numbers('f64'),
  /** All words 0: none. */
  remoteAddress: numbers('u32', 0, ADDRESS_WORDS),
  remotePort: numbers('u16'),
  count: numbers('f64'),
  /** Of connects that worked: the time that they took together. */
  nanos: numbers('f64'),
  /** The kernel's name of the reason; '' none. */
  reasons: TEXT,
}) {
  /** Rows in use. */
  length = 0;
}

/** Counters of this network namespace as /proc/net/netstat and /proc/net/snmp have them; NaN unknown. */
export interface StackCounters {
  /** TcpExt ListenDrops: connections that listeners dropped, for a full accept queue or any other reason. */
  readonly listenDrops: number;
  /** TcpExt ListenOverflows: those of them for a full accept queue. */
  readonly listenOverflows: number;
  /** Tcp AttemptFails: connections, to here and from here, that never opened. */
  readonly attemptFails: number;
}
