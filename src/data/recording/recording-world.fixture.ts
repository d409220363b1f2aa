import { appendFileSync, readFileSync } from 'node:fs';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { NetworkRates } from '../rates/network-rates.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import { RecordingWriter } from './recording-writer.ts';

export interface RecordedWorldOptions {
  readonly processes?: number;
  readonly sockets?: number;
  readonly intervalMillis?: number;
  readonly seed?: number;
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A machine whose traffic, sockets and processes come and go, the same in every run: what tests record. */
export class RecordedWorld {
  readonly world = new SampleWorld();
  readonly rates = new NetworkRates();
  readonly #attribution: NetworkAttribution;
  readonly #random: () => number;
  readonly #intervalMicros: number;
  readonly #processCount: number;
  #slots: number[] = [];

  constructor({ processes = 8, sockets = 16, intervalMillis = 1000, seed = 1 }: RecordedWorldOptions = {}) {
    this.#random = randomFrom(seed);
    this.#intervalMicros = intervalMillis * 1000;
    this.#processCount = processes;
    this.#attribution = new NetworkAttribution({
      commandLine: (pid) => `/usr/bin/process-${pid} --größe=${pid} "a\tb"`,
      cgroup: (pid) => (pid % 3 === 0 ? undefined : `/system.slice/unit-${pid % 5}.service`),
      userName: (uid) => `user-${uid}`,
    });
    for (let pid = 1; pid <= processes; pid++) this.world.addProcess(pid);
    for (let i = 0; i < sockets; i++) this.#addSocket();
    this.world.addListener(443, { pid: 1 });
  }

  /** The next moment, counted into `rates`. Borrowed until the next call. */
  next(): Snapshot {
    const { world } = this;
    for (const slot of this.#slots) {
      if (this.#random() < 0.3) world.grow(slot, this.#below(5_000), this.#below(90_000));
    }
    this.#growInterface(2);
    if (this.#slots.length > 0 && this.#random() < 0.3) {
      world.close(this.#slots.splice(this.#below(this.#slots.length), 1)[0]!);
      this.#addSocket();
    }
    const network = this.#attribution.absorb(world.sample(this.#intervalMicros));
    const snapshot = { header: world.header(), network, errors: [] };
    this.rates.update(network, snapshot.header);
    return snapshot;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #growInterface(index: number): void {
    const { interfaces } = this.world;
    const slot = interfaces.slots.find(index, 0, 0, 0);
    interfaces.txBytes[slot]! += this.#below(90_000);
    interfaces.rxBytes[slot]! += this.#below(900_000);
    interfaces.txPackets[slot]! += this.#below(90);
    interfaces.rxPackets[slot]! += this.#below(900);
  }

  #addSocket(): void {
    const remote = `192.0.${this.#below(4)}.${this.#below(250) + 1}`;
    const localPort = 32_768 + this.#below(28_000);
    this.#slots.push(this.world.addSocket({ pid: 1 + this.#below(this.#processCount), remote, localPort }));
  }
}

/** Records so many snapshots to a new file. */
export async function recordWorld(path: string, count: number, world = new RecordedWorld()): Promise<void> {
  const writer = await RecordingWriter.open(path);
  for (let i = 0; i < count; i++) {
    await writer.record(world.next(), world.rates);
    await writer.flushed();
  }
  await writer.close();
}

/** A recording of at least so many bytes, quickly: a shorter one over and over, which plays as one. */
export async function recordLarge(path: string, bytes: number): Promise<{ snapshotCount: number }> {
  const count = 32;
  await recordWorld(path, count, new RecordedWorld({ processes: 100, sockets: 2000 }));
  const once = readFileSync(path);
  const times = Math.ceil(bytes / once.length);
  for (let i = 1; i < times; i++) appendFileSync(path, once);
  return { snapshotCount: count * times };
}
