import { existsSync } from 'node:fs';
import { SSTOP } from './executables.ts';
import type { TierName } from './veth-monitor.ts';

/** What `sstop --doctor --json` says of a tier on this machine, for this user. */
export interface TierState {
  readonly tier: TierName;
  /** Why it cannot run here, or undefined. */
  readonly obstacle: string | undefined;
  readonly countsUdp: boolean;
}

/** All tiers in the doctor's order; none where the executable does not run. */
export function tierStates(executable = SSTOP): readonly TierState[] {
  if (!existsSync(executable)) return [];
  const asked = Bun.spawnSync([executable, '--doctor', '--json'], { stdout: 'pipe', stderr: 'ignore' });
  if (!asked.success) return [];
  const { tiers }: { tiers: { tier: TierName; available: boolean; detail: string }[] } = JSON.parse(
    asked.stdout.toString(),
  );
  return tiers.map(({ tier, available, detail }) => ({
    tier,
    obstacle: available ? undefined : detail,
    countsUdp: tier !== 'proc' && !/UDP is [^;]*(not counted|not even listed)/.test(detail),
  }));
}

/** The state of one tier; an obstacle where the doctor does not know it. */
export function tierState(tier: TierName, states = tierStates()): TierState {
  return (
    states.find((state) => state.tier === tier) ?? { tier, obstacle: 'sstop does not run', countsUdp: false }
  );
}
