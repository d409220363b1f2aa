import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { writeBundleSources } from './bundle-sources.ts';
import { sealExecutable } from './entry-stub/seal.ts';
import { isSignedAsItIs, signAdHoc } from './macho/macho-signature.ts';
import { readRevision } from './revision.ts';
import { hardenedRuntime } from './runtime-image.ts';
import { bunTargetOf, type Target } from './target.ts';

/** `release` is what people run; `test` can be told to fail on purpose (SSTOP_TEST_BUILD). */
export type BuildKind = 'release' | 'test';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = `${ROOT}.cache`;
const HARDENED_RUNTIMES = `${CACHE}/runtime`;
/** The program's first source, relative to the root. */
export const ENTRY = 'bin/main.ts';

/** The compiled file's base name goes into the image, so it is always this one. */
export const IMAGE_NAME = 'sstop';

/**
 * Arguments of the runtime: the program makes no code from strings, loads no add-ons and compiles no C. A request that
 * does not end costs its server 4 KiB and not 16; the longest token, percent-encoded, still fits.
 */
export const EXEC_ARGUMENTS: readonly string[] = [
  ...['--disallow-code-generation-from-strings=strict', '--no-addons', '--no-ffi-cc'],
  '--max-http-header-size=4096',
];

/**
 * No file of the working directory and no variable may add code to the program (a bunfig.toml or .env found there,
 * a preload, an inspector).
 */
export const COMPILE_FLAGS: readonly string[] = [
  ...['--compile', '--minify', '--bytecode', '--format=esm', '--splitting', '--min-chunk-size=4096'],
  ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
  `--compile-exec-argv=${EXEC_ARGUMENTS.join(' ')}`,
];

/** One image to be made. */
interface Compilation {
  readonly target: Target;
  readonly kind: BuildKind;
  /** Bun's executable for the target, as it comes. */
  readonly runtime: string;
  /** Path of the executable to be written. */
  readonly output: string;
}

/**
 * Makes the executable of all programs for one target: the hardened runtime with the bundle inside. It depends on the
 * sources, the runtime and the commit alone, not on the folder. Throws `COMPILE` with the compiler's words.
 */
export function compileImage({ target, kind, runtime, output }: Compilation): void {
  const command = [
    ...[process.execPath, 'build', ...COMPILE_FLAGS, `--target=${bunTargetOf(target)}`],
    `--compile-executable-path=${hardenedRuntime(HARDENED_RUNTIMES, runtime)}`,
    ...defines(kind).flatMap((define) => ['--define', define]),
    ...[ENTRY, '--outfile', output],
  ];
  mkdirSync(CACHE, { recursive: true });
  const sources = mkdtempSync(`${CACHE}/sources-`);
  try {
    writeBundleSources(ROOT, sources);
    const run = Bun.spawnSync(command, { cwd: sources, stdout: 'pipe', stderr: 'pipe' });
    if (!run.success) {
      const said = `${run.stdout}${run.stderr}`.trim();
      throw new OpError({ op: `compile ${ENTRY}`, code: 'COMPILE', message: said });
    }
  } finally {
    rmSync(sources, { recursive: true, force: true });
  }
  finish(target, output);
}

/** What is still to be done to the compiler's output. */
function finish(target: Target, output: string): void {
  if (target.system === 'linux') sealExecutable(output);
  // Bun leaves the runtime's own signature, which is not about the bundle, in files for Intel's processors.
  if (target.system === 'darwin') writeFileSync(output, withSignature(readFileSync(output)));
}

function withSignature(image: Uint8Array): Uint8Array {
  return isSignedAsItIs(image) ? image : signAdHoc(image, IMAGE_NAME);
}

/**
 * Constants in every kind, so that no environment turns the release into a test build. `commandFolder`: where a test has
 * programs that stand for those of macOS.
 */
export function defines(kind: BuildKind, commandFolder = ''): readonly string[] {
  return [
    `process.env.SSTOP_COMMAND_FOLDER=${JSON.stringify(commandFolder)}`,
    `process.env.SSTOP_TEST_BUILD="${kind === 'test' ? '1' : ''}"`,
    `process.env.SSTOP_REVISION=${JSON.stringify(readRevision().label)}`,
  ];
}
