import { join } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';
import { readText } from '../../kit/files/user-file.ts';
import { RATE_UNITS, type RateUnits } from '../../kit/text/format.ts';
import { writeWhole } from './atomic-file.ts';

const LIMIT_BYTES = 64 * 1024;

/** `state.json` in the folder of the state: what was chosen by keys. The configuration is the user's own file. */
export function statePath(folder: string): string {
  return join(folder, 'state.json');
}

/** The units chosen last; undefined where none were, or the file cannot be read: a choice is worth no message. */
export function rememberedUnits(path: string): RateUnits | undefined {
  const units = readState(path)?.['units'];
  return RATE_UNITS.find((known) => known === units);
}

/** The columns of socktop chosen last, those that this version knows; undefined as for units. */
export function rememberedColumns(path: string, known: readonly string[]): readonly string[] | undefined {
  const columns = readState(path)?.['socktop-columns'];
  if (!Array.isArray(columns)) return undefined;
  const chosen = known.filter((id) => columns.includes(id));
  if (chosen.length === 0) return undefined;
  return chosen.sort((a, b) => columns.indexOf(a) - columns.indexOf(b));
}

/** What was chosen by keys. */
interface Chosen {
  readonly units?: RateUnits | undefined;
  readonly 'socktop-columns'?: readonly string[] | undefined;
}

/** Writes what was chosen and keeps the other entries. A damaged file is left as it is. OpError with the system's code. */
export function remember(path: string, chosen: Chosen): void {
  const state = readState(path);
  if (state !== undefined) writeWhole(path, `${JSON.stringify({ ...state, ...chosen }, undefined, 2)}\n`);
}

/** Entries of the file; undefined if it cannot be read or is damaged. */
function readState(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(readText(path, LIMIT_BYTES));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? { ...parsed }
      : undefined;
  } catch (thrown) {
    return toOpError(`read ${path}`, thrown).code === 'ENOENT' ? {} : undefined;
  }
}
