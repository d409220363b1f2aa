import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

const PERIOD_MICROS = 100_000;
const FIFTH_MICROS = 20_000;
const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

export interface LimitedGroup {
  /** In its hierarchy. */
  readonly path: string;
  readonly folder: string;
  throttledCount(): number;
  remove(): void;
}

/**
 * A control group with a quota of CPU time in each 100 ms, usually a fifth of one core, by cpu.max (cgroup v2) or
 * cpu.cfs_quota_us (v1), whichever is there. Undefined where none can be made.
 */
export function makeLimitedGroup(quotaMicros = FIFTH_MICROS): LimitedGroup | undefined {
  const path = `/sstop-quota-${process.pid}`;
  const isV1 = existsSync(`${V1}/cpu.cfs_quota_us`);
  const folder = `${isV1 ? V1 : V2}${path}`;
  try {
    mkdirSync(folder);
    if (isV1) {
      writeFileSync(`${folder}/cpu.cfs_period_us`, `${PERIOD_MICROS}`);
      writeFileSync(`${folder}/cpu.cfs_quota_us`, `${quotaMicros}`);
    } else {
      writeFileSync(`${folder}/cpu.max`, `${quotaMicros} ${PERIOD_MICROS}`);
    }
  } catch {
    if (existsSync(folder)) rmdirSync(folder);
    return undefined;
  }
  const throttledCount = (): number =>
    Number(/^nr_throttled (\d+)$/m.exec(readFileSync(`${folder}/cpu.stat`, 'utf8'))?.[1]);
  return { path, folder, throttledCount, remove: () => rmdirSync(folder) };
}
