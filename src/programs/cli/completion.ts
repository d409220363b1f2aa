import { type Command, Option } from 'commander';

/** Kind of an option's value: `none` takes no value, `text` is free text. */
type CompletedValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'interface' }
  | { readonly kind: 'text' };

interface CompletedOption {
  /** `-h`; undefined: none. */
  readonly short: string | undefined;
  /** `--help` */
  readonly long: string;
  readonly description: string;
  readonly value: CompletedValue;
  /** Placeholder of the value in help, without brackets; empty: no value. */
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

export const SHELL_NAMES = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof SHELL_NAMES)[number];

/** The option that prints the script. */
export function completionsOption(): Option {
  return new Option('--completions <shell>', 'print a completion script for this shell and exit').choices(
    SHELL_NAMES,
  );
}

/** Returns the completion script of a command, generated from its definition. */
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

/** A completion script for bash 4.4 and later, without dependencies. */
function bashCompletion(name: string, options: readonly CompletedOption[]): string {
  const cases = options.flatMap((option) => caseOf(option));
  const words = options.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long]));
  return `# Completions of ${name} for bash, made by: ${name} --completions bash
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD - 1]} path interface
  COMPREPLY=()
  # bash takes --option=value apart at the sign.
  if [[ $current == = ]]; then
    current=
  elif [[ $option == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $option in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$current")
}
complete -F _${name} ${name}
`;
}

function caseOf({ short, long, value }: CompletedOption): string[] {
  const pattern = short === undefined ? long : `${short} | ${long}`;
  const lines = answerOf(value).map((line) => `      ${line}`);
  return value.kind === 'none'
    ? []
    : [`    ${pattern})\n${[...lines, '      return', '      ;;'].join('\n')}`];
}

function answerOf(value: CompletedOption['value']): string[] {
  switch (value.kind) {
    case 'choice':
      return [`mapfile -t COMPREPLY < <(compgen -W '${value.choices.join(' ')}' -- "$current")`];
    case 'file':
      // Without a reply, readline completes file names itself, including quotes and tildes.
      return ['compopt -o default'];
    case 'interface':
      // Not with compgen -W, which would expand a name such as $(command).
      return [
        'for path in /sys/class/net/*; do',
        `  interface=\${path##*/}`,
        '  if [[ $interface == "$current"* ]]; then',
        '    printf -v interface %q "$interface"',
        '    COMPREPLY+=("$interface")',
        '  fi',
        'done',
      ];
    default:
      return [];
  }
}

function fishCompletion(name: string, options: readonly CompletedOption[]): string {
  const lines = options.map((option) => `complete -c ${name} ${definitionOf(option)}`);
  return `# Completions of ${name} for fish, made by: ${name} --completions fish
complete -c ${name} -f
${lines.join('\n')}
`;
}

function definitionOf({ short, long, description, value }: CompletedOption): string {
  return [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...valueWordsOf(value),
    `-d ${fishQuoted(description)}`,
  ].join(' ');
}

function valueWordsOf(value: CompletedOption['value']): string[] {
  switch (value.kind) {
    case 'none':
      return [];
    case 'choice':
      return ['-x', `-a ${fishQuoted(value.choices.join(' '))}`];
    case 'file':
      return ['-r', '-F'];
    case 'interface':
      return ['-x', "-a '(command ls /sys/class/net 2>/dev/null)'"];
    case 'text':
      return ['-x'];
  }
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

/** A completion script for zsh: a file `_name` in fpath, or to be sourced after compinit. */
function zshCompletion(name: string, options: readonly CompletedOption[]): string {
  const specifications = options.map((option) => `    ${specificationOf(option)}`);
  return `#compdef ${name}
# Completions of ${name} for zsh, made by: ${name} --completions zsh
_${name}() {
  _arguments -s -S : \\
${specifications.join(' \\\n')}
}

if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

/** As zshcompsys(1) has it for _arguments: `'(-h --help)'{-h,--help}'[description]:name:action'`. */
function specificationOf({ short, long, description, value, valueName }: CompletedOption): string {
  const sign = value.kind === 'none' ? '' : '=';
  const explanation = `[${description.replaceAll(/[\\[\]]/g, '\\$&')}]`;
  const rest = `${explanation}${value.kind === 'none' ? '' : `:${valueName}:${actionOf(value)}`}`;
  if (short === undefined) return zshQuoted(`${long}${sign}${rest}`);
  return `${zshQuoted(`(${short} ${long})`)}{${short},${long}${sign}}${zshQuoted(rest)}`;
}

function actionOf(value: CompletedOption['value']): string {
  switch (value.kind) {
    case 'choice':
      return `(${value.choices.join(' ')})`;
    case 'file':
      return '_files';
    case 'interface':
      return '_net_interfaces';
    default:
      // A blank: there is nothing to choose from, but zsh shows the name of the value.
      return ' ';
  }
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
