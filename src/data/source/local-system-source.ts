import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { Tier } from '../sample/network-sample.ts';
import type { MachineOptions, Platform } from '../sample/platform.ts';
import type { SectionError, Snapshot, SnapshotHeader, Want } from '../sample/snapshot.ts';
import { LocalMachine } from './local-machine.ts';
import { openLocalSource } from './local-source.ts';
import type { Source } from './source.ts';
import { TimeSlice } from './time-slice.ts';
import { withinDeadline } from './within-deadline.ts';

interface LocalSystemOptions extends MachineOptions {
  readonly tier: Tier | 'auto';
}

/** Collections that wait for one that hangs; more of them would only be stale. */
const WAITING_LIMIT = 8;

/**
 * This machine with all its sections. Nothing is opened before it is asked for: a network tier that cannot run is an
 * error of the section, not of the source.
 */
export class LocalSystemSource implements Source {
  readonly #platform: Platform;
  readonly #options: LocalSystemOptions;
  readonly #machine: LocalMachine;
  readonly #startEpoch = Date.now();
  #network: Source | undefined;
  #header: SnapshotHeader;
  /** Collections, one after another: the collectors never overlap themselves. */
  #last: Promise<unknown> = Promise.resolve();
  /** Those not done, by what they collect: who asks for the same gets the same. */
  readonly #underWay = new Map<string, Promise<Snapshot>>();
  #isClosed = false;

  constructor(platform: Platform, options: LocalSystemOptions) {
    this.#platform = platform;
    this.#options = options;
    this.#machine = new LocalMachine(platform, options);
    this.#header = this.#headerNow();
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    const key = JSON.stringify(want);
    const collection = this.#underWay.get(key) ?? this.#start(key, want);
    return withinDeadline(collection, deadlineMicros, () => this.#platform.monotonicMicros());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // What is under way still reads the collectors' descriptors.
    void this.#last.then(() => {
      this.#network?.close();
      this.#machine.close();
    });
  }

  #start(key: string, want: Want): Promise<Snapshot> {
    if (this.#underWay.size >= WAITING_LIMIT) throw new OpError({ op: 'sample', code: 'DEADLINE' });
    const collection = isJournalAlone(want)
      ? this.#collect(want)
      : this.#last.then(() => this.#collect(want));
    const done = collection.finally(() => this.#underWay.delete(key));
    // journalctl may take its two seconds: nothing waits behind it.
    if (!isJournalAlone(want)) this.#last = done;
    this.#underWay.set(key, collection);
    return collection;
  }

  /** Never rejects. */
  async #collect(want: Want): Promise<Snapshot> {
    const network = want.network === true ? await this.#collectNetwork() : undefined;
    const machine = await this.#machine.collect(want, new TimeSlice());
    this.#header = network?.header ?? { ...this.#headerNow(), epoch: this.#header.epoch };
    return {
      header: this.#header,
      ...(network?.network === undefined ? {} : { network: network.network }),
      ...machine.sections,
      errors: [...(network?.errors ?? []), ...machine.errors],
    };
  }

  async #collectNetwork(): Promise<Snapshot> {
    try {
      this.#network ??= openLocalSource(this.#platform, {
        tier: this.#options.tier,
        epoch: this.#startEpoch,
      });
      return await this.#network.sample({ network: true }, Number.POSITIVE_INFINITY);
    } catch (thrown) {
      const op = 'collect network';
      const { code, message } = toOpError(op, thrown);
      const error: SectionError = { op, code, message };
      return { header: { ...this.#headerNow(), epoch: this.#header.epoch }, errors: [error] };
    }
  }

  #headerNow(): SnapshotHeader {
    const { hostName, bootId, bootWallMillis, clockTicksPerSecond } = this.#platform.host;
    return {
      hostName,
      bootId,
      epoch: this.#startEpoch,
      monotonicMicros: this.#platform.monotonicMicros(),
      wallMillis: Date.now(),
      bootWallMillis,
      clockTicksPerSecond,
    };
  }
}

function isJournalAlone(want: Want): boolean {
  return want.journal !== undefined && Object.values(want).filter((each) => each !== undefined).length === 1;
}
