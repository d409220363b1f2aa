import { expect, test } from 'bun:test';
import { PassThrough } from 'node:stream';
import {
  beginSynchronizedOutput,
  endSynchronizedOutput,
  enterAlternativeScreen,
  exitAlternativeScreen,
} from 'ansi-escapes';
import cliCursor from 'cli-cursor';
import { enterSequence, FrameEncoder, leaveSequence } from './frame-encoder.ts';

/** What cli-cursor writes to a terminal. */
function written(use: (stream: NodeJS.WritableStream) => void): string {
  const stream = Object.assign(new PassThrough(), { isTTY: true });
  use(stream);
  return String(stream.read() ?? '');
}

test('terminals do not order the columns of a row by the direction of a name in it', () => {
  expect(enterSequence({ mouse: false, focusEvents: false })).toContain('\x1b[8l');
  expect(leaveSequence(false)).toContain('\x1b[8h');
});

test('the cursor is hidden and shown as cli-cursor does it', () => {
  const hidden = written((stream) => cliCursor.hide(stream));
  const shown = written((stream) => cliCursor.show(stream));
  expect(hidden).not.toBe('');
  expect(enterSequence({ mouse: true, focusEvents: false })).toContain(hidden);
  expect(leaveSequence(false)).toContain(shown);
});

test('the other sequences of a full screen are those of ansi-escapes', () => {
  expect(enterSequence({ mouse: false, focusEvents: false })).toStartWith(enterAlternativeScreen);
  expect(leaveSequence(false)).toStartWith(endSynchronizedOutput);
  expect(leaveSequence(false)).toEndWith(exitAlternativeScreen);
  const frames = new FrameEncoder('never');
  frames.paint(2, 1, () => undefined);
  const length = frames.encode('never', true);
  const frame = new TextDecoder().decode(frames.bytes.subarray(0, length));
  expect(frame).toStartWith(beginSynchronizedOutput);
  expect(frame).toEndWith(endSynchronizedOutput);
});
