import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { type BuildKind, COMPILE_FLAGS, compileImage, IMAGE_NAME } from './compile.ts';
import { readRevision } from './revision.ts';
import { hostTarget, type Target } from './target.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = `${ROOT}.cache/build`;
const SOURCE_FOLDERS = ['bin', 'platforms', 'src'];
const SOURCE_FILES = ['package.json', 'package-lock.json', 'tsconfig.json'];

const OUTPUTS: Record<BuildKind, readonly string[]> = {
  release: ['dist/sstop', 'dist/socktop', 'dist/socktop-agent'],
  test: ['dist/test/sstop'],
};

/** What a finished build was made of and what it left, so that the next one knows whether there is work to do. */
interface BuildStamp {
  readonly inputs: string;
  readonly outputs: readonly string[];
}

/**
 * Makes the executables of a kind unless they are up to date already. Returns the paths written, relative to the
 * root; empty when nothing had changed. Throws `COMPILE` with the compiler's words.
 */
export function build(kind: BuildKind): readonly string[] {
  const inputs = hashOfInputs(kind);
  const stampPath = `${CACHE}/${kind}.json`;
  const stamp = readStamp(stampPath);
  const current = OUTPUTS[kind].map(describeFile);
  if (stamp?.inputs === inputs && Bun.deepEquals(stamp.outputs, current)) return [];
  const work = `${CACHE}/${kind}-${process.pid}`;
  try {
    mkdirSync(work, { recursive: true });
    const image = `${work}/${IMAGE_NAME}`;
    compileImage({ target: requireHost(), kind, runtime: process.execPath, output: image });
    for (const output of OUTPUTS[kind]) placeCopy(image, output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const finished: BuildStamp = { inputs, outputs: OUTPUTS[kind].map(describeFile) };
  writeFileSync(stampPath, JSON.stringify(finished));
  return OUTPUTS[kind];
}

/**
 * Each name is a file of its own: a capability belongs to the inode, and one that is given to one program must not
 * reach the others. Renamed into place, because a running executable cannot be written to.
 */
function placeCopy(image: string, output: string): void {
  const path = `${ROOT}${output}`;
  const unfinished = `${path}.${process.pid}`;
  mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  copyFileSync(image, unfinished, constants.COPYFILE_FICLONE);
  renameSync(unfinished, path);
}

function requireHost(): Target {
  const host = hostTarget();
  if (host !== undefined) return host;
  throw new OpError({
    op: 'build',
    code: 'UNSUPPORTED',
    message: `there is no Bun for ${process.platform} on ${process.arch}`,
  });
}

function hashOfInputs(kind: BuildKind): string {
  const runtime = statSync(process.execPath);
  const hash = createHash('sha256').update(
    [kind, Bun.version, runtime.size, runtime.mtimeMs, readRevision().label, ...COMPILE_FLAGS].join('\n'),
  );
  const sources = SOURCE_FOLDERS.flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|json)$/.test(path) && !path.endsWith('.test.ts'))
      .map((path) => `${folder}/${path}`),
  ).sort();
  for (const path of [...SOURCE_FILES, ...sources]) {
    const contents = readFileSync(`${ROOT}${path}`);
    hash.update(`\n${path} ${contents.length}\n`).update(contents);
  }
  return hash.digest('hex');
}

function describeFile(path: string): string {
  const found = statSync(`${ROOT}${path}`, { throwIfNoEntry: false });
  return found === undefined ? `${path} missing` : `${path} ${found.size} ${found.mtimeMs}`;
}

function readStamp(path: string): BuildStamp | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  return JSON.parse(readFileSync(path, 'utf8'));
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== '--test');
  if (unknown !== undefined) {
    process.stderr.write(`build: unknown argument ${unknown}; accepted: --test\n`);
    process.exit(2);
  }
  try {
    for (const path of build(args.includes('--test') ? 'test' : 'release')) {
      process.stdout.write(`built ${path} (${(statSync(`${ROOT}${path}`).size / 1e6).toFixed(1)} MB)\n`);
    }
  } catch (thrown) {
    process.stderr.write(`${toOpError('build', thrown).message}\n`);
    process.exit(1);
  }
}
