import { type Command, Option } from 'commander';
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { completedOptions } from './completion-options.ts';
import { zshCompletion } from './completion-zsh.ts';

export const SHELL_NAMES = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof SHELL_NAMES)[number];

/** The option that prints the script. */
export function completionsOption(): Option {
  return new Option('--completions <shell>', 'print a completion script for this shell and exit').choices(
    SHELL_NAMES,
  );
}

/** The file that a shell looks for, were it to load the completions of this command by itself. */
export function completionFileName(shell: ShellName, commandName: string): string {
  switch (shell) {
    case 'bash':
      return `${commandName}.bash`;
    case 'zsh':
      return `_${commandName}`;
    case 'fish':
      return `${commandName}.fish`;
  }
}

/** The script that teaches a shell the options of this command, made from its definition. */
export function completionScript(shell: ShellName, command: Command): string {
  const name = command.name();
  const options = completedOptions(command);
  switch (shell) {
    case 'bash':
      return bashCompletion(name, options);
    case 'zsh':
      return zshCompletion(name, options);
    case 'fish':
      return fishCompletion(name, options);
  }
}
