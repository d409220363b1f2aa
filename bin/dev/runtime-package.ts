import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { outputOf } from './run-tool.ts';
import { runtimePackageOf, suffixOf, type Target } from './target.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = `${ROOT}.cache/runtimes`;

/** What package-lock.json says of a package. */
interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

/**
 * Path of Bun's executable for a target: from its npm package in the version of package-lock.json, fetched once and
 * checked against the sum there. Throws `NPM` where it cannot be fetched, `INTEGRITY` where it is another file.
 */
export function runtimeFor(target: Target): string {
  const name = runtimePackageOf(target);
  const locked = lockedPackage(name);
  const folder = `${CACHE}/${name.slice(name.indexOf('/') + 1)}-${locked.version}-${shortened(locked.integrity)}`;
  const runtime = `${folder}/package/bin/bun${suffixOf(target)}`;
  if (existsSync(runtime)) return runtime;
  rmSync(folder, { recursive: true, force: true });
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const pack = ['npm', 'pack', '--silent', '--prefer-offline', '--pack-destination', unfinished];
    const archive = `${unfinished}/${outputOf([...pack, `${name}@${locked.version}`], 'NPM', ROOT).trim()}`;
    requireIntegrity(name, readFileSync(archive), locked.integrity);
    outputOf(['tar', '-xzf', archive, '-C', unfinished], 'UNPACK');
    rmSync(archive);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return runtime;
}

/** Throws `INTEGRITY` where the bytes are not those that `wanted` (`sha512-` and base64) was made of. */
export function requireIntegrity(name: string, archive: Uint8Array, wanted: string): void {
  const found = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  if (wanted === found) return;
  throw new OpError({
    op: `fetch ${name}`,
    code: 'INTEGRITY',
    message: `${name} is not what package-lock.json names: ${found} instead of ${wanted}`,
  });
}

function lockedPackage(name: string): LockedPackage {
  const lock = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8'));
  const found = lock.packages[`node_modules/${name}`];
  if (found?.integrity !== undefined) return found;
  throw new OpError({
    op: `fetch ${name}`,
    code: 'INTEGRITY',
    message: `package-lock.json has no sum of ${name}`,
  });
}

function shortened(integrity: string): string {
  return createHash('sha256').update(integrity).digest('hex').slice(0, 12);
}
