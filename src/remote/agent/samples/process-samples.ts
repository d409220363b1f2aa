import { machinePercent, ProcessCpu } from '../../../data/rates/process-rates.ts';
import { type MachineProcesses, ProcessTexts } from '../../../data/sample/machine-processes.ts';
import type { ProcessesWant } from '../../../data/sample/snapshot.ts';
import { UNKNOWN_USER } from '../../../data/schema/column.ts';
import type { UsageColumn } from '../../../data/schema/process-columns.ts';
import type { SnapshotHeader } from '../../../data/schema/section-facts.ts';
import type { LocalSource } from '../../../data/source/local-source.ts';
import { setNewest } from '../../../kit/limits/bounds.ts';
import { OriginalProcessEncoder } from '../../wire/original-processes.ts';
import { ProcessChanges } from '../../wire/process-changes.ts';
import { ProcessEncoder, type ProcessFacts } from '../../wire/process-messages.ts';
import { noReplies, type Replies } from './machine-samples.ts';
import { RATE_BASE_LIMIT_MICROS, RatedCache } from './sample-cache.ts';

/** `/metrics` and the original protocol have no command lines: without other clients they are not read. */
const TEXTS_LEASE_MICROS = 60e6;
/** Rows are copied for as long after a client asked for them. A history and alerts need no copy. */
const COPY_LEASE_MICROS = 60e6;

const STORAGE_COLUMNS: readonly UsageColumn[] = ['readBytes', 'writtenBytes'];

/** A sample of all processes. */
export interface ProcessSample extends ProcessFacts {
  readonly header: SnapshotHeader;
  readonly monotonicMicros: number;
  /** As the collector has it. Borrowed. */
  readonly collected: MachineProcesses;
  /** Whether shares of CPU are known: there was a sample not long before. */
  readonly isRated: boolean;
  readonly replies: Replies;
}

/** All processes, for all clients. */
export class ProcessSamples {
  readonly cache: RatedCache<ProcessSample>;
  readonly encoder: ProcessEncoder;
  readonly originalEncoder: OriginalProcessEncoder;
  /** The rows of the sample that was copied last. */
  readonly changes = new ProcessChanges();
  /** Told of each sample while the section is still whole. */
  onSample: ((section: MachineProcesses, header: SnapshotHeader) => void) | undefined;
  readonly #source: LocalSource;
  readonly #visible = new AskedLately<number>();
  readonly #columns = new AskedLately<UsageColumn>();
  readonly #columnsOfAll = new AskedLately<UsageColumn>();
  readonly #cpu = new ProcessCpu();
  readonly #texts = new ProcessTexts();
  #lastMicros = Number.NEGATIVE_INFINITY;
  #commandLinesUntilMicros = Number.NEGATIVE_INFINITY;
  #cgroupsUntilMicros = Number.NEGATIVE_INFINITY;
  #copiesUntilMicros = Number.NEGATIVE_INFINITY;
  #wantOfNext: Omit<ProcessesWant, 'visiblePids' | 'columns'> = {};

  constructor(source: LocalSource) {
    this.#source = source;
    this.encoder = new ProcessEncoder(this.changes);
    this.originalEncoder = new OriginalProcessEncoder(this.changes);
    this.cache = new RatedCache(
      () => this.#collect(),
      () => source.nowMicros(),
      ({ isRated }) => isRated,
    );
  }

  /** A list was asked for in which command lines are told, and the costly columns that are wanted. */
  noteWant({ visiblePids, columns = [], columnsOfAll = [], cgroups }: ProcessesWant): void {
    const now = this.#source.nowMicros();
    this.#visible.note(visiblePids, now);
    this.#columns.note(columns, now);
    this.#columnsOfAll.note(columnsOfAll, now);
    this.#commandLinesUntilMicros = now + TEXTS_LEASE_MICROS;
    if (cgroups === true) this.#cgroupsUntilMicros = now + TEXTS_LEASE_MICROS;
  }

