/** cgroup v1 and v2 names of docker, podman, containerd, cri-o and lxc; a 64-digit id unless stated. */
const CONTAINER_SEGMENT =
  /^(?:(?:docker|libpod|libpod-conmon|cri-containerd|crio|crio-conmon|cri-o|containerd)[-:])?([0-9a-f]{64})(?:\.scope)?$/;
/** systemd cgroup driver of containerd: `kubepods-burstable-podUID.slice:cri-containerd:ID`. */
const CONTAINERD_SEGMENT = /:cri-containerd:([0-9a-f]{64})$/;
const LXC_SEGMENT = /^lxc(?:\.payload)?[./]([^/]+)$/;
const LONG_ID = /^[0-9a-f]{64}$/;
/** systemd writes `-` as `_` in the name of a slice; cgroupfs leaves the UID as it is. */
const POD_SEGMENT = /(?:^|-)pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
const USER_SLICE = /^user-(\d{1,10})\.slice$/;

/** The innermost container of a control group path: a container in a container is what its process sees itself in. */
export function containerIdOf(segments: readonly string[]): string | undefined {
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i]!;
    const match = CONTAINER_SEGMENT.exec(segment) ?? CONTAINERD_SEGMENT.exec(segment);
    if (match?.[1] !== undefined) return match[1];
    const lxc = LXC_SEGMENT.exec(segment)?.[1] ?? (segments[i - 1] === 'lxc' ? segment : undefined);
    if (lxc !== undefined) return lxc;
  }
  return undefined;
}

/** A container as the path of its control group tells of it. */
export interface ContainerKey {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Of the user whose container it is; undefined: the system's. */
  readonly uid: number | undefined;
  /** Of the Kubernetes pod, with hyphens as in its API; undefined: none. */
  readonly podUid: string | undefined;
}

/** Undefined: no container, or one whose name stands in the path (LXC). */
export function containerKeyOf(path: string): ContainerKey | undefined {
  const segments = path.split('/').filter((segment) => segment !== '');
  const id = containerIdOf(segments);
  if (id === undefined || !LONG_ID.test(id)) return undefined;
  let uid: number | undefined;
  let podUid: string | undefined;
  for (const segment of segments) {
    uid ??= numberOf(USER_SLICE.exec(segment)?.[1]);
    podUid ??= POD_SEGMENT.exec(segment)?.[1]?.replaceAll('_', '-');
  }
  return { id, uid, podUid };
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
