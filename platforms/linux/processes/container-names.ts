import { type ContainerKey, containerKeyOf } from '../../../src/data/sample/container-id.ts';
import { monotonicMicros } from '../clock.ts';
import { GuardedNames } from '../guarded/guarded-space.ts';
import { CONTAINERS_LIMIT, type NamesAnswer } from '../guarded/helper-message.ts';

/** Control groups remembered; one more makes the cache start anew, every five minutes at most. */
const REMEMBERED_LIMIT = 8192;
/** A container may be renamed; one that is being started may have its file in a moment. */
const KNOWN_AGE_MICROS = 300e6;
const UNKNOWN_AGES_MICROS = [1e6, 5e6, 30e6, 300e6] as const;
/** After a round that had no answer. */
const PAUSE_MICROS = 60e6;
/** The only question of a round. */
const ROUND = 'names';
const SHORT_ID_LENGTH = 12;
/** Namespaces are made and named in two steps, by ip-netns(8) and by others. */
const NAMESPACES_AGE_MICROS = 5e6;

interface Remembered {
  /** Undefined: none, or not looked up yet. */
  name: string | undefined;
  /** Undefined: the path is that of no container. */
  readonly key: ContainerKey | undefined;
  /** When to look up again; Infinity while a lookup is under way. */
  nextMicros: number;
  /** Lookups that found nothing. */
  misses: number;
}

/** Reads the files: the helper process. */
type ContainerSource = Pick<GuardedNames, 'ask' | 'close'>;

interface ContainerNamesOptions {
  readonly source?: ContainerSource;
  /** Root of the container runtimes' files. Default `/`. */
  readonly root?: string;
  readonly clock?: () => number;
}

/**
 * Names of containers by the paths of their control groups, and of network namespaces by inode. Names are read by the
 * helper process, which nobody waits for: a name that is not known yet is there a moment later.
 */
export class ContainerNames {
  readonly #source: ContainerSource;
  readonly #root: string;
  readonly #clock: () => number;
  /** By path. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #wanted = new Set<Remembered>();
  #namespaces: ReadonlyMap<number, string> = new Map();
  #nextNamespacesMicros = Number.NEGATIVE_INFINITY;
  #wantsNamespaces = false;
  #nextForgetMicros = Number.NEGATIVE_INFINITY;
  #isLookingUp = false;
  #pausedUntilMicros = Number.NEGATIVE_INFINITY;
  #mayBegin: Promise<unknown> = Promise.resolve();

  constructor({ source, root = '/', clock = monotonicMicros }: ContainerNamesOptions = {}) {
    this.#source = source ?? new GuardedNames();
    this.#root = root;
    this.#clock = clock;
  }

  /** What is asked for within so many milliseconds is looked up then: to start the helper takes as long as a frame. */
  postpone(millis: number): void {
    this.#mayBegin = new Promise((resolve) => void setTimeout(resolve, millis).unref());
  }

  /** Undefined: no container, unknown, or not looked up yet. */
  nameOf(cgroup: string): string | undefined {
    const now = this.#clock();
    let one = this.#remembered.get(cgroup);
    if (one === undefined) {
      if (this.#remembered.size >= REMEMBERED_LIMIT && !this.#forgetAll(now)) return undefined;
      const key = containerKeyOf(cgroup);
      const nextMicros = key === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      one = { name: undefined, key, nextMicros, misses: 0 };
      this.#remembered.set(cgroup, one);
    }
    if (now >= one.nextMicros && now >= this.#pausedUntilMicros) {
      one.nextMicros = Number.POSITIVE_INFINITY;
      this.#wanted.add(one);
      if (!this.#isLookingUp) void this.#lookUp();
    }
    return one.name;
  }

  /** The same, or the short id of a container without a known name. */
  shownNameOf(cgroup: string): string | undefined {
    return this.nameOf(cgroup) ?? containerKeyOf(cgroup)?.id.slice(0, SHORT_ID_LENGTH);
  }

  /** Name below /run/netns of the network namespace with this inode; undefined: none, or not looked up yet. */
  networkNamespace(inode: number): string | undefined {
    const name = this.#namespaces.get(inode);
    const now = this.#clock();
    if (name === undefined && now >= this.#nextNamespacesMicros && now >= this.#pausedUntilMicros) {
      this.#nextNamespacesMicros = now + NAMESPACES_AGE_MICROS;
      this.#wantsNamespaces = true;
      if (!this.#isLookingUp) void this.#lookUp();
    }
    return name;
  }

  /** Starts again, at most so often that creating control groups cannot keep the helper busy. */
  #forgetAll(now: number): boolean {
    if (now < this.#nextForgetMicros) return false;
    this.#nextForgetMicros = now + KNOWN_AGE_MICROS;
    this.#remembered.clear();
    return true;
  }

  close(): void {
    this.#wanted.clear();
    this.#source.close();
  }

  /** One round at a time, for all that are wanted by then. Never rejects. */
  async #lookUp(): Promise<void> {
    this.#isLookingUp = true;
    // Requests for containers come in batches.
    await this.#mayBegin;
    while (this.#wanted.size > 0 || this.#wantsNamespaces) {
      const asked = [...this.#wanted].slice(0, CONTAINERS_LIMIT);
      for (const one of asked) this.#wanted.delete(one);
      const wantsNamespaces = this.#wantsNamespaces;
      this.#wantsNamespaces = false;
      const answer = await this.#ask(asked, wantsNamespaces);
      if (answer === undefined) this.#pausedUntilMicros = this.#clock() + PAUSE_MICROS;
      else if (wantsNamespaces) this.#namespaces = answer.namespaces;
      for (const [at, one] of asked.entries()) this.#take(one, answer?.containers[at]);
    }
    this.#isLookingUp = false;
  }

  async #ask(asked: readonly Remembered[], wantsNamespaces: boolean): Promise<NamesAnswer | undefined> {
    const keys = asked.flatMap(({ key }) => key ?? []);
    try {
      const answers = await this.#source.ask(new Map([[ROUND, { root: this.#root, keys, wantsNamespaces }]]));
      return answers.get(ROUND);
    } catch (thrown) {
      // The helper does not start: there are no names then.
      if (thrown instanceof Error) return undefined;
      throw thrown;
    }
  }

  #take(one: Remembered, name: string | undefined): void {
    const now = this.#clock();
    // What was known stays where the file cannot be read now.
    one.name = name ?? one.name;
    const ages = UNKNOWN_AGES_MICROS;
    const age = name === undefined ? ages[Math.min(one.misses++, ages.length - 1)]! : KNOWN_AGE_MICROS;
    one.nextMicros = now + age;
  }
}
