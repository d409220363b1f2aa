import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerKey } from '../../../src/data/sample/container-id.ts';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';

/** Longer names are cut: Docker's have no limit, those of pods have 253 characters. */
const NAME_LENGTH = 253;
/** A configuration of one container; a list of all of a machine. */
const CONFIG_LIMIT = 1 << 20;
const LIST_LIMIT = 8 << 20;
const ENTRIES_LIMIT = 65_536;
/** Namespaces of containerd: `k8s.io`, `moby`, `default`. */
const NAMESPACES_LIMIT = 16;

/** A name has at most 255 bytes; all of them fit in a line. */
export const NAMESPACE_NAMES_LIMIT = 48;

/** Of what CRI-O and Podman keep, the names of storage drivers come first. */
const STORES = ['overlay-containers', 'vfs-containers', 'btrfs-containers', 'zfs-containers'] as const;

/** Annotations in the order of preference: containerd, CRI-O, and the labels of dockershim. */
const CONTAINER_KEYS = ['io.kubernetes.cri.container-name', 'io.kubernetes.container.name'];
const POD_KEYS = ['io.kubernetes.cri.sandbox-name', 'io.kubernetes.pod.name'];
const NAMESPACE_KEYS = ['io.kubernetes.cri.sandbox-namespace', 'io.kubernetes.pod.namespace'];
const PLAIN_NAME_KEY = 'nerdctl/name';

/** The result of one place: a name, or undefined. */
type Place = (key: ContainerKey) => string | undefined;

/**
 * Names of containers from the files of those who run them, without asking any daemon. Read in the helper process: the
 * files are another program's, may be large or damaged, and may stand on a file system that hangs. One instance answers
 * one round of questions: lists are read once for all of them.
 *
 * - Docker: `/var/lib/docker/containers/ID/config.v2.json`, `Name`.
 * - containerd: `/run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/config.json`, annotations.
 * - CRI-O: `STORAGE/overlay-containers/ID/userdata/config.json`, annotations.
 * - Podman: `STORAGE/overlay-containers/containers.json`, `names`; of a user in `~/.local/share/containers/storage`.
 * - Kubernetes: names of the files in `/var/log/containers` and `/var/log/pods`.
 */
