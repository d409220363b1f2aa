import type { RecordingWriter } from '../src/data/recording/recording-writer.ts';
import { complain } from './messages.ts';
import { closedInTime } from './stop.ts';

/** Writes what has been taken, and tells what is missing; resolves to whether all is well with the recording. */
export async function endRecording(program: string, writer: RecordingWriter): Promise<boolean> {
  const isClosed = await closedInTime(writer.close());
  const { unrecordedCount, error } = writer.status;
  if (unrecordedCount > 0) complain(program, `${unrecordedCount} snapshots are not in the recording`);
  if (!isClosed) complain(program, 'the disk holds up the recording: its end may be missing');
  return isClosed && error === undefined;
}
