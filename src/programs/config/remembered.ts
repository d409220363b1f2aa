import { join } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';
import { readText } from '../../kit/files/user-file.ts';
import { RATE_UNITS, type RateUnits } from '../../kit/text/format.ts';
import { writeWhole } from './atomic-file.ts';

const LIMIT_BYTES = 64 * 1024;

/** Path of `state.json` in the state folder: choices made by keys. The configuration file belongs to the user. */
export function statePath(folder: string): string {
  return join(folder, 'state.json');
}

/** Units and socktop's columns as last chosen; undefined: none, or not readable, which is worth no message. */
export function remembered(
  path: string,
  known: { readonly socktopColumns: readonly string[] },
): { readonly units: RateUnits | undefined; readonly socktopColumns: readonly string[] | undefined } {
  const { units, 'socktop-columns': columns } = readState(path) ?? {};
  return {
    units: RATE_UNITS.find((one) => one === units),
    socktopColumns: Array.isArray(columns) ? columnsIn(columns, known.socktopColumns) : undefined,
  };
}

function columnsIn(columns: readonly unknown[], known: readonly string[]): readonly string[] | undefined {
  const chosen = known.filter((id) => columns.includes(id));
  if (chosen.length === 0) return undefined;
  return chosen.sort((a, b) => columns.indexOf(a) - columns.indexOf(b));
}

/** Choices made by keys. */
interface Chosen {
  readonly units?: RateUnits | undefined;
  readonly 'socktop-columns'?: readonly string[] | undefined;
}

/** Saves choices and keeps the other entries. A damaged file is not changed. Throws OpError with the system's code. */
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
