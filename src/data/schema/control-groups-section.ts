import { GROUP_WAITS } from './process-detail.ts';
import { amount, count, list, record, seldom, text, type ValueOf } from './record.ts';
import type { Section } from './section-facts.ts';

/** So many control groups are read and told of at most; those nearest to the root come first. */
export const CONTROL_GROUPS_LIMIT = 512;

/**
 * A control group that has processes of its own, or a limit. Files of version 2 are described in
 * Documentation/admin-guide/cgroup-v2.rst; undefined: the kernel, or the hierarchy of version 1, does not tell.
 */
export const CONTROL_GROUP = record({
  /** In its hierarchy, `/system.slice/cron.service`. */
  path: text('line'),
  /** Name of its container, as of owners. */
  containerName: seldom(text()),
  ...GROUP_WAITS.fields,
  /** Memory in use, page cache included. */
  memoryBytes: count('bytes'),
  /** The lower of memory.high and memory.max; undefined: neither is set. */
  memoryLimitBytes: count('bytes'),
  /** Processors' worth of time that it may use (cpu.max); undefined: no limit. */
  cpuLimit: amount(),
});
export type ControlGroupSample = ValueOf<typeof CONTROL_GROUP>;

/** What the control groups of a machine wait for. Counters are cumulative since a group was made. */
export const CONTROL_GROUPS = record({
  groups: list(CONTROL_GROUP, CONTROL_GROUPS_LIMIT),
});
export type ControlGroupsSection = Section & ValueOf<typeof CONTROL_GROUPS>;
