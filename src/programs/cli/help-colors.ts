import type { HelpColors } from './arguments.ts';

/**
 * Colours for a help that is printed on standard output: undefined unless that is a terminal, or if NO_COLOR is set.
 * Loads chalk, which takes 12 ms of CPU.
 */
export async function helpColors(
  isTerminal: (descriptor: number) => boolean,
): Promise<HelpColors | undefined> {
  if (!isTerminal(1) || (process.env['NO_COLOR'] ?? '') !== '') return undefined;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return { title: chalk.bold, option: chalk.cyan, command: chalk.green };
}
