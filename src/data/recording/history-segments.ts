/** A history is a folder of recordings, each called by its number and the time of its first line. */
const NAME = /^(\d{10})-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.sstop$/;
/** The file by which a writer keeps others out. */
export const LOCK_NAME = 'lock';
/** Files that are looked at; a writer makes some dozens. */
const SEGMENTS_LIMIT = 4096;

/** One file of a history. */
export interface Segment {
  readonly name: string;
  readonly number: number;
  /** Wall time of its first line, in whole seconds. */
  readonly startWallMillis: number;
}

/** The segment that a file's name says it is; undefined: another file. */
export function segmentOf(name: string): Segment | undefined {
  const [, number, ...parts] = NAME.exec(name) ?? [];
  if (number === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  return {
    name,
    number: Number(number),
    startWallMillis: Date.UTC(year, month - 1, day, hour, minute, second),
  };
}

export function segmentNamed(number: number, wallMillis: number): Segment {
  const startWallMillis = Math.floor(wallMillis / 1000) * 1000;
  const time = new Date(startWallMillis).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  return { name: `${String(number).padStart(10, '0')}-${time}.sstop`, number, startWallMillis };
}

/** The segments among some names, the oldest first. */
export function segmentsIn(names: readonly string[]): Segment[] {
  const segments = names.flatMap((name) => segmentOf(name) ?? []);
  return segments.sort((a, b) => a.number - b.number).slice(-SEGMENTS_LIMIT);
}
