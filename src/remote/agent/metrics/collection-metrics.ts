import type { Section, Snapshot } from '../../../data/sample/snapshot.ts';
import type { Part } from '../../../data/schema/section-facts.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { counter, gauge } from './family.ts';
import { encodeLabels } from './labels.ts';

/** What is collected on its own, and may fail on its own. */
const COLLECTIONS = [
  ...['cpu', 'memory', 'interfaces', 'sensors', 'gpus'],
  ...['disks', 'processes', 'network'],
] as const;

const DURATION = gauge(
  'socktop_agent_collection_duration_seconds',
  'How long the collection took whose values are shown.',
  'seconds',
);
const SUCCESS = gauge(
  'socktop_agent_collection_success',
  'Whether the collection succeeded without an error.',
);
const AGE = gauge(
  'socktop_agent_collection_age_seconds',
  'How long ago the values were read that are shown.',
  'seconds',
);
const ERRORS = counter(
  'socktop_agent_collection_errors_total',
  'Errors of collections since the agent started.',
);
const LEFT_OUT = gauge(
  'socktop_agent_collection_rows_left_out',
  'Rows without series, past the limit or of the same name as another.',
);

const MICROS_DECIMALS = 6;

class Collection {
  readonly labels: Uint8Array;
  isWanted = false;
  /** NaN: there are no values. */
  durationMicros = Number.NaN;
  monotonicMicros = Number.NaN;
  isGood = false;
  errors = 0;
  /** Of its tables; undefined: it has none that could be too long. */
  rowsLeftOut: number | undefined;
  #countedMicros = Number.NaN;

  constructor(name: string) {
    this.labels = encodeLabels('section', name);
  }

  part(part: Part<unknown> | undefined): void {
    if (part === undefined) this.#missing();
    else if (part.value === undefined && part.error === undefined) this.isWanted = false;
    else this.#note(part.durationMicros, part.monotonicMicros, part.error === undefined ? 0 : 1);
  }

  section(section: Section | undefined): void {
    if (section === undefined) this.#missing();
    else this.#note(section.durationMicros, section.monotonicMicros, section.errors.length);
  }

  #note(durationMicros: number, monotonicMicros: number, errors: number): void {
    this.isWanted = true;
    this.durationMicros = durationMicros;
    this.monotonicMicros = monotonicMicros;
    this.isGood = errors === 0;
    // A sample that answers several scrapes failed but once.
    if (monotonicMicros !== this.#countedMicros) this.errors += errors;
    this.#countedMicros = monotonicMicros;
  }

  #missing(): void {
    this.isWanted = true;
    this.durationMicros = Number.NaN;
    this.monotonicMicros = Number.NaN;
    this.isGood = false;
    this.errors++;
    this.rowsLeftOut = undefined;
  }
}

/** How the collections went that a page shows. */
export class CollectionMetrics {
  readonly cpu = new Collection('cpu');
  readonly memory = new Collection('memory');
  readonly interfaces = new Collection('interfaces');
  readonly sensors = new Collection('sensors');
  readonly gpus = new Collection('gpus');
  readonly disks = new Collection('disks');
  readonly processes = new Collection('processes');
  readonly network = new Collection('network');

  /** Machine, disks and processes are on every page: where one of them is missing, its collection has failed. */
  note({ machine, disks, machineProcesses, network }: Snapshot, isNetworkWanted: boolean): void {
    this.cpu.part(machine?.cpu);
    this.memory.part(machine?.memory);
    this.interfaces.part(machine?.networks);
    // Without a machine section nobody knows whether these are switched off.
    if (machine !== undefined) {
      this.sensors.part(machine.sensors);
      this.gpus.part(machine.gpus);
    }
    this.disks.section(disks);
    this.processes.section(machineProcesses);
    if (isNetworkWanted) this.network.section(network);
    else this.network.isWanted = false;
  }

  write(writer: ExpositionWriter, nowMicros: number): void {
    const wanted = COLLECTIONS.map((name) => this[name]).filter(({ isWanted }) => isWanted);
    for (const { labels, durationMicros } of wanted) {
      writer.scaled(DURATION, labels, Math.round(durationMicros), MICROS_DECIMALS);
    }
    for (const { labels, monotonicMicros } of wanted) {
      const ageMicros = Math.max(0, Math.round(nowMicros - monotonicMicros));
      writer.scaled(AGE, labels, ageMicros, MICROS_DECIMALS);
    }
    for (const { labels, isGood } of wanted) writer.sample(SUCCESS, labels, isGood ? 1 : 0);
    for (const { labels, errors } of wanted) writer.sample(ERRORS, labels, errors);
    for (const { labels, rowsLeftOut } of wanted) writer.sample(LEFT_OUT, labels, rowsLeftOut);
  }
}
