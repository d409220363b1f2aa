import type { Command, Option } from 'commander';

/** What may stand after an option: `none` takes no value, `text` is the user's own. */
type CompletedValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'interface' }
  | { readonly kind: 'text' };

/** An option as shells complete it. */
export interface CompletedOption {
  /** `-h`; undefined: it has none. */
  readonly short: string | undefined;
  /** `--help` */
  readonly long: string;
  readonly description: string;
  readonly value: CompletedValue;
  /** What stands for the value in help, without its brackets; empty where there is none. */
  readonly valueName: string;
}

/** The visible options of a command, in the order of its help. */
export function completedOptions(command: Command): readonly CompletedOption[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) => {
      const { long, short, description } = option;
      if (long === undefined) return [];
      return [{ short, long, description, value: completedValueOf(option), valueName: valueNameOf(option) }];
    });
}

function completedValueOf(option: Option): CompletedValue {
  if (!option.required && !option.optional) return { kind: 'none' };
  if (option.argChoices !== undefined) return { kind: 'choice', choices: option.argChoices };
  if (option.long === '--interface') return { kind: 'interface' };
  return { kind: valueNameOf(option) === 'file' ? 'file' : 'text' };
}

function valueNameOf(option: Option): string {
  return /[<[]([^>\]]*)[>\]]$/.exec(option.flags)?.[1] ?? '';
}
