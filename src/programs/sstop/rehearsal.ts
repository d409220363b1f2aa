import { NetworkAttribution } from '../../data/attribution/network-attribution.ts';
import { NetworkRates } from '../../data/rates/network-rates.ts';
import { IPV4_MAPPED_WORD } from '../../data/sample/address.ts';
import { InterfaceTable } from '../../data/sample/interface-table.ts';
import type { NetworkSample } from '../../data/sample/network-sample.ts';
import { ExitedTable, ProcessTable } from '../../data/sample/process-table.ts';
import { OwnerBasis, PROTOCOL_TCP, SocketTable } from '../../data/sample/socket-table.ts';
import { ADDRESS_WORDS, TcpState } from '../../data/schema/network-columns.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import type { SstopProgram } from './sstop-update.ts';

const PID = 2;
const START_TICKS = 1;
/** Not 1, the loopback interface. */
const INTERFACE = 2;
/** 192.0.2.0, RFC 5737. */
const DOCUMENTATION_NET = 0xc0000200;
const LOCAL_PORT = 50_000;
const REMOTE_PORT = 443;
const COLUMNS = 100;
const LINES = 24;

/**
 * Warms up the JIT: renders an artificial machine with one process off screen, one step per turn of the event loop. The
 * first real rows then take 5 ms instead of 25. Stops early when they arrive.
 */
export async function rehearse(program: SstopProgram, isOver: () => boolean): Promise<void> {
  const attribution = new NetworkAttribution({
    commandLine: () => 'sstop',
    cgroup: () => undefined,
    userName: String,
  });
  const rates = new NetworkRates();
  const buffer = new Buffer(COLUMNS, LINES);
  let model = program.initial;
  for (const step of [1, 2]) {
    await nextTurn();
    if (isOver()) return;
    const sample = madeUp(step);
    const section = attribution.absorb(sample);
    const header = headerOf(sample);
    rates.update(section, header);
    await nextTurn();
    model = program.update(model, program.resized(model, COLUMNS, LINES)).model;
    const data = { header, section, rates, isStable: true };
    model = program.update(model, { kind: 'sampled', data }).model;
    await nextTurn();
    if (isOver()) return;
    program.view(model, buffer);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A process with one connection that has moved some bytes by the second sample. */
function madeUp(sequence: number): NetworkSample {
  return {
    sequence,
    monotonicMicros: sequence * 1e6,
    durationMicros: 1,
    tier: 'netlink',
    counted: 'payload',
    processes: processes(),
    sockets: sockets(sequence),
    closed: { slots: new Int32Array(0), count: 0 },
    interfaces: interfaces(),
    lostClosings: 0,
    lost: { bytes: 0, packets: 0 },
    parts: {
      ...{ tcp: 'tcp_info', udp: 'none', owners: 'descriptor', processes: 'proc', exited: false },
      scope: 'network namespace',
      names: 'none',
    },
    exited: new ExitedTable(),
    errors: [],
  };
}

function headerOf({ monotonicMicros }: NetworkSample): SnapshotHeader {
  return {
    ...{ hostName: 'rehearsal', bootId: '', epoch: 1, monotonicMicros },
    ...{ wallMillis: 0, bootWallMillis: 0, clockTicksPerSecond: 100 },
  };
}

function processes(): ProcessTable {
  const table = new ProcessTable(1);
  const slot = table.slots.add(PID, 0, 0, 0);
  table.pid[slot] = PID;
  table.startTicks[slot] = START_TICKS;
  table.names[slot] = 'rehearsal';
  return table;
}

function interfaces(): InterfaceTable {
  const table = new InterfaceTable();
  const slot = table.slots.add(INTERFACE, 0, 0, 0);
  table.index[slot] = INTERFACE;
  table.names[slot] = 'eth0';
  table.isUplink[slot] = 1;
  table.isUp[slot] = 1;
  return table;
}

function sockets(sequence: number): SocketTable {
  const table = new SocketTable(1);
  const slot = table.slots.add(1, 0, PROTOCOL_TCP, 0);
  table.protocol[slot] = PROTOCOL_TCP;
  table.state[slot] = TcpState.ESTABLISHED;
  table.ownerBasis[slot] = OwnerBasis.DESCRIPTOR;
  table.ownerPid[slot] = PID;
  table.ownerStartTicks[slot] = START_TICKS;
  table.interfaceIndex[slot] = INTERFACE;
  table.localPort[slot] = LOCAL_PORT;
  table.remotePort[slot] = REMOTE_PORT;
  table.txBytes[slot] = sequence * 1000;
  table.rxBytes[slot] = sequence * 1000;
  for (const address of [table.localAddress, table.remoteAddress]) {
    address[slot * ADDRESS_WORDS + 2] = IPV4_MAPPED_WORD;
    address[slot * ADDRESS_WORDS + 3] = DOCUMENTATION_NET + (address === table.localAddress ? 1 : 2);
  }
  return table;
}
