import { basename } from 'node:path';
import type { PlaybackProgress, RecordedSource } from '../../data/recording/recorded-source.ts';
import type { RecordingWriter } from '../../data/recording/recording-writer.ts';
import type { PlaybackCommand } from '../../views/screen-update.ts';
import { complain } from './messages.ts';
import { closedInTime } from './stop.ts';

/** A recording that is played: its file, and where one is in it. */
export interface PlaybackState {
  readonly fileName: string;
  readonly progress: PlaybackProgress;
}

/** How far the seek keys go. */
const SEEK_MILLIS = 10_000;

/** Does to a recording what a key asked for. */
export function controlPlayback(playback: RecordedSource, command: PlaybackCommand): void {
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
  if (damage !== undefined) return `${damage.message}; everything before it was played`;
  if (endsEarly) return `'${path}' is truncated in the middle of a snapshot; everything before it was played`;
  return undefined;
}

/** Writes what has been taken, and tells what is missing; resolves to whether all is well with the recording. */
export async function endRecording(program: string, writer: RecordingWriter): Promise<boolean> {
  const isClosed = await closedInTime(writer.close());
  const { unrecordedCount, error } = writer.status;
  if (unrecordedCount > 0) complain(program, `${unrecordedCount} snapshots are missing from the recording`);
  if (!isClosed) complain(program, 'timeout while writing the recording: its end may be missing');
  return isClosed && error === undefined;
}
