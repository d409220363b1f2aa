import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { EXIT_FAILURE, EXIT_USAGE } from '../../src/programs/shared/messages.ts';
import { VERSION } from '../executable.ts';
import { compileImage, IMAGE_NAME } from './compile.ts';
import { installScript, recipes } from './release/channels.ts';
import { licensesOfAll } from './release/licenses.ts';
import { npmPackage } from './release/npm-package.ts';
import { commonArchives, type ReleasedFile, type TargetImage, xzArchives } from './release/packed-image.ts';
import { sbom } from './release/sbom.ts';
import { canMakeXz } from './release/xz.ts';
import { readRevision } from './revision.ts';
import { runtimeFor } from './runtime-package.ts';
import { suffixOf, TARGETS, type Target, targetOf } from './target.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUTPUT = `${ROOT}dist/release`;
const CACHE = `${ROOT}.cache/release`;
const JOBS_LIMIT = Math.max(1, availableParallelism() - 1);
const USAGE = 'npm run release -- [--target NAME]... [--no-xz] [--address URL]';
/** Kept for examples (RFC 2606): the release has no home before one is named. */
const DEFAULT_ADDRESS = 'https://example.org/sstop';

interface Arguments {
  readonly targets: readonly Target[];
  readonly withXz: boolean;
  /** Where the files will be; it goes into install.sh and the recipes. */
  readonly address: string;
}

/** The sum of every file, for SHA256SUMS. */
const sums = new Map<string, string>();

async function release({ targets, withXz, address }: Arguments): Promise<void> {
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  const { label, seconds } = readRevision();
  say(`version ${VERSION} (${label}), dated ${new Date(seconds * 1000).toISOString()}`);
  if (withXz && !canMakeXz())
    say('no .tar.xz and no Debian packages: xz is not installed (Debian: xz-utils)');
  const xzJobs: Promise<void>[] = [];
  for (const target of targets) {
    const image = { target, image: new Uint8Array(compiled(target)) };
    if (withXz && canMakeXz()) xzJobs.push(writeXz(image, seconds));
    for (const file of commonArchives(image, seconds)) write(file);
    // One xz works beside this program; each job holds an image in memory.
    while (xzJobs.length > JOBS_LIMIT) await xzJobs.shift();
  }
  await Promise.all(xzJobs);
  write({
    name: `sstop-${VERSION}.tgz`,
    contents: npmPackage(VERSION, seconds, `${CACHE}/npm-${process.pid}`),
  });
  const text = (name: string, contents: string): void => write({ name, contents: Buffer.from(contents) });
  text('LICENSES.txt', licensesOfAll());
  text(`sstop-${VERSION}.cdx.json`, sbom({ version: VERSION, revision: label, seconds }));
  text('install.sh', installScript({ address }));
  const lines = [...sums].sort().map(([name, sum]) => `${sum}  ${name}\n`);
  writeFileSync(`${OUTPUT}/SHA256SUMS`, lines.join(''));
  if (targets.length === TARGETS.length) writeRecipes(address);
}

/** They name the sums, so they have none. */
function writeRecipes(address: string): void {
  for (const { name, contents } of recipes({ version: VERSION, address, sums })) {
    const path = `${OUTPUT}/recipes/${name}`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
}

async function writeXz(image: TargetImage, seconds: number): Promise<void> {
  const folder = `${CACHE}/xz-${image.target.name}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    for await (const file of xzArchives(image, { version: VERSION, seconds, folder })) write(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compiled(target: Target): Uint8Array {
  const work = `${CACHE}/${target.name}-${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const output = `${work}/${IMAGE_NAME}${suffixOf(target)}`;
    compileImage({ target, kind: 'release', runtime: runtimeFor(target), output });
    return readFileSync(output);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function write({ name, contents }: ReleasedFile): void {
  writeFileSync(`${OUTPUT}/${name}`, contents);
  sums.set(name, createHash('sha256').update(contents).digest('hex'));
  say(`${name} (${(contents.length / 1e6).toFixed(1)} MB)`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Undefined where they cannot be understood; what was wrong has been said. */
function parse(argv: readonly string[]): Arguments | undefined {
  const named: Target[] = [];
  let withXz = true;
  let address = DEFAULT_ADDRESS;
  for (let at = 0; at < argv.length; at++) {
    if (argv[at] === '--no-xz') {
      withXz = false;
    } else if (argv[at] === '--address' && URL.canParse(argv[at + 1] ?? '')) {
      address = argv[++at]!.replace(/\/+$/, '');
    } else {
      const target = argv[at] === '--target' ? targetOf(argv[++at] ?? '') : undefined;
      if (target === undefined) return complain(argv[at]);
      named.push(target);
    }
  }
  return { targets: named.length > 0 ? named : TARGETS, withXz, address };
}

function complain(argument: string | undefined): undefined {
  process.stderr.write(`release: '${argument ?? ''}' is not known here; accepted: ${USAGE}\n`);
  process.stderr.write(`targets: ${TARGETS.map(({ name }) => name).join(', ')}\n`);
}

const args = parse(process.argv.slice(2));
if (args === undefined) process.exit(EXIT_USAGE);
try {
  await release(args);
} catch (thrown) {
  process.stderr.write(`${toOpError('release', thrown).message}\n`);
  process.exit(EXIT_FAILURE);
}
