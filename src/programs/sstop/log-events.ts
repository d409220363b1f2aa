import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { SectionError } from '../../data/schema/section-facts.ts';
import type { Source } from '../../data/source/source.ts';
import { shownUrl } from '../../kit/text/sanitize.ts';
import type { EventLog, LogFields } from '../shared/event-log.ts';
import type { Settings } from '../shared/settings.ts';

/** Fields of the first line: program, user and options; undefined: default. */
export function startFields(settings: Settings, version: string): LogFields {
  const { intervalMillis, durationMillis, filter, interfaceName } = settings;
  return {
    version,
    pid: process.pid,
    uid: process.getuid?.(),
    output: settings.output,
    once: settings.once || undefined,
    interval: `${intervalMillis}ms`,
    duration: durationMillis === undefined ? undefined : `${durationMillis}ms`,
    backend: settings.backend,
    interface: interfaceName,
    filter: filter === '' ? undefined : filter,
    sort: settings.sort,
    loopback: settings.loopback,
    dns: settings.dns,
    alert: settings.alertBytesPerSecond,
    record: settings.recordPath,
    playback: settings.playbackPath,
    agent: settings.agent?.profile ?? (settings.agent?.url && shownUrl(settings.agent.url)),
  };
}

/** Maximum number of different errors tracked at a time. */
const ERRORS_LIMIT = 64;

/** A source that logs its tier, and errors when they begin and end, but not its samples. */
export class LoggedSource implements Source {
  readonly #source: Source;
  readonly #log: EventLog;
  readonly #errorBegan = new Map<string, number>();
  #collectedBy = '';
  /** Beside the text: for the first large number that becomes one the engine makes a table of 96 KB. */
  #epoch = Number.NaN;
  #sampleCount = 0;
  #lostClosings = 0;

  constructor(source: Source, log: EventLog) {
    this.#source = source;
    this.#log = log;
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    const snapshot = await this.#source.sample(want, deadlineMicros);
    this.#sampleCount++;
    const { network } = snapshot;
    if (network !== undefined) {
      this.#lostClosings = network.lostClosings;
      this.#logTier(network, snapshot.header.epoch);
    }
    this.#logErrors([...snapshot.errors, ...(network?.errors ?? [])]);
    return snapshot;
  }

  /** Fields of the last line. */
  get totals(): { readonly samples: number; readonly lost_closings: number } {
    return { samples: this.#sampleCount, lost_closings: this.#lostClosings };
  }

  close(): void {
    this.#source.close();
  }

  #logTier({ tier, counted, parts }: NetworkSection, epoch: number): void {
    const fields = { tier, counted, ...parts };
    const collectedBy = Object.values(fields).join(' ');
    if (collectedBy === this.#collectedBy && epoch === this.#epoch) return;
    this.#collectedBy = collectedBy;
    this.#epoch = epoch;
    this.#log.event('info', 'tier', { ...fields, epoch });
  }

  /** An error is one event however long it lasts; its message may contain a counter. */
  #logErrors(errors: readonly SectionError[]): void {
    const present = new Set<string>();
    for (const { op, code, message } of errors) {
      const key = `${op} ${code}`;
      present.add(key);
      if (this.#errorBegan.has(key) || this.#errorBegan.size >= ERRORS_LIMIT) continue;
      this.#errorBegan.set(key, performance.now());
      this.#log.event('warning', 'error-begins', { op, code, message });
    }
    for (const [key, beganMillis] of this.#errorBegan) {
      if (present.has(key)) continue;
      this.#errorBegan.delete(key);
      const [op, code] = [key.slice(0, key.lastIndexOf(' ')), key.slice(key.lastIndexOf(' ') + 1)];
      const seconds = Math.round(performance.now() - beganMillis) / 1000;
      this.#log.event('info', 'error-ends', { op, code, seconds });
    }
  }
}
