/** commander's message as one line of ours: what was wrong, then what is accepted. */
export function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
