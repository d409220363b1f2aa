import type { Section } from '../../data/sample/snapshot.ts';
import { column, count, type JsonCodec, list, optionalText, record, text } from './json-codec.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';
import { sectionFacts } from './section-json.ts';

/** Processes in columns, as a recording holds them: one entry a row in each. NaN and undefined are unknown. */
export interface ProcessListMessage {
  readonly section: Section;
  /** Of the machine. */
  readonly processCount: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  readonly coreCount: number | undefined;
  readonly pid: ArrayLike<number>;
  readonly startTicks: ArrayLike<number>;
  readonly state: ArrayLike<number>;
  readonly threads: ArrayLike<number>;
  readonly cpuNanos: ArrayLike<number>;
  readonly residentBytes: ArrayLike<number>;
  readonly readBytes: ArrayLike<number>;
  readonly writtenBytes: ArrayLike<number>;
  readonly name: readonly string[];
  readonly user: readonly (string | undefined)[];
  readonly commandLine: readonly (string | undefined)[];
}

const counter = count();

/** The list as JSON; rows beyond the limit of lists are left out. */
export const processListMessage: JsonCodec<ProcessListMessage> = record<ProcessListMessage>({
  ...{ section: sectionFacts, processCount: counter, memoryTotalBytes: counter, coreCount: counter },
  ...{ pid: column, startTicks: column, state: column, threads: column },
  ...{ cpuNanos: column, residentBytes: column, readBytes: column, writtenBytes: column },
  name: list(text(TEXT_LIMIT.name), ROWS_LIMIT.list),
  user: list(optionalText(TEXT_LIMIT.name), ROWS_LIMIT.list),
  commandLine: list(optionalText(TEXT_LIMIT.line), ROWS_LIMIT.list),
});
