import type { Command, Option } from 'commander';
import { type ManualSection, type ManualTerm, manualPage } from './manual-page.ts';
import {
  COUNTING,
  DESCRIPTION,
  ENVIRONMENT,
  EXAMPLES,
  EXIT_STATUS,
  FILES,
  FILTERS,
  SECURITY,
  SEE_ALSO,
} from './manual-sections.ts';
import { type SstopVocabulary, sstopCommand } from './sstop-command.ts';

/** Keys with what they do, under a title, as the help on the screen has them; in ASCII. */
export interface ManualKeys {
  readonly title: string;
  readonly lines: readonly { readonly keys: string; readonly description: string }[];
}

/** The manual page sstop(1): options from the command's definition, keys as handed in, the rest written by hand. */
export function sstopManual(vocabulary: SstopVocabulary, keys: readonly ManualKeys[]): string {
  const command = sstopCommand(vocabulary, false);
  const head = {
    name: 'sstop',
    section: 1,
    source: `sstop ${vocabulary.version}`,
    book: 'User Commands',
  };
  return manualPage(head, [
    section('NAME', 'sstop - per-process network bandwidth monitor for the terminal'),
    section('SYNOPSIS', '`sstop` [<options>] [<url>]'),
    DESCRIPTION,
    optionsSection(command),
    keysSection(keys),
    COUNTING,
    FILTERS,
    SECURITY,
    FILES,
    ENVIRONMENT,
    EXIT_STATUS,
    EXAMPLES,
    SEE_ALSO,
  ]);
}

/** A section of one paragraph. */
export function section(title: string, text: string): ManualSection {
  return { title, blocks: [{ kind: 'paragraph', text }] };
}

/** The options of a command, as its help has them. */
export function optionsSection(command: Command): ManualSection {
  const help = command.createHelp();
  const terms = help.visibleOptions(command).map((option) => ({
    term: termOf(option),
    text: sentence(help.optionDescription(option)),
  }));
  return { title: 'OPTIONS', blocks: [{ kind: 'terms', terms }] };
}

/** `-h, --help` and `--interval <duration>`: what is typed as it is becomes literal. */
function termOf(option: Option): string {
  return option.flags.replaceAll(/-[\w-]+/g, (flag) => `\`${flag}\``);
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
