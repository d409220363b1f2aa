import { join } from 'node:path';
import { sectionError } from '../../../src/data/sample/snapshot.ts';
import type { BlockDevice, DisksSection } from '../../../src/data/schema/disks-section.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { monotonicMicros } from '../clock.ts';
import { GuardedSpace } from '../guarded/guarded-space.ts';
import type { SpaceAnswer, SpaceQuestion } from '../guarded/helper-message.ts';
import { SyscallError } from '../libc.ts';
import { KeptText } from '../proc/kept-file.ts';
import { BlockDevices, DriveTemperatures } from './block-devices.ts';
import { fileSystemsOf, type Mounted, mountedIn } from './file-systems.ts';

interface DiskCollectorOptions {
  /** Default `/proc` and `/sys`. */
  readonly procRoot?: string;
  readonly sysRoot?: string;
  /** Default true. */
  readonly temperatures?: boolean;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
  /** Who asks the file systems. Default a process beside. */
  readonly space?: SpaceSource;
}

/** Results by request key; a hanging file system is missing. */
export type SpaceSource = Pick<GuardedSpace, 'ask' | 'close'>;

/** Sizes, names and sensors of devices change seldom. */
const FACTS_INTERVAL_MICROS = 60e6;

/** Real file systems, each once, and block devices. Mounts are parsed again only when their text has changed. */
export class DiskCollector {
  readonly #mountinfo: KeptText;
  readonly #devices: BlockDevices;
  readonly #temperatures: DriveTemperatures | undefined;
  readonly #clock: () => number;
  readonly #space: SpaceSource;
  #mountsText = new Uint8Array(0);
  #mounted: readonly Mounted[] = [];
  /** What the file systems said last, and of which mounts. */
  #asked: {
    readonly answers: ReadonlyMap<string, SpaceAnswer>;
    readonly askedMicros: number;
    readonly mounted: readonly Mounted[];
  } = { answers: new Map(), askedMicros: Number.NEGATIVE_INFINITY, mounted: [] };
  #nextFactsMicros = Number.NEGATIVE_INFINITY;
  #sequence = 0;

  constructor(options: DiskCollectorOptions = {}) {
    const procRoot = options.procRoot ?? '/proc';
    const sysRoot = options.sysRoot ?? '/sys';
    this.#mountinfo = new KeptText(join(procRoot, 'self/mountinfo'), 16 * 1024, 16 << 20);
    this.#devices = new BlockDevices(procRoot, sysRoot);
    this.#temperatures = options.temperatures === false ? undefined : new DriveTemperatures(sysRoot);
    this.#clock = options.clock ?? monotonicMicros;
    this.#space = options.space ?? new GuardedSpace();
  }

  /**
   * `spaceMaxAgeMillis`: how old the space of file systems may be. Rejects with SyscallError where the mounts cannot be
   * read; what else fails is an error in the section.
   */
  async collect(spaceMaxAgeMillis = 0): Promise<DisksSection> {
    const started = monotonicMicros();
    this.#readMounts();
    this.#renewFacts();
    const errors: SectionError[] = [];
    const answers = await this.#askSpace(spaceMaxAgeMillis, errors);
    const devices = this.#readDevices(errors);
    const fileSystems = fileSystemsOf(this.#mounted, answers, devices);
    return {
      sequence: ++this.#sequence,
      monotonicMicros: started,
      durationMicros: monotonicMicros() - started,
      errors,
      fileSystems,
      devices,
    };
  }

  close(): void {
    this.#space.close();
    this.#mountinfo.close();
    this.#devices.close();
    this.#temperatures?.close();
  }

  #readMounts(): void {
    const failure = this.#mountinfo.read();
    if (failure < 0) throw new SyscallError('read', -failure, this.#mountinfo.path);
    const text = this.#mountinfo.buffer.bytes.subarray(0, this.#mountinfo.length);
    if (Buffer.compare(text, this.#mountsText) === 0) return;
    this.#mountsText = text.slice();
    this.#mounted = mountedIn(this.#mountsText);
  }

  /** undefined: the helper could not be asked. */
  async #askSpace(
    maxAgeMillis: number,
    errors: SectionError[],
  ): Promise<ReadonlyMap<string, SpaceAnswer> | undefined> {
    const { answers, askedMicros, mounted } = this.#asked;
    const isFresh = mounted === this.#mounted && this.#clock() - askedMicros <= maxAgeMillis * 1000;
    if (isFresh) return answers;
    const questions = new Map<string, SpaceQuestion>();
    for (const { key, question } of this.#mounted) if (question !== undefined) questions.set(key, question);
    if (questions.size === 0) return new Map();
    try {
      const fresh = await this.#space.ask(questions);
      this.#asked = { answers: fresh, askedMicros: this.#clock(), mounted: this.#mounted };
      return fresh;
    } catch (thrown) {
      errors.push(sectionError('ask file systems', thrown));
      return undefined;
    }
  }

  #renewFacts(): void {
    const now = this.#clock();
    if (now < this.#nextFactsMicros) return;
    this.#nextFactsMicros = now + FACTS_INTERVAL_MICROS;
    this.#devices.forgetFacts();
    this.#temperatures?.scan();
  }

  #readDevices(errors: SectionError[]): BlockDevice[] {
    try {
      return this.#devices.read(this.#temperatures);
    } catch (thrown) {
      errors.push(sectionError('read block devices', thrown));
      return [];
    }
  }
}
