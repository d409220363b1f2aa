import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chordText, type KeyBinding, type KeyGroup, keymapOf } from '../../src/programs/config/keymap.ts';
import { SOCKTOP_KEYMAP, SSTOP_KEYMAP } from '../../src/programs/shared/keymaps.ts';
import { helpGroups } from '../../src/programs/shared/screen-frame.ts';
import { markdownCode, markdownTable } from './markdown.ts';

/** Where the list of keys is kept. */
export const KEYBINDINGS_PATH = fileURLToPath(new URL('../../docs/keybindings.md', import.meta.url));

const HEAD = `Generated from the keymaps by \`npm run bun bin/dev/keybindings.ts\`; \`?\` shows the same on screen.
The action is the name to use under \`keys\` in the [configuration](config.md). Actions with the same name in both programs share their keys.
`;
const SOCKTOP_HEAD =
  'The network views (`n`) use the keys of sstop. Esc in the outermost view, or `n`, closes them.\n';

/** docs/keybindings.md as the keymaps want it: one table for each group of keys, and what is no key behind them. */
export function keybindingsMarkdown(): string {
  return [
    ...sectionOf('Keys of sstop', HEAD, SSTOP_KEYMAP),
    ...sectionOf('Keys of socktop', SOCKTOP_HEAD, SOCKTOP_KEYMAP),
  ].join('\n');
}

function sectionOf<SocktopAction extends string>(
  title: string,
  head: string,
  groups: readonly KeyGroup<SocktopAction>[],
): readonly string[] {
  const titles = new Set(groups.map((group) => group.title));
  const keys = groups.map((group) => tableOf(group.title, ['key', 'action', ''], group.bindings.map(rowOf)));
  const others = helpGroups(keymapOf(groups), false)
    .filter((group) => !titles.has(group.title))
    .map((group) =>
      tableOf(
        group.title,
        ['', ''],
        group.lines.map((line) => [line.keys, line.description]),
      ),
    );
  return [`# ${title}\n\n${head}`, ...keys, ...others];
}

function rowOf({ action, chords, description }: KeyBinding<string>): readonly string[] {
  return [
    chords.map((chord) => markdownCode(chordText(chord, false))).join(' '),
    markdownCode(action),
    description,
  ];
}

function tableOf(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `## ${title}\n\n${markdownTable([head, ...rows])}`;
}

if (import.meta.main) writeFileSync(KEYBINDINGS_PATH, keybindingsMarkdown());
