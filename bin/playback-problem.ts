import type { PlaybackProgress } from '../src/data/source/recorded-source.ts';

/** What is wrong with a recording as far as it has been played, in one line; undefined: nothing. */
export function playbackProblem(path: string, { damage, endsEarly }: PlaybackProgress): string | undefined {
  if (damage !== undefined) return `${damage.message}; what is whole was played`;
  if (endsEarly) return `'${path}' ends in the middle of a snapshot; all before that was played`;
  return undefined;
}
