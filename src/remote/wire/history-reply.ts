import { type JsonValue, readList, readObject } from '../../data/codec/json-values.ts';
import { wireError } from '../../data/codec/wire-error.ts';
import type { HistoryHeaders, HistoryPart } from '../../data/recording/history-pieces.ts';
import {
  TOTALS_FILE_LIMIT_BYTES,
  TOTALS_PAGE_FILES,
  type TotalsPage,
} from '../../data/recording/totals-files.ts';
import { isPeriodName, type TotalsPeriod } from '../../data/sample/totals-kind.ts';

/** More than a history has. */
const PARTS_LIMIT = 4096;
const HEADERS_LIMIT = 1024;
const HEADER_LIMIT_CHARACTERS = 1024;
/** In Base64. */
const TOTALS_LIMIT_CHARACTERS = Math.ceil(TOTALS_FILE_LIMIT_BYTES / 3) * 4;

/** The parts of a history: `{"segments": [[number, bytes], ...]}`. */
export const historyParts = {
  write(parts: readonly HistoryPart[]): JsonValue {
    return { segments: parts.map(({ number, sizeBytes }) => [number, sizeBytes]) };
  },

  /** Throws OpError `BAD_VALUE`, `TOO_MANY_ROWS`. */
  read(value: unknown): readonly HistoryPart[] {
    const { segments } = readObject(value, 'reply');
    return readList(segments, 'segments', PARTS_LIMIT).map((entry) => {
      const [number, sizeBytes] = readList(entry, 'segments[]', 2);
      return { number: countOf(number), sizeBytes: countOf(sizeBytes) };
    });
  },
};

/** The heads of members: `{"headers": [[offset, base64], ...], "next": offset or null}`. */
export const historyHeaders = {
  write({ headers, next }: HistoryHeaders): JsonValue {
    const list = headers.map(
      ({ offset, bytes }): JsonValue => [offset, Buffer.from(bytes).toString('base64')],
    );
    return { headers: list, next: next ?? null };
  },

  /** Throws OpError `BAD_VALUE`, `TOO_MANY_ROWS`. */
  read(value: unknown): HistoryHeaders {
    const { entries, next } = readPage(value, 'headers', HEADERS_LIMIT, HEADER_LIMIT_CHARACTERS, countOf);
    return { headers: entries.map(({ key, bytes }) => ({ offset: key, bytes })), next };
  },
};
/** Pairs of a key and Base64, and the key to go on with. Throws OpError `BAD_VALUE`, `TOO_MANY_ROWS`. */
function readPage<K>(
  value: unknown,
  name: 'headers' | 'files',
  most: number,
  characters: number,
  keyOf: (key: unknown) => K,
) {
  const { [name]: list, next } = readObject(value, 'reply');
  const entries = readList(list, name, most).map((entry) => {
    const [key, text] = readList(entry, `${name}[]`, 2);
    if (typeof text !== 'string' || text.length > characters) {
      throw wireError('decode', 'BAD_VALUE', `one of ${name} is not text, or too long`);
    }
    return { key: keyOf(key), bytes: new Uint8Array(Buffer.from(text, 'base64')) };
  });
  return { entries, next: next === null || next === undefined ? undefined : keyOf(next) };
}

function countOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw wireError('decode', 'BAD_VALUE', 'a position in a history is not a number');
}

/** Files of totals: `{"files": [[period, base64], ...], "next": period or null}`. */
export const totalsPage = {
  write({ files, next }: TotalsPage): JsonValue {
    const list = files.map(({ name, bytes }): JsonValue => [name, Buffer.from(bytes).toString('base64')]);
    return { files: list, next: next ?? null };
  },

  /** Throws OpError `BAD_VALUE`, `TOO_MANY_ROWS`. */
  read(value: unknown, period: TotalsPeriod): TotalsPage {
    const nameOf = (name: unknown): string => {
      if (isPeriodName(period, name)) return name;
      throw wireError('decode', 'BAD_VALUE', `no ${period} is named`);
    };
    const { entries, next } = readPage(value, 'files', TOTALS_PAGE_FILES, TOTALS_LIMIT_CHARACTERS, nameOf);
    return { files: entries.map(({ key, bytes }) => ({ name: key, bytes })), next };
  },
};
