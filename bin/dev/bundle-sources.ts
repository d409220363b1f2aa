import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inlineNumbers } from './inline-numbers.ts';
import { PrivateNames } from './private-names.ts';

const FOLDERS = ['bin', 'src', 'platforms'];
/** What sources import beside sources. */
const MANIFEST = 'package.json';

/** Writes the sources under `root` into a folder as the bundler gets them: all but tests, as JavaScript. */
export function writeBundleSources(root: string, folder: string): void {
  const texts = FOLDERS.flatMap((name) => sourcesIn(root, name));
  const privateNames = new PrivateNames();
  for (const [path, code] of inlineNumbers(new Map(texts))) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), privateNames.replaceIn(code));
  }
  copyFileSync(join(root, MANIFEST), join(folder, MANIFEST));
}

function sourcesIn(root: string, folder: string): [path: string, text: string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => [`${folder}/${path}`, readFileSync(join(root, folder, path), 'utf8')]);
}
