import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const SUFFIX = '.ko';

/**
 * Paths of the kernel modules of these names and of all that they need, in the order in which they can be loaded.
 * A name that the folder lacks is built into the kernel.
 */
export function modulesInOrder(folder: string, names: readonly string[]): string[] {
  const paths = new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(SUFFIX))
      .map((path) => [moduleName(path), `${folder}/${path}`]),
  );
  const ordered = new Set<string>();
  const add = (name: string): void => {
    const path = paths.get(name);
    if (path === undefined || ordered.has(path)) return;
    for (const needed of dependenciesOf(readFileSync(path))) add(needed);
    ordered.add(path);
  };
  for (const name of names) add(name);
  return [...ordered];
}

/** The kernel takes `-` and `_` in names for the same. */
function moduleName(path: string): string {
  return basename(path, SUFFIX).replaceAll('-', '_');
}

/** Names in the module's section .modinfo, which holds `key=value` strings that end in NUL. */
export function dependenciesOf(image: Uint8Array): string[] {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const key = '\0depends=';
  const start = bytes.indexOf(key, 0, 'latin1');
  if (start < 0) return [];
  const end = bytes.indexOf(0, start + key.length);
  const list = bytes.toString('latin1', start + key.length, end < 0 ? undefined : end);
  return list === '' ? [] : list.split(',').map((name) => name.replaceAll('-', '_'));
}
