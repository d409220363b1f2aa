import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILTER_KEYS } from '../../src/data/query/filter/filter-term.ts';
import { plainSortKeys } from '../../src/data/query/machine-process-rows.ts';
import { TIERS_OF } from '../../src/data/sample/network-sample.ts';
import { agentCommand } from '../../src/programs/cli/agent-command.ts';
import { agentManual } from '../../src/programs/cli/agent-manual.ts';
import { completionFileName, completionScript, SHELL_NAMES } from '../../src/programs/cli/completion.ts';
import { socktopCommand } from '../../src/programs/cli/socktop-command.ts';
import { socktopManual } from '../../src/programs/cli/socktop-manual.ts';
import { sstopCommand } from '../../src/programs/cli/sstop-command.ts';
import { sstopManual } from '../../src/programs/cli/sstop-manual.ts';
import { keymapOf } from '../../src/programs/config/keymap.ts';
import { SOCKTOP_KEYMAP, SSTOP_KEYMAP } from '../../src/programs/shared/keymaps.ts';
import { helpGroups } from '../../src/programs/shared/screen-frame.ts';
import { THEME_NAMES } from '../../src/screen/style/theme.ts';
import { PROCESS_SORT_KEYS } from '../../src/views/network/network-process-list.ts';
import { VERSION } from '../executable.ts';
import { withTables } from './field-tables.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A file made from the program's own definitions; the path is relative to the root. */
interface MadeDocument {
  readonly path: string;
  readonly contents: string;
}

/** The manual pages, the completion scripts and the documents with tables of fields, as they have to stand under docs/. */
export function madeDocuments(): readonly MadeDocument[] {
  const vocabulary = {
    ...{ version: VERSION, tiers: TIERS_OF.linux, themeNames: THEME_NAMES },
    ...{ sortKeys: PROCESS_SORT_KEYS, filterKeys: FILTER_KEYS, machineSortKeys: plainSortKeys() },
  };
  const commands = [sstopCommand(vocabulary), socktopCommand(vocabulary), agentCommand(VERSION)];
  return [
    {
      path: 'docs/man/sstop.1',
      contents: sstopManual(vocabulary, helpGroups(keymapOf(SSTOP_KEYMAP), true)),
    },
    {
      path: 'docs/man/socktop.1',
      contents: socktopManual(vocabulary, helpGroups(keymapOf(SOCKTOP_KEYMAP), true)),
    },
    { path: 'docs/man/socktop-agent.8', contents: agentManual(VERSION) },
    ...['docs/exports.md', 'docs/config.md', 'docs/alerts.md'].map((path) => ({
      path,
      contents: withTables(path),
    })),
    ...commands.flatMap((command) =>
      SHELL_NAMES.map((shell) => ({
        path: `docs/completions/${completionFileName(shell, command.name())}`,
        contents: completionScript(shell, command),
      })),
    ),
  ];
}

if (import.meta.main) {
  for (const { path, contents } of madeDocuments()) {
    mkdirSync(dirname(`${ROOT}${path}`), { recursive: true });
    writeFileSync(`${ROOT}${path}`, contents);
    process.stdout.write(`${path}\n`);
  }
}
