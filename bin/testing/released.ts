import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';

/** What `npm run release` has made; npm run test:release makes it before the tests. */
export const RELEASE = fileURLToPath(new URL('../../dist/release', import.meta.url));

/** Path of a released file. Throws where it was not made. */
export function released(name: string): string {
  const path = `${RELEASE}/${name}`;
  if (existsSync(path)) return path;
  throw new OpError({ op: 'find release', code: 'ENOENT', message: `dist/release has no ${name}` });
}

/** SHA256SUMS of a release: name to sum. */
export function sumsIn(folder: string): Map<string, string> {
  const lines = readFileSync(`${folder}/SHA256SUMS`, 'utf8').trim().split('\n');
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}
