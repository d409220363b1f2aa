import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Content of a file, or where a link leads (from its own folder). */
export type TreeEntry = string | { readonly link: string };
export type TreeFiles = Readonly<Record<string, TreeEntry>>;

/** A /proc and a /sys in a folder of their own; `Symbol.dispose` removes them. */
export class BuiltTree implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'built-machine-'));
  readonly procRoot = join(this.root, 'proc');
  readonly sysRoot = join(this.root, 'sys');

  /** Paths begin with `proc/` or `sys/`; one that ends with a slash is an empty folder. */
  constructor(files: TreeFiles) {
    mkdirSync(this.procRoot);
    mkdirSync(this.sysRoot);
    for (const [path, entry] of Object.entries(files)) this.write(path, entry);
  }

  write(path: string, entry: TreeEntry): void {
    const full = join(this.root, path);
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (path.endsWith('/')) return;
    if (typeof entry === 'string') writeFileSync(full, entry);
    else symlinkSync(entry.link, full);
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
