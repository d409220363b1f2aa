import { basename } from 'node:path';
import type { PlaybackProgress, RecordedSource } from '../../data/recording/recorded-source.ts';
import type { RecordingWriter } from '../../data/recording/recording-writer.ts';
import type { PlaybackCommand } from '../../views/screen-update.ts';
import { complain } from './messages.ts';
import { closedInTime } from './stop.ts';

/** A recording being played: its file and position. */
export interface PlaybackState {
  readonly fileName: string;
  readonly progress: PlaybackProgress;
  /** Wall time, for a history. */
  readonly wallMillis?: number;
}

/** Step of the seek keys. */
const SEEK_MILLIS = 10_000;

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

/** Position of a recording, for the screen. */
export function playbackState(playback: RecordedSource, path: string): PlaybackState {
  const { progress } = playback;
  return { fileName: basename(path), progress, wallMillis: playback.wallAt(progress.positionMillis) };
}

/** Returns what is wrong with a recording up to the current position, in one line; undefined: nothing. */
export function playbackProblem(path: string, { damage, endsEarly }: PlaybackProgress): string | undefined {
  if (damage !== undefined) return `${damage.message}; everything before it was played`;
  if (endsEarly) return `'${path}' is truncated in the middle of a snapshot; everything before it was played`;
  return undefined;
}

/** Finishes a recording and prints what is missing; resolves to whether it is complete. */
export async function endRecording(program: string, writer: RecordingWriter): Promise<boolean> {
  const isClosed = await closedInTime(writer.close());
  const { unrecordedCount, error } = writer.status;
  if (unrecordedCount > 0) complain(program, `${unrecordedCount} snapshots are missing from the recording`);
  if (!isClosed) complain(program, 'timeout while writing the recording: its end may be missing');
  return isClosed && error === undefined;
}
