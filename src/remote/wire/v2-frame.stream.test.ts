import { describe, expect, test } from 'bun:test';
import { toOpError } from '../../kit/errors/op-error.ts';
import { StreamFrames, streamFrame } from './v2-frame.ts';

const messages = ['{"id":1}', 'x', 'é'.repeat(100)].map((text) => new TextEncoder().encode(text));
const stream = Buffer.concat(messages.map(streamFrame));

function codeOf(work: () => unknown): string {
  try {
    work();
    return '';
  } catch (thrown) {
    return toOpError('test', thrown).code;
  }
}

describe('messages on a stream', () => {
  test('arrive as they were sent, however the stream is cut', () => {
    for (let size = 1; size <= stream.length; size++) {
      const frames = new StreamFrames(1000);
      const got: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size)
        got.push(...frames.take(stream.subarray(at, at + size)));
      expect(got).toEqual(messages);
    }
  });

  test('a length is little endian, four bytes', () => {
    expect([...streamFrame(new Uint8Array(258)).subarray(0, 4)]).toEqual([2, 1, 0, 0]);
  });

  test('one that is longer than the limit is refused by its length alone, an empty one too', () => {
    const long = Uint8Array.of(0xe9, 3, 0, 0);
    expect(codeOf(() => [...new StreamFrames(1000).take(long)])).toBe('TOO_LARGE');
    expect(codeOf(() => [...new StreamFrames(1001).take(long)])).toBe('');
    expect(codeOf(() => [...new StreamFrames(1000).take(Uint8Array.of(255, 255, 255, 255))])).toBe(
      'TOO_LARGE',
    );
    expect(codeOf(() => [...new StreamFrames(1000).take(new Uint8Array(4))])).toBe('BAD_VALUE');
  });

  test('what was given is copied: its buffer may be used again', () => {
    const chunk = streamFrame(Uint8Array.of(1, 2, 3));
    const frames = new StreamFrames(10);
    expect([...frames.take(chunk.subarray(0, 5))]).toEqual([]);
    const rest = chunk.slice(5);
    chunk.fill(9);
    expect([...frames.take(rest)]).toEqual([Uint8Array.of(1, 2, 3)]);
  });
});
