import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../../src/kit/errors/op-error.ts';

const PACKAGING = fileURLToPath(new URL('../../../packaging/', import.meta.url));
/** Recipes of package managers, with marks where the release's own facts go. */
const RECIPES = ['aur/PKGBUILD', 'homebrew/sstop.rb', 'homebrew/socktop.rb', 'nix/flake.nix'] as const;

/** What the marks are replaced by. */
interface ChannelFacts {
  readonly version: string;
  /** Address of the folder with the archives. */
  readonly address: string;
  /** SHA-256 of each archive by its name, in hex. */
  readonly sums: ReadonlyMap<string, string>;
}

/** install.sh for this release. */
export function installScript(facts: Pick<ChannelFacts, 'address'>): string {
  return filled('install.sh', { version: '', sums: new Map(), ...facts });
}

/** The recipes for this release, by name. Throws `SUM` where an archive that one names was not made. */
export function recipes(facts: ChannelFacts): { readonly name: string; readonly contents: string }[] {
  return RECIPES.map((name) => ({ name, contents: filled(name, facts) }));
}

function filled(path: string, { version, address, sums }: ChannelFacts): string {
  return readFileSync(`${PACKAGING}${path}`, 'utf8')
    .replaceAll('@VERSION@', version)
    .replaceAll('@ADDRESS@', address)
    .replaceAll(/@SUM ([^@]+)@/g, (_, name: string) => {
      const sum = sums.get(name);
      if (sum !== undefined) return sum;
      throw new OpError({
        op: `fill ${path}`,
        code: 'SUM',
        message: `${path} names ${name}, which is not made`,
      });
    });
}
