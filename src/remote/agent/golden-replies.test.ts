/**
 * Every reply of the original protocol and of socktop.v2 and /metrics, byte for byte before compression, of a made-up
 * machine. Those of the original protocol and of /metrics may not change; when socktop.v2 changes, write them anew:
 *
 *   npm run bun -- src/remote/agent/write-golden-replies.fixture.ts
 */
import { afterAll, beforeAll, expect, setSystemTime, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { type GoldenReply, goldenReplies } from './golden-replies.fixture.ts';

const FOLDER = `${import.meta.dir}/testdata/replies`;
let replies: readonly GoldenReply[] = [];

beforeAll(async () => {
  setSystemTime(new Date(1_700_000_000_000));
  replies = await goldenReplies();
});
afterAll(() => {
  setSystemTime();
});

const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.txt$/, ''));

test('there is one for each that is kept', () => {
  expect(replies.map(([name]) => name).sort()).toEqual([...NAMES].sort());
});

test.each(NAMES)('%s', async (name) => {
  const text = replies.find(([candidate]) => candidate === name)?.[1];
  expect(text).toBe(await Bun.file(`${FOLDER}/${name}.txt`).text());
});
