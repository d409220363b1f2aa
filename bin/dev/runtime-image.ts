import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { disableCrashReport } from './crash-report.ts';
import { isElf } from './entry-stub/seal.ts';
import { requireJudged } from './runtime-variables.ts';

/**
 * Environment variables by which Bun's runtime would run other code than the program's own. No build flag turns them
 * off. On Linux the entry stub removes them as well; other systems have no stub.
 */
const DISABLED_VARIABLES = ['BUN_BE_BUN', 'BUN_OPTIONS'] as const;
const EXECUTABLE_MODE = 0o755;

/**
 * Path of a copy of a Bun, the running one unless another is named, that knows none of DISABLED_VARIABLES, and on Linux
 * reports no crash, made on first use. The folder holds one copy per content of the original.
 */
export function hardenedRuntime(folder: string, runtime: string = process.execPath): string {
  const image = readFileSync(runtime);
  const changes = [...DISABLED_VARIABLES, 'crash report'];
  const hash = createHash('sha256').update(changes.join(' ')).update(image).digest('hex');
  const path = `${folder}/bun-${hash.slice(0, 24)}`;
  if (existsSync(path)) return path;
  if (isElf(image)) {
    requireJudged(image);
    disableCrashReport(image);
  }
  disableVariables(image, DISABLED_VARIABLES);
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, image);
  chmodSync(unfinished, EXECUTABLE_MODE);
  renameSync(unfinished, path);
  return path;
}

/**
 * Makes each name unreachable where it stands in the image: its first byte becomes NUL, so that the runtime asks the
 * environment for the empty name. A name counts where it stands between NULs; there must be exactly one such place,
 * else the image is not the one this was made for (`RUNTIME_IMAGE`).
 */
export function disableVariables(image: Uint8Array, names: readonly string[]): void {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  for (const name of names) {
    const places = placesBetweenNuls(bytes, name);
    if (places.length !== 1) {
      throw new OpError({
        op: `disable ${name}`,
        code: 'RUNTIME_IMAGE',
        message: `the runtime holds ${name} in ${places.length} places instead of one: look again at what it reads`,
      });
    }
    bytes[places[0]!] = 0;
  }
}

function placesBetweenNuls(bytes: Buffer, name: string): number[] {
  const places: number[] = [];
  const delimited = `\0${name}\0`;
  for (let at = bytes.indexOf(delimited, 0, 'latin1'); at >= 0; ) {
    places.push(at + 1);
    at = bytes.indexOf(delimited, at + delimited.length - 1, 'latin1');
  }
  return places;
}
