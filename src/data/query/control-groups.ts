import type { Grouping } from '../sample/grouping.ts';
import type { OwnerTable } from '../sample/network-section.ts';

/** What a control group path says about who runs a process. */
export interface ControlGroup {
  readonly type: 'container' | 'systemd' | 'user session' | 'other';
  /** What the group is called: a short container id, a unit, a user's session, or the path. */
  readonly name: string;
  /** Full id where the path has one. */
  readonly containerId: string | undefined;
  /** systemd unit, `nginx.service`. */
  readonly serviceName: string | undefined;
}

/** The value of an owner under a grouping; empty: unknown, or none. `group` is the owner's control group. */
export function memberOf(
  by: Grouping,
  owners: OwnerTable,
  slot: number,
  group: ControlGroup | undefined,
): string {
  switch (by) {
    case 'program':
      return owners.names[slot] ?? '';
    case 'user':
      return owners.users[slot] ?? '';
    default:
      return nameIn(by, group);
  }
}

/** The container or unit of a control group; empty: none. */
export function nameIn(by: 'container' | 'unit', group: ControlGroup | undefined): string {
  if (group === undefined) return '';
  if (by === 'container') return group.type === 'container' ? group.name : '';
  return group.serviceName ?? '';
}

const SHORT_ID_LENGTH = 12;

/** cgroup v1 and v2 names of docker, podman, containerd, cri-o and lxc; a 64-digit id unless stated. */
const CONTAINER_SEGMENT =
  /^(?:(?:docker|libpod|libpod-conmon|cri-containerd|crio|crio-conmon|cri-o|containerd)[-:])?([0-9a-f]{64})(?:\.scope)?$/;
/** systemd cgroup driver of containerd: `kubepods-burstable-podUID.slice:cri-containerd:ID`. */
const CONTAINERD_SEGMENT = /:cri-containerd:([0-9a-f]{64})$/;
const LXC_SEGMENT = /^lxc(?:\.payload)?[./]([^/]+)$/;
const UNIT_SEGMENT = /\.(?:service|socket|mount|swap)$/;
const USER_SLICE = /^user-(\d+)\.slice$/;
const USER_MANAGER = /^user@(\d+)\.service$/;

/** Reads /proc/PID/cgroup's path: container first, then a user's session, then a systemd service. Pure. */
export function controlGroupOf(path: string | undefined): ControlGroup | undefined {
  if (path === undefined || path === '') return undefined;
  const segments = path.split('/').filter((segment) => segment !== '');
  const containerId = containerIdOf(segments);
  const serviceName = serviceNameOf(segments);
  if (containerId !== undefined) {
    const name = /^[0-9a-f]{64}$/.test(containerId) ? containerId.slice(0, SHORT_ID_LENGTH) : containerId;
    return { type: 'container', name, containerId, serviceName };
  }
  const user = userOf(segments);
  if (user !== undefined) {
    return { type: 'user session', name: `user ${user}`, containerId: undefined, serviceName };
  }
  if (serviceName !== undefined) {
    return { type: 'systemd', name: serviceName, containerId: undefined, serviceName };
  }
  return { type: 'other', name: path, containerId: undefined, serviceName: undefined };
}

/** The innermost container: a container in a container is what its process sees itself in. */
function containerIdOf(segments: readonly string[]): string | undefined {
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i]!;
    const match = CONTAINER_SEGMENT.exec(segment) ?? CONTAINERD_SEGMENT.exec(segment);
    if (match?.[1] !== undefined) return match[1];
    const lxc = LXC_SEGMENT.exec(segment)?.[1] ?? (segments[i - 1] === 'lxc' ? segment : undefined);
    if (lxc !== undefined) return lxc;
  }
  return undefined;
}

function userOf(segments: readonly string[]): string | undefined {
  for (const segment of segments) {
    const uid = (USER_SLICE.exec(segment) ?? USER_MANAGER.exec(segment))?.[1];
    if (uid !== undefined) return uid;
  }
  return undefined;
}

/** The innermost unit that is not a user's manager itself. */
function serviceNameOf(segments: readonly string[]): string | undefined {
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i]!;
    if (UNIT_SEGMENT.test(segment) && !USER_MANAGER.test(segment)) return segment;
  }
  return undefined;
}

/** Control group of each owner, read from its path once, and again when the path changed. */
export class OwnerGroups {
  readonly #groups: (ControlGroup | undefined)[] = [];
  readonly #paths: (string | undefined)[] = [];
  readonly #lowerNames: string[] = [];

  /** Undefined: its path is not known. */
  of(owners: OwnerTable, slot: number): ControlGroup | undefined {
    const path = owners.cgroups[slot];
    if (this.#paths[slot] !== path) {
      this.#paths[slot] = path;
      const group = controlGroupOf(path);
      this.#groups[slot] = group;
      this.#lowerNames[slot] = (group?.name ?? '').toLowerCase();
    }
    return this.#groups[slot];
  }

  /** Name of its group in lower case; empty: none known. */
  lowerNameOf(owners: OwnerTable, slot: number): string {
    this.of(owners, slot);
    return this.#lowerNames[slot] ?? '';
  }
}

const PATHS_LIMIT = 4096;

/** Control groups by their path, each read once; the path of many processes is the same. */
export class PathGroups {
  readonly #groups = new Map<string, ControlGroup | undefined>();

  of(path: string): ControlGroup | undefined {
    const known = this.#groups.get(path);
    if (known !== undefined || path === '') return known;
    if (this.#groups.size >= PATHS_LIMIT) this.#groups.clear();
    const group = controlGroupOf(path);
    this.#groups.set(path, group);
    return group;
  }
}
