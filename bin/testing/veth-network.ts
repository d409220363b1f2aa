import { OpError } from '../../src/kit/errors/op-error.ts';
import { linesOf } from './traffic.ts';

/** Sides of the pair: sstop and nethogs look at `near`, `far` is another network namespace to them. */
export type Side = 'near' | 'far';
export type Family = 4 | 6;

const ADDRESSES = {
  near: { 4: '10.77.0.1', 6: 'fd77::1' },
  far: { 4: '10.77.0.2', 6: 'fd77::2' },
} as const;
const STATIONS = { near: '02:00:00:00:77:01', far: '02:00:00:00:77:02' } as const;
const ETHERNET_HEADER_BYTES = 14;
const TOOLS = ['unshare', 'nsenter', 'ip', 'tc', 'gcc'] as const;

/** What left a side by its device, as the queue in front of it counted. */
export interface WireCount {
  /** IP bytes of all segments, each with its own headers. */
  readonly ipBytes: number;
  readonly segments: number;
  /** What the device was given: fewer than segments where segmentation is offloaded. */
  readonly framesHandedOver: number;
}

/** Why no pair of namespaces can be had here, or undefined. */
export function vethObstacle(): string | undefined {
  const missing = TOOLS.filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return `lacks ${missing.join(', ')}`;
  const tried = Bun.spawnSync(['unshare', '--net', '--mount', 'ip', 'link', 'set', 'lo', 'up'], {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  return tried.success ? undefined : 'may not make network and mount namespaces';
}

type Holder = Bun.Subprocess<'pipe', 'pipe', 'inherit'>;

/**
 * Two network namespaces joined by a veth pair, segmentation offload on as it is by default. Both are nameless and
 * held by a process that ends with this one, however it ends, so nothing is ever left behind.
 */
export class VethNetwork {
  readonly #holders: Readonly<Record<Side, Holder>>;

  private constructor(holders: Readonly<Record<Side, Holder>>) {
    this.#holders = holders;
  }

  /** Rejects with `NETWORK` and the words of the tool that failed. */
  static async open(): Promise<VethNetwork> {
    const network = new VethNetwork({ near: await startHolder(), far: await startHolder() });
    try {
      const peer = `netns ${network.#holders.far.pid} address ${STATIONS.far}`;
      network.run('near', `ip link add veth0 address ${STATIONS.near} type veth peer name veth0 ${peer}`);
      for (const side of ['near', 'far'] as const) {
        network.run(side, configuration(side));
        outputOf(network.inside(side, ['sh', '-ec', 'echo 1 >/sys/class/net/veth0/queues/rx-0/rps_cpus']));
      }
      return network;
    } catch (thrown) {
      await network.close();
      throw thrown;
    }
  }

  address(side: Side, family: Family): string {
    return ADDRESSES[side][family];
  }

  /** A command line that runs `argv` on that side, with this machine's files. */
  command(side: Side, argv: readonly string[]): string[] {
    return ['nsenter', `--net=/proc/${this.#holders[side].pid}/ns/net`, '--', ...argv];
  }

  /** The same with that side's own /sys, as a container has it. */
  inside(side: Side, argv: readonly string[]): string[] {
    const { pid } = this.#holders[side];
    return ['nsenter', `--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`, '--', ...argv];
  }

  /** Runs a script of sh(1) on that side and returns what it printed. */
  run(side: Side, script: string): string {
    return outputOf(this.command(side, ['sh', '-ec', script]));
  }

  wire(side: Side): WireCount {
    const [queue]: { bytes: number; packets: number }[] = JSON.parse(
      this.run(side, 'tc -s -j qdisc show dev veth0'),
    );
    const [link]: { stats64: { tx: { packets: number } } }[] = JSON.parse(
      this.run(side, 'ip -s -j link show dev veth0'),
    );
    const segments = queue?.packets ?? Number.NaN;
    return {
      ipBytes: (queue?.bytes ?? Number.NaN) - segments * ETHERNET_HEADER_BYTES,
      segments,
      framesHandedOver: link?.stats64.tx.packets ?? Number.NaN,
    };
  }

  async close(): Promise<void> {
    for (const holder of Object.values(this.#holders)) {
      holder.kill('SIGKILL');
      await holder.exited;
    }
  }
}

function outputOf(argv: readonly string[]): string {
  const done = Bun.spawnSync([...argv], { stdout: 'pipe', stderr: 'pipe' });
  if (done.success) return done.stdout.toString();
  throw new OpError({ op: argv.join(' '), code: 'NETWORK', message: done.stderr.toString().trim() });
}

/** It waits for the end of its standard input, which the kernel brings about where this process is killed. */
async function startHolder(): Promise<Holder> {
  const script = 'mount -t sysfs sysfs /sys && ip link set lo up && echo up && exec cat';
  const holder = Bun.spawn(['unshare', '--net', '--mount', 'sh', '-ec', script], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const { value } = await linesOf(holder.stdout).next();
  if (value === 'up') return holder;
  holder.kill('SIGKILL');
  throw new OpError({ op: 'make a namespace', code: 'NETWORK', message: 'unshare(1) or mount(8) failed' });
}

/**
 * Nothing but the traffic goes over the pair: neighbours are known and not asked for, there is no link-local address.
 * Nothing goes twice: a machine under load must not make TCP send a probe for an acknowledgement that is merely late
 * (tcp_early_retrans), and packets keep their order when the sender is moved to another processor (rps_cpus: one
 * backlog for all). The queue is there for its counters, which count segments where the device counts what it was
 * handed.
 */
function configuration(side: Side): string {
  const other = side === 'near' ? 'far' : 'near';
  return [
    'echo 0 >/proc/sys/net/ipv4/tcp_early_retrans',
    'ip link set dev veth0 arp off addrgenmode none',
    `ip addr add ${ADDRESSES[side][4]}/24 dev veth0`,
    `ip addr add ${ADDRESSES[side][6]}/64 dev veth0 nodad`,
    'ip link set dev veth0 up',
    `ip neigh replace ${ADDRESSES[other][4]} lladdr ${STATIONS[other]} dev veth0 nud permanent`,
    `ip neigh replace ${ADDRESSES[other][6]} lladdr ${STATIONS[other]} dev veth0 nud permanent`,
    'tc qdisc add dev veth0 root pfifo',
  ].join('\n');
}
