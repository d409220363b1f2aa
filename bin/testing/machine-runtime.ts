import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadExecutable } from '../../bench/build-floors.ts';
import { compileImage, IMAGE_NAME } from '../dev/compile.ts';
import { outputOf } from '../dev/run-tool.ts';
import { runtimeFor } from '../dev/runtime-package.ts';
import { type Target, targetOf } from '../dev/target.ts';
import { SSTOP } from './executables.ts';
import { type Architecture, compilerFor, HOST, unavailable } from './machine-tools.ts';

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
  const target = targetOf(`linux-${architecture}`)!;
  const runtime = architecture === HOST ? process.execPath : orUnavailable(() => runtimeFor(target));
  const sstop = architecture === HOST ? SSTOP : compileSstop(target, cache);
  return { sstop, runtime, ...compileTraffic(architecture, cache) };
}

/** The same bytes as the released file: the name of the output is part of the image. */
function compileSstop(target: Target, cache: string): string {
  const image = `${cache}/${target.cpu}/${IMAGE_NAME}`;
  mkdirSync(dirname(image), { recursive: true });
  compileImage({ target, kind: 'release', runtime: runtimeFor(target), output: image });
  return image;
}

function orUnavailable<T>(run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw unavailable(`cannot fetch Bun: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
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
