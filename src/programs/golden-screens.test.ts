/**
 * Screens of every view of sstop and socktop, character by character and style by style, as they were when these files
 * were written. A change that means to change a screen writes them anew, and its diff shows what has changed:
 *
 *   npm run bun -- src/programs/write-golden-screens.fixture.ts
 */
import { beforeAll, expect, test } from 'bun:test';
import { useLocalTime } from '../kit/text/format.ts';
import {
  goldenText,
  SOCKTOP_VIEWS,
  SSTOP_VIEWS,
  socktopScreens,
  sstopScreens,
} from './golden-screens.fixture.ts';

const FOLDER = `${import.meta.dir}/testdata/screens`;

beforeAll(() => useLocalTime(() => 0));

test.each(SSTOP_VIEWS)('sstop, $name', async (view) => {
  expect(goldenText(sstopScreens(view))).toBe(await Bun.file(`${FOLDER}/sstop-${view.name}.txt`).text());
});

test.each(SOCKTOP_VIEWS)('socktop, $name', async (view) => {
  expect(goldenText(socktopScreens(view))).toBe(await Bun.file(`${FOLDER}/socktop-${view.name}.txt`).text());
});
