import type { Command } from 'commander';

/** Part of a section: the sentences of a paragraph, terms with explanations, or literal lines. */
type ManualBlock =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'terms'; readonly terms: readonly ManualTerm[] }
  | { readonly kind: 'lines'; readonly lines: readonly string[] };

/** Both texts may hold `` `literal` `` and `<value>`. */
interface ManualTerm {
  readonly term: string;
  /** One sentence a line. */
  readonly text: string;
}

interface ManualSection {
  readonly title: string;
  readonly blocks: readonly ManualBlock[];
}

interface ManualHead {
  readonly name: string;
  readonly section: number;
  /** Such as `sstop 1.2.3`. */
  readonly source: string;
  /** Title of the manual. */
  readonly book: string;
}

/**
 * A manual page in the macros of man(7). It carries no date, so that the same sources make the same page.
 * The name of the first section's title decides nothing: sections are written in the order given.
 */
export function manualPage(head: ManualHead, sections: readonly ManualSection[]): string {
  const title = [head.name.toUpperCase(), String(head.section), '', head.source, head.book];
  return `${[
    `.TH ${title.map((field) => `"${escaped(field)}"`).join(' ')}`,
    // Left-aligned and without hyphenation, so that options can be found by searching.
    '.ad l',
    '.nh',
    ...sections.flatMap(({ title: heading, blocks }) => [
      `.SH "${escaped(heading)}"`,
      ...blocks.flatMap((block, at) => blockLines(block, at === 0)),
    ]),
  ].join('\n')}\n`;
}

function blockLines(block: ManualBlock, isFirst: boolean): string[] {
  switch (block.kind) {
    case 'paragraph':
      return [...(isFirst ? [] : ['.PP']), ...textLines(block.text)];
    case 'terms':
      return block.terms.flatMap(({ term, text }) => ['.TP', ...textLines(term), ...textLines(text)]);
    case 'lines':
      return ['.PP', '.RS 4', '.nf', ...block.lines.map((line) => atLineStart(escaped(line))), '.fi', '.RE'];
  }
}

/** Formats one sentence per line: bold for literal text, italics for placeholders. */
function textLines(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => atLineStart(marked(line.trim())));
}

function marked(text: string): string {
  return text
    .split(/(`[^`]*`|<[a-z]+>)/)
    .map((part) => {
      if (part.startsWith('`') && part.length > 1) return `\\fB${escaped(part.slice(1, -1))}\\fR`;
      if (/^<[a-z]+>$/.test(part)) return `\\fI${escaped(part.slice(1, -1))}\\fR`;
      return escaped(part);
    })
    .join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  '"': '\\(dq',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** groff_char(7): otherwise these become typographic characters, which cannot be pasted into a shell. */
function escaped(text: string): string {
  return text.replaceAll(/[\\\-"'`^~]/g, (found) => ESCAPES[found] ?? found);
}

/** A line that starts with a dot would be a request. */
function atLineStart(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line;
}

/** Keys with their descriptions, under a title, as in the help overlay; in ASCII. */
export interface ManualKeys {
  readonly title: string;
  readonly lines: readonly { readonly keys: string; readonly description: string }[];
}

/** A section; a text is a paragraph. */
export function section(title: string, ...blocks: readonly (ManualBlock | string)[]): ManualSection {
  return { title, blocks: blocks.map((block) => (typeof block === 'string' ? paragraph(block) : block)) };
}

/** The options of a command, as its help has them. */
export function optionsSection(command: Command): ManualSection {
  const help = command.createHelp();
  const terms = help.visibleOptions(command).map((option) => ({
    term: option.flags.replaceAll(/-[\w-]+/g, (flag) => `\`${flag}\``),
    text: sentence(help.optionDescription(option)),
  }));
  return { title: 'OPTIONS', blocks: [{ kind: 'terms', terms }] };
}

export function keysSection(groups: readonly ManualKeys[]): ManualSection {
  return {
    title: 'KEYS',
    blocks: groups.flatMap(({ title, lines }) => [
      { kind: 'paragraph' as const, text: `${title}:` },
      { kind: 'terms' as const, terms: lines.map(keyTerm) },
    ]),
  };
}

function keyTerm({ keys, description }: ManualKeys['lines'][number]): ManualTerm {
  return { term: `\`${keys.replaceAll('`', "'")}\``, text: sentence(description) };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

const paragraph = (text: string): ManualBlock => ({ kind: 'paragraph', text });
export const lines = (...shown: string[]): ManualBlock => ({ kind: 'lines', lines: shown });
export const terms = (...pairs: (readonly [term: string, text: string])[]): ManualBlock => ({
  kind: 'terms',
  terms: pairs.map(([term, text]) => ({ term, text })),
});
