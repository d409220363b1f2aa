import { expect, test } from 'bun:test';
import { PassThrough } from 'node:stream';
import cliCursor from 'cli-cursor';
import { enterSequence, leaveSequence } from './frame-encoder.ts';

/** What cli-cursor writes to a terminal. */
function written(use: (stream: NodeJS.WritableStream) => void): string {
  const stream = Object.assign(new PassThrough(), { isTTY: true });
  use(stream);
  return String(stream.read() ?? '');
}

test('the cursor is hidden and shown as cli-cursor does it', () => {
  const hidden = written((stream) => cliCursor.hide(stream));
  const shown = written((stream) => cliCursor.show(stream));
  expect(hidden).not.toBe('');
  expect(enterSequence({ mouse: true, focusEvents: false })).toContain(hidden);
  expect(leaveSequence(false)).toContain(shown);
});
