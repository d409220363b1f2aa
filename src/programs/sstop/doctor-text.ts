import type { DoctorEntry, DoctorSection, Mark } from '../../data/sample/platform.ts';
import { cellWidth, wrappedText } from '../../kit/text/cell-width.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';

const COLUMNS = 80;
const MARKS: Readonly<Record<Mark, string>> = { good: '+', lacking: '-', note: ' ' };
/** Indent of the text: two blanks, the mark, a blank. */
const INDENT = 4;

/** The findings in 80 columns (commands are never wrapped): `+` is good, `-` missing. No control characters. */
export function doctorText(heading: string, sections: readonly DoctorSection[]): string {
  const blocks = sections.map(({ title, entries }) => {
    const labelColumns = Math.max(0, ...entries.map(({ label }) => cellWidth(sanitizeLine(label))));
    return [sanitizeLine(title), ...entries.flatMap((entry) => entryLines(entry, labelColumns))].join('\n');
  });
  return `${[sanitizeLine(heading), ...blocks].join('\n\n')}\n`;
}

function entryLines({ label, mark, text, commands = [] }: DoctorEntry, labelColumns: number): string[] {
  const shown = sanitizeLine(label);
  const padding = ' '.repeat(labelColumns - cellWidth(shown) + 2);
  const margin = ' '.repeat(INDENT + labelColumns + 2);
  const [first = '', ...rest] = wrappedText(sanitizeLine(text), COLUMNS - margin.length);
  return [
    `  ${MARKS[mark]} ${shown}${padding}${first}`.trimEnd(),
    ...rest.map((line) => `${margin}${line}`),
    ...commands.map((command) => `${' '.repeat(INDENT + 4)}${sanitizeLine(command)}`),
  ];
}
