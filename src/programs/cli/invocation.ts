import { type Command, CommanderError } from 'commander';
import { completionScript, type ShellName } from './completion.ts';

/** The outcome of reading a command line: run, or print `text` and leave with `exitCode`. */
export type Invocation<Options> =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: 0 | 2 };

/** Bad input: a line that says what is wrong. */
export function refused(program: string, message: string): Invocation<never> {
  return { kind: 'print', text: `${program}: ${message}\n`, exitCode: 2 };
}

/** Bad input that the help explains. */
export function misused(program: string, message: string): Invocation<never> {
  return refused(program, `${message} (see ${program} --help)`);
}

/**
 * Reads the arguments of a program (without its name) by its command; `resolve` makes options of what they say. Never
 * throws: help, version and completions are text to print, bad input a line and exit code 2.
 */
export function invocationOf<Raw extends { readonly completions?: ShellName }, Options>(
  command: Command,
  argv: readonly string[],
  isColored: boolean,
  resolve: (raw: Raw) => Invocation<Options>,
): Invocation<Options> {
  let printed = '';
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      printed += text;
    },
    writeErr: () => {},
    getOutHasColors: () => isColored,
  });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return { kind: 'print', text: printed, exitCode: 0 };
    return misused(command.name(), oneLine(thrown.message));
  }
  const raw = command.opts<Raw>();
  if (raw.completions === undefined) return resolve(raw);
  return { kind: 'print', text: completionScript(raw.completions, command), exitCode: 0 };
}

/** commander's message as one line of ours: what was wrong, then what is accepted. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
