/** Where the parts of a compiled executable are. */
const COMPILED_ROOT = '/$bunfs/';

/** The file of this program; undefined where a runtime runs its source: whoever starts that one runs what he likes. */
export function compiledExecutable(): string | undefined {
  return Bun.main.startsWith(COMPILED_ROOT) ? process.execPath : undefined;
}
