import type { HelpGroup } from '../../views/overlays/help.ts';
import { type Keymap, keyLines } from '../config/keymap.ts';

const MOUSE: HelpGroup = {
  title: 'Mouse',
  lines: [
    { keys: 'click', description: 'Select a row, again opens it' },
    { keys: 'on a title', description: 'Sort by it, again reverses' },
    { keys: 'wheel', description: 'Scroll' },
    { keys: 'drag', description: 'Scroll by the scrollbar' },
  ],
};

/** The help overlay's text, made from the keymap itself. */
export function helpGroups<Action extends string>(
  keymap: Keymap<Action>,
  isAscii: boolean,
): readonly HelpGroup[] {
  return [...keyLines(keymap, isAscii), MOUSE];
}