export class ContainerFiles {
  readonly #root: string;
  readonly #storeLists = new Map<string, ReadonlyMap<string, string>>();
  #namespaces: readonly string[] | undefined;
  #logs: ReadonlyMap<string, LogName> | undefined;
  #pods: ReadonlyMap<string, LogName> | undefined;
  #homes: ReadonlyMap<number, string> | undefined;
  readonly #places: readonly Place[] = [
    (key) => this.#docker(key),
    (key) => this.#containerd(key),
    (key) => this.#storage(key),
    (key) => this.#kubernetesLogs(key),
  ];

  /** `root` stands for `/` in tests. */
  constructor(root = '/') {
    this.#root = root;
  }

  /** `web`, `NAMESPACE/POD/CONTAINER`; undefined: unknown, or not readable. Never throws. */
  nameOf(key: ContainerKey): string | undefined {
    for (const place of this.#places) {
      const name = place(key);
      if (name !== undefined && name !== '') return name.slice(0, NAME_LENGTH);
    }
    return undefined;
  }

  /** Names of network namespaces by inode (ip-netns(8)); at most NAMESPACE_NAMES_LIMIT. */
  networkNamespaces(): ReadonlyMap<number, string> {
    const names = new Map<number, string>();
    for (const name of this.#list('run/netns').slice(0, NAMESPACE_NAMES_LIMIT)) {
      const inode = orUndefined(() => statSync(join(this.#root, 'run/netns', name)).ino);
      if (inode !== undefined) names.set(inode, name);
    }
    return names;
  }

  #docker({ id }: ContainerKey): string | undefined {
    const config = this.#json(`var/lib/docker/containers/${id}/config.v2.json`, CONFIG_LIMIT);
    const labels = memberOf(memberOf(config, 'Config'), 'Labels');
    const name = memberOf(config, 'Name');
    return kubernetesName(labels) ?? (typeof name === 'string' ? name.replace(/^\//, '') : undefined);
  }

  #containerd({ id }: ContainerKey): string | undefined {
    const tasks = 'run/containerd/io.containerd.runtime.v2.task';
    this.#namespaces ??= this.#list(tasks).slice(0, NAMESPACES_LIMIT);
    for (const namespace of this.#namespaces) {
      const name = this.#annotated(`${tasks}/${namespace}/${id}/config.json`);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  /** CRI-O, then Podman, of the system or of the user. */
  #storage({ id, uid }: ContainerKey): string | undefined {
    const home = uid === undefined ? undefined : this.#homeOf(uid);
    const storages =
      home === undefined
        ? ['run/containers/storage', 'var/lib/containers/storage']
        : [`${home}/.local/share/containers/storage`];
    for (const storage of storages) {
      for (const store of STORES) {
        const folder = `${storage}/${store}`;
        const name = this.#annotated(`${folder}/${id}/userdata/config.json`) ?? this.#listed(folder).get(id);
        if (name !== undefined) return name;
      }
    }
    return undefined;
  }

  /** By id, `[{"id": ID, "names": [NAME]}]`. */
  #listed(folder: string): ReadonlyMap<string, string> {
    const known = this.#storeLists.get(folder);
    if (known !== undefined) return known;
    const names = new Map<string, string>();
    for (const file of ['containers.json', 'volatile-containers.json']) {
      const list = this.#json(`${folder}/${file}`, LIST_LIMIT);
      if (!Array.isArray(list)) continue;
      for (const entry of list.slice(0, ENTRIES_LIMIT) as unknown[]) {
        const [id, given] = [memberOf(entry, 'id'), memberOf(entry, 'names')];
        const name: unknown = Array.isArray(given) ? given[0] : undefined;
        if (typeof id === 'string' && typeof name === 'string') names.set(id, name);
      }
    }
    this.#storeLists.set(folder, names);
    return names;
  }

  /** `POD_NAMESPACE_CONTAINER-ID.log`, else the pod alone: `NAMESPACE_POD_UID`. */
  #kubernetesLogs({ id, podUid }: ContainerKey): string | undefined {
    if (podUid === undefined) return undefined;
    this.#logs ??= this.#matches('var/log/containers', LOG_FILE);
    this.#pods ??= this.#matches('var/log/pods', POD_FOLDER);
    const { namespace, pod, container } = this.#logs.get(id) ?? this.#pods.get(podUid) ?? {};
    if (namespace === undefined) return undefined;
    return container === undefined ? `${namespace}/${pod}` : `${namespace}/${pod}/${container}`;
  }

  /** What names in a folder say, by the id in them. */
  #matches(folder: string, pattern: RegExp): ReadonlyMap<string, LogName> {
    const names = this.#list(folder).flatMap(
      (name) => (pattern.exec(name)?.groups as LogName | undefined) ?? [],
    );
    return new Map(names.map((name) => [name.id, name]));
  }

  #annotated(path: string): string | undefined {
    const annotations = memberOf(this.#json(path, CONFIG_LIMIT), 'annotations');
    const plain = memberOf(annotations, PLAIN_NAME_KEY);
    return kubernetesName(annotations) ?? (typeof plain === 'string' ? plain : undefined);
  }

  /** Home of a user by /etc/passwd, without a leading slash. */
  #homeOf(uid: number): string | undefined {
    if (this.#homes === undefined) {
      const homes = new Map<number, string>();
      const text = readText(join(this.#root, 'etc/passwd'), CONFIG_LIMIT) ?? '';
      for (const line of text.split('\n')) {
        const [, , number, , , home] = line.split(':');
        if (home === undefined || !/^\d{1,10}$/.test(number ?? '') || !home.startsWith('/')) continue;
        if (!homes.has(Number(number))) homes.set(Number(number), home.slice(1));
      }
      this.#homes = homes;
    }
    return this.#homes.get(uid);
  }

  #json(path: string, limit: number): unknown {
    const text = readText(join(this.#root, path), limit);
    // Damaged, or being written: the same as none.
    return text === undefined ? undefined : orUndefined(() => JSON.parse(text) as unknown);
  }

  #list(path: string): string[] {
    return (orUndefined(() => readdirSync(join(this.#root, path))) ?? []).slice(0, ENTRIES_LIMIT);
  }
}

/** Kubernetes names have no underscore. */
const LOG_FILE = /^(?<pod>[^_]+)_(?<namespace>[^_]+)_(?<container>.+)-(?<id>[0-9a-f]{64})\.log$/;
const POD_FOLDER = /^(?<namespace>[^_]+)_(?<pod>[^_]+)_(?<id>[0-9a-f-]{32,36})$/;

interface LogName {
  readonly id: string;
  readonly namespace: string;
  readonly pod: string;
  /** Undefined: of a pod alone. */
  readonly container?: string;
}

/** `NAMESPACE/POD/CONTAINER`; a sandbox, which holds a pod together, has no container's name. */
function kubernetesName(annotations: unknown): string | undefined {
  const [container, pod, namespace] = [CONTAINER_KEYS, POD_KEYS, NAMESPACE_KEYS].map((keys) => {
    const values = keys.map((key) => memberOf(annotations, key));
    return values.find((value): value is string => typeof value === 'string' && value !== '');
  });
  if (pod === undefined) return undefined;
  const isSandbox = container === undefined || container === 'POD';
  return [namespace, pod, isSandbox ? 'sandbox' : container].filter((part) => part !== undefined).join('/');
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** A regular file of at most `limit` bytes; undefined: anything else. Never waits for the writer of a pipe. */
function readText(path: string, limit: number): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > limit) return undefined;
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const got = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (got === 0) break;
      length += got;
    }
    return bytes.toString('utf8', 0, length);
  } catch {
    // Not there, not permitted, or a disk error: the same as none.
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
