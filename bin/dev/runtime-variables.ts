import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { ENTRY_POLICY, JUDGED_VARIABLES, RUNTIME_FAMILIES } from './entry-stub/entry-policy.ts';

const PAGE = fileURLToPath(new URL('../../docs/decisions/runtime-variables.md', import.meta.url));
const LIST_HEADING = '## Names in the images';

/**
 * Names in a runtime image that look like variables of the runtime: those that begin as a family does, and those that
 * the rules of a privileged start would keep. Sorted. In the image, names stand alone or directly after each other.
 */
function variablesIn(image: Uint8Array): string[] {
  const text = Buffer.from(image.buffer, image.byteOffset, image.byteLength).toString('latin1');
  const families = RUNTIME_FAMILIES.filter((family) => family.endsWith('_'));
  const beginnings = ENTRY_POLICY.keepWhenPrivileged.filter((rule) => !rule.endsWith('='));
  const found = new Set<string>();
  for (const beginning of [...families, ...beginnings]) {
    const pattern = new RegExp(`(?<![A-Za-z0-9_])${beginning}[A-Za-z0-9_]+`, 'g');
    for (const [run] of text.matchAll(pattern)) {
      for (const name of run.split(/(?<=[A-Za-z0-9])(?=BUN_|NPM_|npm_)/)) found.add(name);
    }
  }
  return [...found].filter((name) => name.length > 4).sort();
}

/**
 * Throws OpError `RUNTIME_IMAGE` where an image for Linux holds a name that docs/decisions/runtime-variables.md does
 * not list, or a name that a privileged start would keep and that nobody has judged.
 */
export function requireJudged(image: Uint8Array, page = readFileSync(PAGE, 'utf8')): void {
  const listed = new Set(page.slice(page.indexOf(LIST_HEADING)).match(/\w+/g));
  const names = variablesIn(image);
  const kept = names.filter((name) => isKept(name) && !(name in JUDGED_VARIABLES));
  const unlisted = names.filter((name) => !listed.has(name));
  if (kept.length === 0 && unlisted.length === 0) return;
  throw new OpError({
    op: 'judge variables',
    code: 'RUNTIME_IMAGE',
    message:
      `the runtime has variables that docs/decisions/runtime-variables.md does not judge: ` +
      `${[...kept, ...unlisted].join(', ')}; see bin/dev/runtime-variables.ts`,
  });
}

function isKept(name: string): boolean {
  return ENTRY_POLICY.keepWhenPrivileged.some((rule) => `${name}=`.startsWith(rule));
}

/** The list of the page, a paragraph a family. */
function listOf(names: readonly string[]): string {
  const families = [...new Set(names.map((name) => name.slice(0, name.indexOf('_') + 1)))];
  return families
    .map((family) => {
      const own = names.filter((name) => name.startsWith(family)).map((name) => name.slice(family.length));
      return `**${family}** (${own.length}): ${own.map((rest) => `\`${family}${rest}\``).join(', ')}.\n`;
    })
    .join('\n');
}

if (import.meta.main) {
  const images = process.argv.slice(2);
  const names = [...new Set(images.flatMap((path) => variablesIn(readFileSync(path))))].sort();
  const page = readFileSync(PAGE, 'utf8');
  const intro = page.slice(0, page.indexOf(LIST_HEADING));
  writeFileSync(PAGE, `${intro}${LIST_HEADING}\n\n${listOf(names)}`);
  process.stdout.write(`${names.length} names of ${images.length} images\n`);
}
