import type { CompletedOption } from './completion-options.ts';

/** A completion script for fish. */
export function fishCompletion(name: string, options: readonly CompletedOption[]): string {
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
    `-d ${quoted(description)}`,
  ].join(' ');
}

function valueWordsOf(value: CompletedOption['value']): string[] {
  switch (value.kind) {
    case 'none':
      return [];
    case 'choice':
      return ['-x', `-a ${quoted(value.choices.join(' '))}`];
    case 'file':
      return ['-r', '-F'];
    case 'interface':
      return ['-x', "-a '(command ls /sys/class/net 2>/dev/null)'"];
    case 'text':
      return ['-x'];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
