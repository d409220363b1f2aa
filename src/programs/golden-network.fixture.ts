import { NetworkAttribution } from '../data/attribution/network-attribution.ts';
import { NetworkRates } from '../data/rates/network-rates.ts';
import { randomFrom } from '../data/recording/recording-world.fixture.ts';
import type { NetworkSample } from '../data/sample/network-sample.ts';
import { SampleWorld } from '../data/sample/sample-world.fixture.ts';
import { FOREIGN_INTERFACE, OwnerBasis, PROTOCOL_UDP } from '../data/sample/socket-table.ts';
import { TcpState } from '../data/schema/network-columns.ts';
import type { NetworkData } from '../views/network/network-list.ts';

interface GoldenProcess {
  readonly pid: number;
  readonly ppid?: number;
  readonly name: string;
  readonly uid?: number;
  readonly cgroup?: string;
  readonly commandLine?: string;
}

const CONTAINER = '3f4e8d2c1b0a99887766554433221100ffeeddccbbaa00112233445566778899';
/** Its sockets are in another network namespace. */
const FOREIGN_PID = 71;
const PROCESSES: readonly GoldenProcess[] = [
  { pid: 40, name: 'sshd', uid: 0, cgroup: '/system.slice/ssh.service' },
  { pid: 41, ppid: 40, name: 'bash', cgroup: '/user.slice/user-1000.slice/session-2.scope' },
  { pid: 42, ppid: 41, name: 'rsync', commandLine: '/usr/bin/rsync -a --delete /srv/data backup:/srv' },
  { pid: 50, name: 'nginx', uid: 0, cgroup: '/system.slice/nginx.service' },
  { pid: 51, ppid: 50, name: 'nginx', uid: 33, cgroup: '/system.slice/nginx.service' },
  { pid: 52, ppid: 50, name: 'nginx', uid: 33, cgroup: '/system.slice/nginx.service' },
  { pid: 60, name: 'postgres', uid: 70, cgroup: `/system.slice/docker-${CONTAINER}.scope` },
  { pid: 61, ppid: 60, name: 'postgres', uid: 70, cgroup: `/system.slice/docker-${CONTAINER}.scope` },
  { pid: 70, name: 'Web Content', commandLine: '/usr/lib/browser/browser -contentproc tab 17' },
  { pid: 71, name: '日本語のプロセス' },
  { pid: 72, name: '\x1b]0;evil\x07\u202e' },
  { pid: 80, name: 'systemd-resolve', uid: 101, cgroup: '/system.slice/systemd-resolved.service' },
  ...Array.from({ length: 30 }, (_, i) => ({
    ...{ pid: 1000 + i, ppid: 50, name: `worker-${String(i).padStart(2, '0')}` },
    ...{ uid: i % 3 === 0 ? 33 : 1000, cgroup: `/system.slice/worker@${i % 4}.service` },
  })),
];
const USERS: Readonly<Record<number, string>> = { 0: 'root', 33: 'www-data', 70: 'postgres', 1000: 'alice' };
/** The first octet of a remote address tells its country here. */
const COUNTRIES: Readonly<Record<string, string>> = { '192': 'DE', '198': 'FR', '203': 'JP' };

/** Names of a few remote hosts, and countries of some. */
export const GOLDEN_NAMES = {
  host: (address: string) =>
    address.endsWith('.7') ? `host-7.${address.split('.')[0]}.example.net` : undefined,
  country: (address: string) => COUNTRIES[address.split('.')[0] ?? ''],
};

