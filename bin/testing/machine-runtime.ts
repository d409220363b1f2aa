import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadExecutable } from '../../bench/build-floors.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { COMPILE_FLAGS } from '../dev/build.ts';
import { hardenedRuntime } from '../dev/runtime-image.ts';
import { SSTOP } from './executables.ts';
import {
  ARCHITECTURES,
  type Architecture,
  compilerFor,
  HOST,
  outputOf,
  unavailable,
} from './machine-tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TRAFFIC = 'known-traffic';

/** Programs of one architecture; paths on this machine. */
export interface MachinePrograms {
  /** As it is released. */
  readonly sstop: string;
  /** Bun as it comes, for the tests' own code. */
  readonly runtime: string;
  readonly traffic: string;
  /** What bench/build-floors.ts calls it. */
  readonly trafficName: string;
}

/** Finds or makes the programs. Throws `UNAVAILABLE` where the runtime of the architecture cannot be had. */
export function programsFor(architecture: Architecture, cache: string): MachinePrograms {
  mkdirSync(cache, { recursive: true });
  const runtime = architecture === HOST ? process.execPath : fetchRuntime(architecture, cache);
  const sstop = architecture === HOST ? SSTOP : compileSstop(architecture, runtime, cache);
  return { sstop, runtime, ...compileTraffic(architecture, cache) };
}

/** The package of the same version from the registry, checked against package-lock.json. */
function fetchRuntime(architecture: Architecture, cache: string): string {
  const name = `@oven/bun-linux-${ARCHITECTURES[architecture].runtime}`;
  const folder = `${cache}/bun-${Bun.version}-${architecture}`;
  const runtime = `${folder}/package/bin/bun`;
  if (existsSync(runtime)) return runtime;
  rmSync(folder, { recursive: true, force: true });
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const argv = ['npm', 'pack', '--silent', '--pack-destination', unfinished, `${name}@${Bun.version}`];
    const archive = `${unfinished}/${orUnavailable(() => outputOf(argv, 'NPM')).trim()}`;
    requireIntegrity(name, readFileSync(archive));
    outputOf(['tar', '-xzf', archive, '-C', unfinished], 'UNPACK');
    rmSync(archive);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return runtime;
}

function orUnavailable<T>(run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw unavailable(`cannot fetch Bun: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

function requireIntegrity(name: string, archive: Uint8Array): void {
  const lock = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8'));
  const wanted = lock.packages[`node_modules/${name}`]?.integrity;
  const found = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  if (wanted === found) return;
  throw new OpError({
    op: `fetch ${name}`,
    code: 'INTEGRITY',
    message: `${name} is not what package-lock.json names: ${found} instead of ${wanted}`,
  });
}

/** As bin/dev/build.ts does it, on the other runtime. */
function compileSstop(architecture: Architecture, runtime: string, cache: string): string {
  const image = `${cache}/sstop-${architecture}`;
  const target = `bun-linux-${architecture === 'amd64' ? 'x64' : 'arm64'}`;
  const argv = [
    ...[process.execPath, 'build', ...COMPILE_FLAGS, `--target=${target}`],
    `--compile-executable-path=${hardenedRuntime(`${cache}/hardened`, runtime)}`,
    ...['--define', 'process.env.SSTOP_TEST_BUILD=""', 'bin/main.ts', '--outfile', image],
  ];
  outputOf(argv, 'COMPILE', ROOT);
  return image;
}

/** Statically, because the C library of an older release lacks what this machine's programs ask for. */
function compileTraffic(
  architecture: Architecture,
  cache: string,
): Pick<MachinePrograms, 'traffic' | 'trafficName'> {
  const trafficName = loadExecutable(TRAFFIC).split('/').at(-1) ?? TRAFFIC;
  const traffic = `${cache}/${architecture}-${trafficName}`;
  const argv = ['-O2', '-std=gnu17', '-static', '-o', traffic, `${ROOT}bench/loads/${TRAFFIC}.c`];
  if (!existsSync(traffic)) outputOf([compilerFor(architecture), ...argv], 'COMPILE');
  return { traffic, trafficName };
}
