import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';

const MODE = 0o600;
const MOST_NAMES = 8;
/** As many as Linux itself follows. */
const MOST_LINKS = 40;

/**
 * Writes a file as a whole or not at all, for the user alone; folders that are missing are made. A link of the user's
 * or of root is followed, also where nothing is yet, so that it stays one. `makeSuffix` makes what the name of the
 * temporary file ends with. OpError with the system's code, or `FOREIGN_LINK`.
 */
export function writeWhole(path: string, text: string, makeSuffix: () => string = randomUUID): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw toOpError(`make ${folder}`, thrown);
  }
  const target = linkTarget(path);
  try {
    const { temporary, descriptor } = createBeside(target, makeSuffix);
    try {
      try {
        writeFileSync(descriptor, text);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(temporary, target);
    } catch (thrown) {
      rmSync(temporary, { force: true });
      throw thrown;
    }
  } catch (thrown) {
    throw toOpError(`write ${path}`, thrown);
  }
}

/** A new file that nobody else can have put there: what has that name already, a link too, is left alone. */
function createBeside(
  target: string,
  makeSuffix: () => string,
): { readonly temporary: string; readonly descriptor: number } {
  for (let names = 1; ; names++) {
    const temporary = `${target}.${makeSuffix()}.new`;
    try {
      return { temporary, descriptor: openSync(temporary, 'wx', MODE) };
    } catch (thrown) {
      if (names === MOST_NAMES || toOpError('create', thrown).code !== 'EEXIST') throw thrown;
    }
  }
}

/** Where the links lead that the path begins; itself where it is none. */
function linkTarget(path: string): string {
  let target = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const next = readLink(target);
    if (next === undefined) return target;
    // No normal form: `..` behind a link to a folder is that folder's parent.
    target = isAbsolute(next) ? next : `${dirname(target)}/${next}`;
  }
  throw new OpError({ op: `follow ${path}`, code: 'ELOOP', message: `${path}: too many links` });
}

/** What a link says; undefined: it is none. Somebody else's must not lead root away. */
function readLink(path: string): string | undefined {
  try {
    const status = lstatSync(path);
    if (!status.isSymbolicLink()) return undefined;
    if (status.uid !== 0 && status.uid !== process.geteuid?.()) {
      const message = `${path} is another user's link`;
      throw new OpError({ op: 'follow link', code: 'FOREIGN_LINK', message });
    }
    return readlinkSync(path);
  } catch (thrown) {
    const error = toOpError(`follow ${path}`, thrown);
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
