import { expect, test } from 'bun:test';
import { dirname } from 'node:path';
import { SSTOP } from './testing/executables.ts';
import { OLD_RECORDINGS, play, playings } from './testing/old-recordings.ts';

test.each(playings())(
  'a recording of version 0.1 plays back as 0.1 played it: $expected',
  async (playing) => {
    const expected = await Bun.file(`${OLD_RECORDINGS}/${playing.expected}`).text();
    expect(expected).not.toBe('');
    expect(await play(dirname(SSTOP), playing)).toBe(expected);
  },
);
