import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { PrivateFolder } from '../../kit/files/private-folder.ts';
import type { TotalsPeriod } from '../sample/totals-kind.ts';
import {
  outdatedTotals,
  type PeriodTotals,
  readTotals,
  type TrafficTotals,
  totalsFileName,
  totalsFileOf,
} from './totals.ts';

/** A file is no longer: what writes them sees to that. */
export const TOTALS_FILE_LIMIT_BYTES = 16 << 10;
/** So many at once: an agent's reply is bounded whatever is asked for. */
export const TOTALS_PAGE_FILES = 32;
/** More than there are files. */
const PAGES_LIMIT = 16;

/** Loads what is in these files of periods that are not over: an earlier program has written them, or this one. */
export async function loadTotals(
  folder: PrivateFolder,
  totals: TrafficTotals,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const of = totalsFileOf(name);
    const bytes = await readBytes(folder, name);
    const read = of && bytes && totalsOf(of.period, of.name, bytes);
    if (read !== undefined) totals.load(read);
  }
}

/** Writes what is due, and removes what is too old where a file is new. Rejects with the system's code. */
export async function writeTotals(
  folder: PrivateFolder,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { name, bytes } of files) await folder.replace(name, bytes);
  if (files.length === 0) return;
  for (const name of outdatedTotals(await folder.names())) await folder.remove(name);
}

/**
 * What is due, as `TrafficTotals.due`, and the work to keep it. A clock that is set back, by a time zone too, comes to
 * periods that have a file already: what they begin with is loaded.
 */
export function keepTotals(
  folder: PrivateFolder,
  totals: TrafficTotals,
  wallMillis: number,
  isLast = false,
): () => Promise<void> {
  const files = totals.due(wallMillis, isLast);
  const { begun } = totals;
  return async () => {
    await writeTotals(folder, files);
    await loadTotals(folder, totals, begun);
  };
}

/** Files of totals of one kind of period, the newest first. */
export interface TotalsPage {
  /** By the names of their periods, as they stand in the folder. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** The period before which the next page begins; undefined: there is none. */
  readonly next: string | undefined;
}

/** A page of files from before a period, undefined: from the newest on. Rejects with OpError. */
export type AskTotalsPage = (period: TotalsPeriod, before: string | undefined) => Promise<TotalsPage>;

/** The files of a folder, page by page: for this program, and for an agent's clients. */
export function totalsPagesOf(folder: PrivateFolder): AskTotalsPage {
  return async (period, before) => {
    const files: { name: string; bytes: Uint8Array }[] = [];
    const named = (await folder.names()).flatMap((name) => totalsFileOf(name) ?? []);
    const periods = named.filter((of) => of.period === period).map(({ name }) => name);
    const wanted = periods.filter((name) => before === undefined || name < before).sort();
    for (const name of wanted.reverse().slice(0, TOTALS_PAGE_FILES)) {
      const bytes = await readBytes(folder, totalsFileName(period, name));
      if (bytes !== undefined) files.push({ name, bytes });
    }
    return {
      files,
      next: wanted[TOTALS_PAGE_FILES] === undefined ? undefined : wanted[TOTALS_PAGE_FILES - 1],
    };
  };
}

/** All totals of a kind of period, the newest first. Damaged pages are left out; a circle of them ends. */
export async function readAllTotals(
  ask: AskTotalsPage,
  period: TotalsPeriod,
): Promise<readonly PeriodTotals[]> {
  const all: PeriodTotals[] = [];
  let before: string | undefined;
  for (let pages = 0; pages < PAGES_LIMIT; pages++) {
    const { files, next } = await ask(period, before);
    for (const { name, bytes } of files) {
      if (before !== undefined && name >= before) continue;
      const read = totalsOf(period, name, bytes);
      if (read !== undefined) all.push(read);
    }
    if (next === undefined || (before !== undefined && next >= before)) break;
    before = next;
  }
  return all;
}

/** Undefined: what is there is no file of totals: one damaged file must not cost the others. */
function totalsOf(period: TotalsPeriod, name: string, bytes: Uint8Array): PeriodTotals | undefined {
  try {
    return readTotals(period, name, bytes);
  } catch (thrown) {
    if (thrown instanceof OpError) return undefined;
    throw thrown;
  }
}

/** Undefined: there is none. Rejects with OpError `EIO`. */
async function readBytes(folder: PrivateFolder, name: string): Promise<Uint8Array | undefined> {
  try {
    const file = await folder.read(name);
    try {
      const length = Math.min(TOTALS_FILE_LIMIT_BYTES, file.sizeBytes);
      return await file.read(new Uint8Array(length), 0);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    const { code } = toOpError('read totals', thrown);
    if (code === 'EIO') throw thrown;
    return undefined;
  }
}