/** A machine with everything that the network views can show, the same at every run. */
export class GoldenNetwork {
  readonly world = new SampleWorld();
  readonly #rates = new NetworkRates();
  readonly #random = randomFrom(20_240_102);
  readonly #sockets: number[] = [];
  readonly #attribution = new NetworkAttribution({
    commandLine: (pid) => this.commandLine(pid),
    cgroup: (pid) => this.cgroup(pid),
    containerName: (cgroup) => (cgroup.includes(CONTAINER) ? 'db-main' : undefined),
    networkNamespace: (pid) => (pid === FOREIGN_PID ? 'blue' : undefined),
    userName: (uid) => USERS[uid] ?? String(uid),
  });
  #last: NetworkData | undefined;

  constructor() {
    const { world } = this;
    world.addInterface(3, 'wlan0', '10.1.0.5');
    for (const { pid, ppid, name, uid } of PROCESSES) {
      world.addProcess(pid, { name, ...(uid === undefined ? {} : { uid }) });
      world.processes.ppid[world.processes.find(pid)] = ppid ?? 1;
    }
    this.#addSockets();
    for (let second = 0; second < 12; second++) this.step();
  }

  /** The newest sample, which the tables hold. */
  get data(): NetworkData {
    return this.#last ?? this.step();
  }

  /** A second goes by in which the sockets move what the seed says. */
  step(): NetworkData {
    const section = this.#attribution.absorb(this.collect());
    const header = this.world.header();
    this.#rates.update(section, header);
    this.#last = { header, section, rates: this.#rates, isStable: true };
    return this.#last;
  }

  /** The same second as a collector tells of it. */
  collect(): NetworkSample {
    for (const [i, slot] of this.#sockets.entries()) {
      const scale = 4 ** (i % 9);
      if (i % 7 === 6) continue;
      this.world.grow(slot, Math.floor(this.#random() * scale), Math.floor(this.#random() * scale * 3));
    }
    this.#fallIll();
    const { rxBytes, txBytes, slots } = this.world.interfaces;
    for (const slot of slots.rows.subarray(0, slots.count)) {
      rxBytes[slot]! += Math.floor(this.#random() * 1e6);
      txBytes[slot]! += Math.floor(this.#random() * 4e5);
    }
    return this.world.sample();
  }

  commandLine(pid: number): string {
    return specOf(pid)?.commandLine ?? `/usr/sbin/program-${pid} --serve`;
  }

  cgroup(pid: number): string | undefined {
    return specOf(pid)?.cgroup;
  }

  /** What is wrong: rsync loses segments, nginx does not accept, a tab waits for a reply. */
  #fallIll(): void {
    const { sockets } = this.world;
    const { rows, count } = sockets.slots;
    for (const slot of rows.subarray(0, count)) {
      sockets.healthStamp[slot]!++;
      const isRsync = sockets.ownerPid[slot] === 42 && sockets.state[slot] === TcpState.ESTABLISHED;
      if (isRsync) {
        sockets.dataSegments[slot]! += 196;
        sockets.retransmits[slot]! += 10;
        sockets.reorderings[slot]! += 1;
      }
      if (sockets.state[slot] === TcpState.LISTEN && sockets.localPort[slot] === 80) {
        sockets.receiveQueue[slot] = 129;
        sockets.drops[slot]! += 12;
      }
      if (sockets.state[slot] === TcpState.SYN_SENT) sockets.retransmits[slot]! += 1;
    }
  }

  #addSockets(): void {
    const { world } = this;
    const add = (slot: number): void => {
      this.#sockets.push(slot);
    };
    world.addListener(22, { pid: 40, local: '::', remote: '::' });
    world.addListener(80, { pid: 50 });
    world.addListener(443, { pid: 50 });
    world.addListener(443, { pid: 50, local: '::', remote: '::' });
    world.addListener(5432, { pid: 60, local: '127.0.0.1' });
    world.addListener(53, { pid: 80, local: '127.0.0.53', protocol: PROTOCOL_UDP, state: TcpState.CLOSE });
    world.addListener(8443, {});
    for (const [i, { pid }] of PROCESSES.entries()) {
      const remote = `${['192.0.2', '198.51.100', '203.0.113'][i % 3]}.${(i % 8) + 1}`;
      add(world.addSocket({ pid, remote, localPort: 40_000 + i, remotePort: [443, 80, 22, 5432][i % 4]! }));
      if (i % 5 === 0) {
        const remote = `2001:db8::${(i + 16).toString(16)}`;
        add(world.addSocket({ pid, local: '2001:db8::5', remote, localPort: 41_000 + i }));
      }
      if (i % 6 === 1) add(world.addSocket({ pid, remote, local: '10.1.0.5', localPort: 42_000 + i }));
      if (i % 8 === 2) {
        add(world.addSocket({ pid, remote, protocol: PROTOCOL_UDP, localPort: 43_000 + i, remotePort: 53 }));
      }
    }
    const loopback = { local: '127.0.0.1', remote: '127.0.0.1' };
    add(world.addSocket({ ...loopback, pid: 51, localPort: 44_000, remotePort: 5432 }));
    add(world.addSocket({ ...loopback, pid: 61, localPort: 5432, remotePort: 44_000 }));
    add(world.addSocket({ pid: 70, localPort: 45_000, basis: OwnerBasis.INFERRED, remote: '203.0.113.7' }));
    add(world.addSocket({ localPort: 45_001, basis: OwnerBasis.KERNEL, state: TcpState.TIME_WAIT }));
    add(world.addSocket({ localPort: 45_002, basis: OwnerBasis.HIDDEN, uid: 33 }));
    add(world.addSocket({ localPort: 45_003, state: TcpState.CLOSE_WAIT }));
    world.addSocket({ pid: 70, localPort: 45_004, remote: '198.51.100.7', state: TcpState.SYN_SENT });
    const { sockets } = world;
    for (const [i, slot] of sockets.slots.rows.subarray(0, sockets.slots.count).entries()) {
      sockets.rttMicros[slot] = i % 4 === 0 ? Number.NaN : 900 * i;
      sockets.retransmits[slot] = i % 5;
      sockets.dataSegments[slot] = 1000 * i;
      sockets.reorderings[slot] = 0;
      sockets.rttMinMicros[slot] = 700 * i;
      const isListener = sockets.remotePort[slot] === 0;
      sockets.receiveQueue[slot] = isListener ? 0 : (i % 3) * 1448;
      sockets.sendQueue[slot] = isListener ? 128 : (i % 4) * 20_000;
      sockets.drops[slot] = isListener ? 0 : Number.NaN;
      if (sockets.ownerPid[slot] === FOREIGN_PID) sockets.interfaceIndex[slot] = FOREIGN_INTERFACE;
    }
  }
}

function specOf(pid: number): GoldenProcess | undefined {
  return PROCESSES.find((process) => process.pid === pid);
}
