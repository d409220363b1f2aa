import { sanitizeLine } from '../../kit/text/sanitize.ts';

/** Something in a configuration file that does not apply. */
export interface ConfigProblem {
  readonly fileName: string;
  /** From 1; undefined: it is about the whole file. */
  readonly place: { readonly line: number; readonly column: number } | undefined;
  /** Without a full stop at its end. */
  readonly message: string;
}

/** One line for people, without anything that a terminal would obey: `config.yaml:3:9: unknown theme 'x'. ...`. */
export function problemText(problem: ConfigProblem): string {
  const { fileName, place, message } = problem;
  const where = place === undefined ? fileName : `${fileName}:${place.line}:${place.column}`;
  return sanitizeLine(`${where}: ${message}`);
}

const QUOTED_MAX = 40;
const MESSAGE_MAX = 120;

/** A word of the file as a message shows it: `'x'`, cut where it is long. */
export function quoted(text: string): string {
  return `'${cut(text, QUOTED_MAX)}'`;
}

/** Somebody else's message, which may have words of the file in it, without its full stop. */
export function clipped(message: string): string {
  return cut(message.replace(/\.$/, ''), MESSAGE_MAX);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // By characters, none of which has more than two code units, so that none is cut in half.
  const points = [...text.slice(0, 2 * length + 2)];
  return points.length > length ? `${points.slice(0, length).join('')}...` : text;
}
