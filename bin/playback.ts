import { basename } from 'node:path';
import type { PlaybackProgress, RecordedSource } from '../src/data/recording/recorded-source.ts';
import type { PlaybackState } from '../src/programs/sstop/sstop-model.ts';
import type { PlaybackCommand } from '../src/views/screen-update.ts';

/** How far the seek keys go. */
const SEEK_MILLIS = 10_000;

/** Does to a recording what a key asked for. */
export function steer(playback: RecordedSource, command: PlaybackCommand): void {
  switch (command) {
    case 'slower':
      playback.changeSpeed(-1);
      break;
    case 'faster':
      playback.changeSpeed(1);
      break;
    case 'back':
      playback.seekBy(-SEEK_MILLIS);
      break;
    case 'forward':
      playback.seekBy(SEEK_MILLIS);
      break;
    case 'pause':
      playback.setPaused(true);
      break;
    case 'resume':
      playback.setPaused(false);
      break;
  }
}

/** Where a recording is, for the screen. */
export function playbackState(playback: RecordedSource, path: string): PlaybackState {
  return { fileName: basename(path), progress: playback.progress };
}

/** What is wrong with a recording as far as it has been played, in one line; undefined: nothing. */
export function playbackProblem(path: string, { damage, endsEarly }: PlaybackProgress): string | undefined {
  if (damage !== undefined) return `${damage.message}; what is whole was played`;
  if (endsEarly) return `'${path}' ends in the middle of a snapshot; all before that was played`;
  return undefined;
}
