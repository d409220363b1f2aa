import { cellWidth } from '../../kit/text/cell-width.ts';

export interface AlignedColumn {
  readonly title: string;
  /** Aligned to the right. */
  readonly isNumber: boolean;
}

/** A line of titles and one for each row, columns as wide as their widest cell; each ends in a line end. */
export function alignedText(columns: readonly AlignedColumn[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map(() => 0);
  for (const cells of lines) {
    for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i]!, cellWidth(cell));
  }
  let text = '';
  for (const cells of lines) {
    const padded = cells.map((cell, i) => {
      const gap = ' '.repeat(widths[i]! - cellWidth(cell));
      return columns[i]!.isNumber ? gap + cell : cell + gap;
    });
    text += `${padded.join('  ').trimEnd()}\n`;
  }
  return text;
}
