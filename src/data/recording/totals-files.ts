import { toOpError } from '../../kit/errors/op-error.ts';
import type { PrivateFolder } from '../../kit/files/private-folder.ts';
import type { TotalsPeriod } from '../sample/totals-kind.ts';
import { readFully } from './recording-file.ts';
import { outdatedTotals, type PeriodTotals, readTotals, type TrafficTotals, totalsFileOf } from './totals.ts';

/** A file is no longer: what writes them sees to that. */
const FILE_LIMIT_BYTES = 1 << 16;

/** Loads what an earlier program has written of the periods that are not over. */
export async function loadTotals(
  folder: PrivateFolder,
  totals: TrafficTotals,
  wallMillis: number,
): Promise<void> {
  for (const name of totals.openFiles(wallMillis)) {
    const read = await readFile(folder, name);
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

/** All totals of a kind of period, the newest first. Rejects with OpError. */
export async function readAllTotals(
  folder: PrivateFolder,
  period: TotalsPeriod,
): Promise<readonly PeriodTotals[]> {
  const all: PeriodTotals[] = [];
  const names = (await folder.names()).filter((name) => totalsFileOf(name)?.period === period);
  for (const name of names.sort().reverse()) {
    const read = await readFile(folder, name);
    if (read !== undefined) all.push(read);
  }
  return all;
}

/** Undefined: there is none, or what is there is no file of totals. */
async function readFile(folder: PrivateFolder, name: string): Promise<PeriodTotals | undefined> {
  const of = totalsFileOf(name);
  if (of === undefined) return undefined;
  try {
    const file = await folder.read(name);
    try {
      const length = Math.min(FILE_LIMIT_BYTES, file.sizeBytes);
      return readTotals(of.period, of.name, await readFully(file, new Uint8Array(length), 0, length));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    // One damaged file must not cost the others.
    const { code } = toOpError('read totals', thrown);
    if (code === 'EIO') throw thrown;
    return undefined;
  }
}
