import { ADDRESS_WORDS, TcpState } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { IPV4_MAPPED_WORD } from './address.ts';
import { InterfaceTable } from './interface-table.ts';
import type { CollectionParts, CountingBasis, NetworkSample, Tier } from './network-sample.ts';
import { ExitedTable, ProcessTable } from './process-table.ts';
import { OwnerBasis, PROTOCOL_TCP, SocketTable } from './socket-table.ts';

/** A socket of the made-up machine; what is left out is an established TCP connection of nobody. */
export interface SocketSpec {
  readonly pid?: number;
  readonly basis?: number;
  readonly local?: string;
  readonly localPort?: number;
  readonly remote?: string;
  readonly remotePort?: number;
  readonly protocol?: number;
  readonly state?: number;
  readonly uid?: number;
  readonly inode?: number;
  readonly tx?: number;
  readonly rx?: number;
  readonly bornBeforeStart?: boolean;
}

export interface ProcessSpec {
  readonly name?: string;
  readonly uid?: number;
  readonly startTicks?: number;
}

/** Four words of a dotted or colon address; `::` stands for one run of zeros. For tests: no checks. */
export function words(address: string): [number, number, number, number] {
  if (!address.includes(':')) {
    const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    return [0, 0, IPV4_MAPPED_WORD, value];
  }
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  const groups = [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
  const word = (i: number): number => groups[i * 2]! * 65_536 + groups[i * 2 + 1]!;
  return [word(0), word(1), word(2), word(3)];
}

/** A machine that tests make up: interfaces lo (1) 127.0.0.1 and eth0 (2) 10.0.0.5, processes and sockets at will. */
export class SampleWorld {
  readonly processes = new ProcessTable();
  readonly sockets = new SocketTable(16);
  readonly interfaces = new InterfaceTable();
  tier: Tier = 'netlink';
  counted: CountingBasis = 'payload';
  parts: CollectionParts = {
    tcp: 'tcp_info',
    udp: 'none',
    owners: 'descriptor',
    processes: 'proc',
    exited: false,
    scope: 'network namespace',
    names: 'none',
  };
  readonly exited = new ExitedTable();
  monotonicMicros = 1_000_000;
  epoch = 1;
  #sequence = 0;
  #cookie = 0;
  #closed: number[] = [];
  #gone: number[] = [];

  constructor() {
    this.addInterface(1, 'lo', '127.0.0.1');
    this.addInterface(2, 'eth0', '10.0.0.5');
  }

  addInterface(index: number, name: string, address: string): number {
    const { interfaces } = this;
    const slot = interfaces.slots.add(index, 0, 0, 0);
    interfaces.index[slot] = index;
    interfaces.names[slot] = name;
    interfaces.isLoopback[slot] = name === 'lo' ? 1 : 0;
    interfaces.isUplink[slot] = name === 'lo' ? 0 : 1;
    interfaces.isUp[slot] = 1;
    const at = interfaces.addresses.slots.add(...words(address));
    interfaces.addresses.interfaceIndex[at] = index;
    return slot;
  }

  /** Start ticks are ten times the pid unless stated. */
  addProcess(pid: number, spec: ProcessSpec = {}): void {
    const { processes } = this;
    const slot = processes.slots.add(pid, 0, 0, 0);
    processes.pid[slot] = pid;
    processes.ppid[slot] = 1;
    processes.startTicks[slot] = spec.startTicks ?? pid * 10;
    processes.uid[slot] = spec.uid ?? 1000;
    processes.names[slot] = spec.name ?? `process-${pid}`;
  }

  removeProcess(pid: number): void {
    this.processes.slots.remove(this.processes.find(pid));
  }

  addSocket(spec: SocketSpec): number {
    const { sockets } = this;
    const slot = sockets.slots.add(++this.#cookie, 0xffffffff, 0, 0);
    sockets.protocol[slot] = spec.protocol ?? PROTOCOL_TCP;
    sockets.state[slot] = spec.state ?? TcpState.ESTABLISHED;
    sockets.localAddress.set(words(spec.local ?? '10.0.0.5'), slot * ADDRESS_WORDS);
    sockets.remoteAddress.set(words(spec.remote ?? '192.0.2.1'), slot * ADDRESS_WORDS);
    sockets.localPort[slot] = spec.localPort ?? 40_000;
    sockets.remotePort[slot] = spec.remotePort ?? 443;
    sockets.inode[slot] = spec.inode ?? 1000 + this.#cookie;
    sockets.uid[slot] = spec.uid ?? 1000;
    sockets.cgroupId[slot] = 0;
    sockets.txSegments[slot] = 0;
    sockets.rxSegments[slot] = 0;
    sockets.rttMicros[slot] = 1200;
    sockets.retransmits[slot] = 0;
    sockets.firstSeenMicros[slot] = this.monotonicMicros;
    sockets.bornBeforeStart[slot] = spec.bornBeforeStart === true ? 1 : 0;
    this.setBytes(slot, spec.tx ?? 0, spec.rx ?? 0);
    this.own(slot, spec.pid, spec.basis);
    return slot;
  }

  addListener(port: number, spec: SocketSpec): number {
    const nobody = { remote: '0.0.0.0', remotePort: 0 };
    return this.addSocket({ local: '0.0.0.0', state: TcpState.LISTEN, ...nobody, ...spec, localPort: port });
  }

  setBytes(slot: number, tx: number, rx: number): void {
    this.sockets.txBytes[slot] = tx;
    this.sockets.rxBytes[slot] = rx;
  }

  grow(slot: number, tx: number, rx: number): void {
    this.sockets.txBytes[slot]! += tx;
    this.sockets.rxBytes[slot]! += rx;
  }

  /** Without a pid the basis is NONE unless stated. */
  own(slot: number, pid?: number, basis?: number): void {
    const { sockets } = this;
    const startTicks = pid === undefined ? 0 : this.processes.startTicks[this.processes.find(pid)];
    sockets.ownerPid[slot] = pid ?? 0;
    sockets.ownerStartTicks[slot] = startTicks ?? (pid ?? 0) * 10;
    sockets.ownerBasis[slot] = basis ?? (pid === undefined ? OwnerBasis.NONE : OwnerBasis.DESCRIPTOR);
  }

  /** Its counters are final; it leaves the table after the next sample. */
  close(slot: number): void {
    this.#closed.push(slot);
  }

  /** The next sample, so much later; what had closed by the last one is gone. */
  sample(laterMicros = 1_000_000): NetworkSample {
    for (const slot of this.#gone) this.sockets.slots.remove(slot);
    this.#gone = this.#closed;
    this.#closed = [];
    this.monotonicMicros += laterMicros;
    return {
      sequence: ++this.#sequence,
      monotonicMicros: this.monotonicMicros,
      durationMicros: 100,
      tier: this.tier,
      counted: this.counted,
      processes: this.processes,
      sockets: this.sockets,
      closed: { slots: Int32Array.from(this.#gone), count: this.#gone.length },
      interfaces: this.interfaces,
      lostClosings: 0,
      lost: { bytes: 0, packets: 0 },
      parts: this.parts,
      exited: this.exited,
      errors: [],
    };
  }

  header(): SnapshotHeader {
    return {
      hostName: 'web-1',
      bootId: 'boot',
      epoch: this.epoch,
      monotonicMicros: this.monotonicMicros,
      wallMillis: Date.UTC(2024, 0, 2, 3, 4, 5) + this.monotonicMicros / 1000,
      bootWallMillis: Date.UTC(2024, 0, 1),
      clockTicksPerSecond: 100,
    };
  }
}
