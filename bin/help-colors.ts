import { isTerminal } from '../platforms/index.ts';
import type { HelpColors } from '../src/programs/cli/arguments.ts';

/** Colours for a help that is printed on a terminal, unless NO_COLOR is set. */
export async function helpColors(): Promise<HelpColors | undefined> {
  if (!isTerminal(1) || (process.env['NO_COLOR'] ?? '') !== '') return undefined;
  // Loaded for help alone: the library takes 12 ms of CPU.
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return { title: chalk.bold, option: chalk.cyan, command: chalk.green };
}
