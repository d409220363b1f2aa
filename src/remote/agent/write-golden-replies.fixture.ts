/** Writes the replies that `golden-replies.test.ts` compares with. */
import { setSystemTime } from 'bun:test';
import { goldenReplies } from './golden-replies.fixture.ts';

setSystemTime(new Date(1_700_000_000_000));
for (const [name, text] of await goldenReplies()) {
  await Bun.write(`${import.meta.dir}/testdata/replies/${name}.txt`, text);
}
