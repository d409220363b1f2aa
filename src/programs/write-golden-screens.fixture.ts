/** Writes the screens that `golden-screens.test.ts` compares with. */
import { useLocalTime } from '../kit/text/format.ts';
import {
  goldenText,
  SOCKTOP_VIEWS,
  SSTOP_VIEWS,
  socktopScreens,
  sstopScreens,
} from './golden-screens.fixture.ts';

const FOLDER = `${import.meta.dir}/testdata/screens`;

useLocalTime(() => 0);
for (const view of SSTOP_VIEWS) {
  await Bun.write(`${FOLDER}/sstop-${view.name}.txt`, goldenText(sstopScreens(view)));
}
for (const view of SOCKTOP_VIEWS) {
  await Bun.write(`${FOLDER}/socktop-${view.name}.txt`, goldenText(socktopScreens(view)));
}
