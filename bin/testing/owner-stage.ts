import { Puppet } from './puppet.ts';
import { type Shown, SstopMonitor, type SstopMonitorOptions, type TierName } from './veth-monitor.ts';
import { type Side, VethNetwork, vethObstacle } from './veth-network.ts';
import { tierState, tierStates } from './veth-tiers.ts';

export const NEAR = '10.77.0.1';
export const FAR = '10.77.0.2';
const INTERVAL = '100ms';

const obstacle = vethObstacle();
const states = obstacle === undefined ? tierStates() : [];

/** Why nothing can be shown on this tier here, or undefined. */
export function tierObstacle(tier: TierName): string | undefined {
  return obstacle ?? tierState(tier, states).obstacle;
}

export interface RowBytes {
  readonly up: number;
  readonly down: number;
}

/** Two network namespaces, sstop watching, and whoever acts there. */
export class OwnerStage {
  readonly network: VethNetwork;
  readonly #puppets: Puppet[] = [];
  readonly #monitors: SstopMonitor[] = [];

  private constructor(network: VethNetwork) {
    this.network = network;
  }

  static async open(): Promise<OwnerStage> {
    return new OwnerStage(await VethNetwork.open());
  }

  /** @param wrapper starts it, such as nsenter(1) */
  async puppet(side: Side, ...wrapper: readonly string[]): Promise<Puppet> {
    const puppet = await Puppet.start(this.network, side, wrapper);
    this.#puppets.push(puppet);
    return puppet;
  }

  /** Starts sstop; what passes from now on is counted. */
  async watch(tier: TierName, ...args: readonly string[]): Promise<SstopMonitor> {
    return await this.#start(tier, { arguments: args });
  }

  /** The same from the near side, whatever the tier sees beyond. */
  async watchInside(tier: TierName, ...args: readonly string[]): Promise<SstopMonitor> {
    return await this.#start(tier, { arguments: args, isInside: true });
  }

  /** Starts it by another program, such as unshare(1). */
  async watchBy(tier: TierName, ...wrapper: readonly string[]): Promise<SstopMonitor> {
    return await this.#start(tier, { wrapper });
  }

  async #start(tier: TierName, more: Partial<SstopMonitorOptions>): Promise<SstopMonitor> {
    const { countsUdp } = tierState(tier, states);
    const options = { tier, network: this.network, countsUdp, interval: INTERVAL, ...more };
    const monitor = await SstopMonitor.start(options);
    this.#monitors.push(monitor);
    return monitor;
  }

  /** IP bytes that `near` has sent and received by its device. */
  wire(): RowBytes {
    return { up: this.network.wire('near').ipBytes, down: this.network.wire('far').ipBytes };
  }

  async close(): Promise<void> {
    for (const monitor of this.#monitors) await monitor.close();
    for (const puppet of this.#puppets) puppet.kill();
    await this.network.close();
  }
}

/** What the rows of some processes have; `undefined`: those that are no process's. */
export function bytesOf({ rows }: Shown, ...pids: readonly (number | undefined)[]): RowBytes {
  const own = rows.filter(({ pid }) => pids.includes(pid));
  return {
    up: own.reduce((total, { up }) => total + up, 0),
    down: own.reduce((total, { down }) => total + down, 0),
  };
}

export function grownSince(before: RowBytes, now: RowBytes): RowBytes {
  return { up: now.up - before.up, down: now.down - before.down };
}
