import type { CompletedOption } from './completion-options.ts';

/** A completion script for bash 4.4 and later, which needs nothing beside bash. */
export function bashCompletion(name: string, options: readonly CompletedOption[]): string {
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
      // Without an answer readline completes file names by itself, quotes and tildes included.
      return ['compopt -o default'];
    case 'interface':
      // Not by compgen -W, which would run what a name like $(command) says.
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
