import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { helpGroups } from '../../src/apps/sstop/help-groups.ts';
import { type Binding, chordText, KEYMAP, keymapOf } from '../../src/apps/sstop/keymap.ts';

/** Where the list of keys is kept. */
export const KEYBINDINGS_PATH = fileURLToPath(new URL('../../docs/keybindings.md', import.meta.url));

const HEAD = `# Keys of sstop

Made from the program's own keymap by \`npm run bun bin/dev/keybindings.ts\`; \`?\` shows the same in the program.
The action is its name under \`keys\` in the [configuration](config.md).
`;

/** docs/keybindings.md as the keymap wants it: one table for each group of keys, and what is no key behind them. */
export function keybindingsMarkdown(): string {
  const titles = new Set(KEYMAP.map(({ title }) => title));
  const keys = KEYMAP.map(({ title, bindings }) =>
    tableOf(title, ['key', 'action', ''], bindings.map(rowOf)),
  );
  const others = helpGroups(keymapOf(KEYMAP), false)
    .filter(({ title }) => !titles.has(title))
    .map(({ title, lines }) =>
      tableOf(
        title,
        ['', ''],
        lines.map((line) => [line.keys, line.description]),
      ),
    );
  return [HEAD, ...keys, ...others].join('\n');
}

function rowOf({ action, chords, description }: Binding): readonly string[] {
  return [chords.map((chord) => code(chordText(chord, false))).join(' '), code(action), description];
}

function tableOf(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cellOf).join(' | ')} |`);
  return `## ${title}\n\n${lines.join('\n')}\n`;
}

/** A bar ends a cell, even inside code. */
function cellOf(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** A backtick is shown by a fence of two. */
function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

if (import.meta.main) writeFileSync(KEYBINDINGS_PATH, keybindingsMarkdown());
