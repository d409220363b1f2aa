import { withoutRefused } from './refused.ts';

/**
 * Text for one line of plain output: controls, bidirectional controls and line separators become `·`, lone
 * surrogates U+FFFD, so that a hostile process name can neither move the cursor nor break the line.
 */
export function sanitizeLine(text: string): string {
  return withoutRefused(text);
}