  /** A client is about to be told of `changes`: a sample that was taken for others, and not copied, is forgotten. */
  noteRowsWanted(): void {
    this.#copiesUntilMicros = this.#source.nowMicros() + COPY_LEASE_MICROS;
    const { latest } = this.cache;
    if (latest?.section.sequence !== this.changes.sequence) this.cache.latest = undefined;
  }

  /** The storage of all processes is wanted in the sample that is taken next. */
  noteStorageWanted(): void {
    this.#columnsOfAll.note(STORAGE_COLUMNS, this.#source.nowMicros());
  }

  /** Wanted of the sample that is taken next alone, beside what clients want. */
  noteWantOfNext(want: Omit<ProcessesWant, 'visiblePids' | 'columns'>): void {
    this.#wantOfNext = want;
  }

  async #collect(): Promise<ProcessSample> {
    const now = this.#source.nowMicros();
    const next = this.#wantOfNext;
    this.#wantOfNext = {};
    const areTextsShown = now <= this.#commandLinesUntilMicros;
    const section = await this.#source.section('machineProcesses', {
      visiblePids: this.#visible.within(now),
      columns: this.#columns.within(now),
      columnsOfAll: [...this.#columnsOfAll.within(now), ...(next.columnsOfAll ?? [])],
      allCommandLines: areTextsShown || next.allCommandLines === true,
      cgroups: now <= this.#cgroupsUntilMicros || next.cgroups === true,
      textMaxAgeMillis: areTextsShown ? undefined : next.textMaxAgeMillis,
    });
    const { monotonicMicros, processes, memoryTotalBytes, coreCount } = section;
    const header = this.#source.header(monotonicMicros);
    const isRated = monotonicMicros - this.#lastMicros <= RATE_BASE_LIMIT_MICROS;
    if (!isRated) this.#cpu.reset();
    this.#lastMicros = monotonicMicros;
    this.#cpu.update(processes, monotonicMicros, header);
    // Asked now, not when it began: who came meanwhile reads this sample too.
    if (this.#source.nowMicros() <= this.#copiesUntilMicros) this.#absorb(section);
    this.onSample?.(section, header);
    return {
      header,
      monotonicMicros,
      section: {
        sequence: section.sequence,
        monotonicMicros,
        durationMicros: section.durationMicros,
        errors: section.errors,
      },
      processCount: processes.slots.count,
      ...{ memoryTotalBytes, coreCount, isRated, collected: section },
      replies: noReplies(),
    };
  }

  #absorb({
    sequence,
    processes,
    usage,
    coreCount,
    commandLines,
    cgroups,
    containers,
  }: MachineProcesses): void {
    const texts = this.#texts;
    const { rows, count } = processes.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const uid = processes.uid[slot]!;
      texts.users[slot] = uid === UNKNOWN_USER ? undefined : this.#source.userName(uid);
      texts.commandLines[slot] = commandLines?.[slot];
      texts.cgroups[slot] = cgroups?.[slot];
      texts.containers[slot] = containers?.[slot];
    }
    const { corePercent } = this.#cpu;
    const shareOf = (slot: number): number => machinePercent(corePercent[slot]!, coreCount);
    this.changes.absorb(sequence, { processes, usage, texts }, shareOf);
  }
}

/** A client asks again at least every few seconds; what it no longer asks for is not read for it. */
const KEPT_MICROS = 5e6;
/** Of all clients together. */
const KEYS_LIMIT = 1024;

/** What some client has asked for lately, such as the processes that it has on its screen. */
export class AskedLately<Key> {
  /** When each was asked for last; the oldest first. */
  readonly #asked = new Map<Key, number>();

  note(keys: readonly Key[], nowMicros: number): void {
    for (const key of keys) setNewest(this.#asked, key, nowMicros, KEYS_LIMIT);
  }

  within(nowMicros: number): readonly Key[] {
    for (const [key, askedMicros] of this.#asked) {
      if (nowMicros - askedMicros <= KEPT_MICROS) break;
      this.#asked.delete(key);
    }
    return [...this.#asked.keys()];
  }
}
