/** A table of Markdown, a row of cells each; the first row is its head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const lines = [head, head.map(() => '---'), ...rows.slice(1)];
  return `${lines.map((cells) => `| ${cells.map(cellOf).join(' | ')} |`).join('\n')}\n`;
}

/** A bar ends a cell, even inside code. */
function cellOf(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** Text as code; a backtick is shown by a fence of two. */
export function markdownCode(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
