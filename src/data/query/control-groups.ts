import { containerIdOf } from '../sample/container-id.ts';
import type { OwnerTable } from '../sample/network-section.ts';
import type { Grouping } from '../sample/process-table.ts';

/** Meaning of a control group path: the container, unit or session of a process. */
export interface ControlGroup {
  readonly type: 'container' | 'systemd' | 'user session' | 'other';
  /** Display name: a container's name or short id, a unit, a user's session, or the path. */
  readonly name: string;
  /** Full container id, if the path has one. */
  readonly containerId: string | undefined;
  /** Container name: `web`, `NAMESPACE/POD/CONTAINER`; undefined: unknown. */
  readonly containerName: string | undefined;
  /** systemd unit, `nginx.service`. */
  readonly serviceName: string | undefined;
}

/** The value of an owner under a grouping; empty: unknown or none. `group` is the owner's control group. */
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

const UNIT_SEGMENT = /\.(?:service|socket|mount|swap)$/;
const USER_SLICE = /^user-(\d+)\.slice$/;
const USER_MANAGER = /^user@(\d+)\.service$/;

/** The group of a path of /proc/PID/cgroup: a container (with its name), a user's session, a systemd service. */
export function controlGroupOf(path: string | undefined, containerName?: string): ControlGroup | undefined {
  if (path === undefined || path === '') return undefined;
  const segments = path.split('/').filter((segment) => segment !== '');
  const containerId = containerIdOf(segments);
  const serviceName = serviceNameOf(segments);
  if (containerId !== undefined) {
    const short = /^[0-9a-f]{64}$/.test(containerId) ? containerId.slice(0, SHORT_ID_LENGTH) : containerId;
    return { type: 'container', name: containerName ?? short, containerId, containerName, serviceName };
  }
  const none = { containerId: undefined, containerName: undefined };
  const user = userOf(segments);
  if (user !== undefined) {
    return { type: 'user session', name: `user ${user}`, ...none, serviceName };
  }
  if (serviceName !== undefined) {
    return { type: 'systemd', name: serviceName, ...none, serviceName };
  }
  return { type: 'other', name: path, ...none, serviceName: undefined };
}

function userOf(segments: readonly string[]): string | undefined {
  for (const segment of segments) {
    const uid = (USER_SLICE.exec(segment) ?? USER_MANAGER.exec(segment))?.[1];
    if (uid !== undefined) return uid;
  }
  return undefined;
}

/** The innermost unit that is not a user's manager. */
function serviceNameOf(segments: readonly string[]): string | undefined {
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i]!;
    if (UNIT_SEGMENT.test(segment) && !USER_MANAGER.test(segment)) return segment;
  }
  return undefined;
}

const PATHS_LIMIT = 4096;

/** Control group of each owner. The path is parsed again only if it or the container's name changed. */
export class OwnerGroups {
  readonly #groups: (ControlGroup | undefined)[] = [];
  readonly #paths: (string | undefined)[] = [];
  readonly #containers: (string | undefined)[] = [];
  /** Container names by id, as reported by owners. */
  readonly #known = new Map<string, string>();
  readonly #lowerNames: string[] = [];

  /** Undefined: the path is unknown. */
  of(owners: OwnerTable, slot: number): ControlGroup | undefined {
    const path = owners.cgroups[slot];
    const container = owners.containers[slot];
    if (this.#paths[slot] !== path || this.#containers[slot] !== container) {
      this.#paths[slot] = path;
      this.#containers[slot] = container;
      const group = controlGroupOf(path, container);
      if (group?.containerId !== undefined && container !== undefined)
        this.#learn(group.containerId, container);
      this.#groups[slot] = group;
      this.#lowerNames[slot] = (group?.name ?? '').toLowerCase();
    }
    return this.#groups[slot];
  }

  /** Group of a path that no owner has now; a container keeps the name reported by its owners. */
  ofPath(path: string): ControlGroup | undefined {
    const group = controlGroupOf(path);
    const name = group?.containerId === undefined ? undefined : this.#known.get(group.containerId);
    return name === undefined ? group : controlGroupOf(path, name);
  }

  #learn(id: string, name: string): void {
    if (this.#known.size >= PATHS_LIMIT) this.#known.clear();
    this.#known.set(id, name);
  }

  /** Name of its group in lower case; empty: unknown. */
  lowerNameOf(owners: OwnerTable, slot: number): string {
    this.of(owners, slot);
    return this.#lowerNames[slot] ?? '';
  }
}

/** Control groups by path, each parsed once, because many processes share a path. */
export class PathGroups {
  readonly #groups = new Map<string, ControlGroup>();

  of(path: string, containerName?: string): ControlGroup | undefined {
    const known = this.#groups.get(path);
    if (path === '' || (known !== undefined && known.containerName === containerName)) return known;
    if (this.#groups.size >= PATHS_LIMIT) this.#groups.clear();
    const group = controlGroupOf(path, containerName);
    if (group !== undefined) this.#groups.set(path, group);
    return group;
  }
}
