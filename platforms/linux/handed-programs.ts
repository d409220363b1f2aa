import { readFileSync } from 'node:fs';
import { closedOnError, OpError, openIfPossible } from '../../src/kit/errors/op-error.ts';
import { ExitRecorder, type HandedExits } from './bpf/exit-recorder.ts';
import { FirstPackets, type HandedFirstPackets } from './bpf/first-packets.ts';
import { type HandedAccounting, NetworkAccounting } from './bpf/network-accounting.ts';
import { descriptorsOfMaps } from './bpf/network-layout.ts';
import { type HandedTasks, TaskSampler } from './bpf/task-sampler.ts';
import { capabilitySets, keepOnlyCapabilities } from './effective-capabilities.ts';
import { isKernelAtLeast } from './host.ts';
import { effectiveUserId } from './libc.ts';
import { type CapabilityName, capabilitySet } from './privileges.ts';
import { parseMountEntries, procMountAt } from './proc/mountinfo.ts';
import {
  areNewPrivilegesForbidden,
  forbidAttaching,
  forbidNewPrivileges,
  replaceProgram,
  setInherited,
} from './replace-program.ts';

/**
 * Loads what counts in the kernel and starts this program anew without the rights that took: in all of its threads, of
 * which some have been there before any code of ours could give up something. Returns undefined where there is nothing
 * to give up or nothing can be loaded; the programs, where the kernel would not start it anew. The rights are in force
 * when it is called.
 *
 * @param variable of the environment, that names the descriptors to the new program
 * @param sniff whether names are learned from packets
 */
export function restartWithoutPrivileges(
  executable: string,
  argv: readonly string[],
  variable: string,
  sniff: boolean,
): HandedPrograms | undefined {
  const isRoot = effectiveUserId() === 0;
  const needless = capabilitySets().permitted & ~capabilitySet(neededAfterwards(isRoot, true));
  if (!canReadWithoutPrivileges() || needless === 0n) return undefined;
  const handed = openIfPossible(() => handOverPrograms(sniff));
  // Another tier will do without.
  if (handed === undefined) return undefined;
  const { text, programs } = handed;
  keepOnlyCapabilities(neededAfterwards(isRoot, programs.accounting.parts.seeded));
  try {
    forbidNewPrivileges();
    return replaceProgram(executable, [process.argv0, ...argv], { ...process.env, [variable]: text });
  } catch (thrown) {
    if (thrown instanceof OpError) return programs;
    throw thrown;
  }
}

const FIRST_DESCRIPTOR = 3;
const LAST_DESCRIPTOR = 1 << 20;

/** Programs in the kernel that are counting already. */
export interface HandedPrograms {
  readonly accounting: NetworkAccounting;
  /** Undefined where they could not be had. */
  readonly tasks: TaskSampler | undefined;
  readonly exits: ExitRecorder | undefined;
  readonly firstPackets: FirstPackets | undefined;
}

interface HandedDescriptors {
  readonly accounting: HandedAccounting;
  readonly tasks: HandedTasks | null;
  readonly exits: HandedExits | null;
  readonly firstPackets: HandedFirstPackets | null;
}

/** What is needed after set-up by a program that sends no signals, and for what. */
export function neededAfterwards(isRoot: boolean, areOwnersTold: boolean): readonly CapabilityName[] {
  const needed: CapabilityName[] = [];
  // Files named by root may belong to any user.
  if (isRoot) needed.push('cap_dac_override');
  if (!areOwnersTold) needed.push('cap_dac_read_search');
  if (!areOwnersTold || isProcHidden()) needed.push('cap_sys_ptrace');
  return needed;
}

/** Whether the kernel lets counters be read without the privileges that loading needs. */
export function canReadWithoutPrivileges(kernelRelease?: string): boolean {
  return isKernelAtLeast(6, 1, kernelRelease);
}

/**
 * Opens what counts in the kernel, and leaves its descriptors to the program that this one is about to become; the
 * text tells that program which they are. Throws BpfError or OpError where packets cannot be counted.
 *
 * @param sniff whether names are learned from packets
 */
export function handOverPrograms(sniff: boolean): {
  readonly text: string;
  readonly programs: HandedPrograms;
} {
  const accounting = NetworkAccounting.open();
  return closedOnError(accounting, () => {
    const tasks = openIfPossible(() => TaskSampler.open());
    const exits = openIfPossible(() => ExitRecorder.open());
    const { storage } = accounting.handed.maps;
    const firstPackets = sniff ? openIfPossible(() => FirstPackets.open(storage)) : undefined;
    const handed: HandedDescriptors = {
      accounting: accounting.handed,
      tasks: tasks?.handOver() ?? null,
      exits: exits?.handed ?? null,
      firstPackets: firstPackets?.handed ?? null,
    };
    for (const descriptor of descriptorsOf(handed)) setInherited(descriptor, true);
    return { text: JSON.stringify(handed), programs: { accounting, tasks, exits, firstPackets } };
  });
}

/**
 * What `handOverPrograms` left to this program; undefined where the text names no such descriptors, or is not from
 * there: anybody can write it, but a program that was started anew may gain no rights, and who forbids that himself
 * before he starts an executable with capabilities gets it without them.
 */
export function adoptPrograms(text: string): HandedPrograms | undefined {
  if (!areNewPrivilegesForbidden()) return undefined;
  try {
    const handed: HandedDescriptors = JSON.parse(text);
    // The user may not take the descriptors out of this process.
    forbidAttaching();
    for (const descriptor of descriptorsOf(handed)) setInherited(descriptor, false);
    return {
      accounting: NetworkAccounting.adopt(handed.accounting),
      tasks: handed.tasks === null ? undefined : TaskSampler.adopt(handed.tasks),
      exits: handed.exits === null ? undefined : ExitRecorder.adopt(handed.exits),
      firstPackets: handed.firstPackets === null ? undefined : FirstPackets.adopt(handed.firstPackets),
    };
  } catch {
    // Whoever made this up is left with what any start gives.
    return undefined;
  }
}

/** Throws OpError where one is none. */
function descriptorsOf({ accounting, tasks, exits, firstPackets }: HandedDescriptors): number[] {
  const { maps, holders, kept } = accounting;
  const all = [
    ...descriptorsOfMaps(maps),
    ...kept,
    ...(holders === null ? [] : [holders]),
    ...(tasks === null ? [] : [tasks.iterator]),
    ...(tasks === null || tasks.walk === null ? [] : [tasks.walk.map, tasks.walk.program]),
    ...(exits === null ? [] : [exits.exits, exits.lost, ...exits.kept]),
    ...(firstPackets === null ? [] : [firstPackets.ring, ...firstPackets.kept]),
  ];
  const isDescriptor = (one: unknown): boolean =>
    Number.isInteger(one) && Number(one) >= FIRST_DESCRIPTOR && Number(one) <= LAST_DESCRIPTOR;
  if (all.every(isDescriptor)) return all;
  throw new OpError({ op: 'adopt programs', code: 'EINVAL' });
}

function isProcHidden(): boolean {
  const bytes = readFileSync('/proc/self/mountinfo');
  const mount = procMountAt(parseMountEntries(bytes, bytes.length), '/proc');
  return mount !== undefined && mount.hidepid !== 'off';
}
