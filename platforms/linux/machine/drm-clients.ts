import { join } from 'node:path';
import { NativeBuffer } from '../libc.ts';
import { KeptFile } from '../proc/kept-file.ts';
import { type DrmClient, parseDrmClient } from '../proc/pid-fdinfo.ts';
import { linkTarget, listDirectory } from '../sys/sysfs-value.ts';

/** A client and the process that has it. */
export interface DrmProcessClient {
  readonly pid: number;
  readonly client: DrmClient;
}

/** How long one collection looks for new clients: a look costs some 5 µs a descriptor, so it goes on next time. */
const LOOK_MILLIS = 2;
const CLIENTS_LIMIT = 1024;
const DESCRIPTORS_LIMIT = 4096;

/**
 * Who uses GPUs through DRM devices, of the processes that this user may look into. Known descriptors are read each
 * time; new ones are found by going round all processes, a few milliseconds a time.
 */
export class DrmClients {
  readonly #procRoot: string;
  readonly #lookMillis: number;
  readonly #text = new NativeBuffer(8192);
  /** Per process the fdinfo files of its DRM descriptors. */
  readonly #known = new Map<number, KeptFile[]>();
  #pending: number[] = [];

  constructor(procRoot: string, lookMillis = LOOK_MILLIS) {
    this.#procRoot = procRoot;
    this.#lookMillis = lookMillis;
  }

  /** Each client once, whoever shares it. */
  read(): DrmProcessClient[] {
    this.#look();
    const clients = new Map<string, DrmProcessClient>();
    for (const [pid, files] of this.#known) {
      const kept = files.filter((file) => this.#readClient(pid, file, clients));
      if (kept.length === 0) this.#known.delete(pid);
      else this.#known.set(pid, kept);
    }
    return [...clients.values()];
  }

  close(): void {
    for (const files of this.#known.values()) for (const file of files) file.close();
    this.#known.clear();
  }

  /** False: the descriptor is closed, something else by now, or a copy. */
  #readClient(pid: number, file: KeptFile, clients: Map<string, DrmProcessClient>): boolean {
    const length = file.read(this.#text);
    const client = length > 0 ? parseDrmClient(this.#text.bytes, length) : undefined;
    // Not kept open: an fdinfo file holds on to what it describes.
    file.close();
    if (client === undefined) return false;
    const key = `${client.pciAddress ?? client.driver} ${client.clientId}`;
    const known = clients.get(key);
    if (known === undefined && clients.size < CLIENTS_LIMIT) clients.set(key, { pid, client });
    // A process's second descriptor of one client tells nothing new.
    return known?.pid !== pid;
  }

  #look(): void {
    const until = performance.now() + this.#lookMillis;
    if (this.#pending.length === 0) this.#pending = this.#listProcesses();
    while (performance.now() < until) {
      const pid = this.#pending.pop();
      if (pid === undefined) return;
      this.#lookInto(pid);
    }
  }

  #listProcesses(): number[] {
    return listDirectory(this.#procRoot).flatMap((name) => (/^[1-9]\d*$/.test(name) ? Number(name) : []));
  }

  #lookInto(pid: number): void {
    const path = join(this.#procRoot, String(pid));
    const descriptors = listDirectory(join(path, 'fd')).slice(0, DESCRIPTORS_LIMIT);
    const known = this.#known.get(pid) ?? [];
    const found = descriptors
      .filter((descriptor) => linkTarget(join(path, 'fd', descriptor))?.startsWith('/dev/dri/') === true)
      .map((descriptor) => join(path, 'fdinfo', descriptor))
      .filter((file) => !known.some((each) => each.path === file))
      .map((file) => new KeptFile(file));
    if (known.length + found.length > 0) this.#known.set(pid, [...known, ...found]);
  }
}
