import type { CompletedOption } from './completion-options.ts';

/** A completion script for zsh: a file `_name` in fpath, or to be sourced after compinit. */
export function zshCompletion(name: string, options: readonly CompletedOption[]): string {
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
  if (short === undefined) return quoted(`${long}${sign}${rest}`);
  return `${quoted(`(${short} ${long})`)}{${short},${long}${sign}}${quoted(rest)}`;
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
      // A blank: nothing to choose from, but the name of the value is shown.
      return ' ';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
