import type { HelpGroup } from '../views/overlays/help.ts';
import { chordText, KEYMAP } from './keymap.ts';

const MOUSE: HelpGroup = {
  title: 'Mouse',
  lines: [
    { keys: 'click', description: 'Select a row; a column header sorts, again reverses' },
    { keys: 'wheel', description: 'Scroll' },
    { keys: 'drag', description: 'Scroll by the scrollbar' },
  ],
};

function groupsOf(isAscii: boolean): readonly HelpGroup[] {
  const groups = KEYMAP.map((group) => ({
    title: group.title,
    lines: group.bindings.map((binding) => ({
      keys: binding.chords.map((chord) => chordText(chord, isAscii)).join(isAscii ? ' / ' : ' · '),
      description: binding.description,
    })),
  }));
  return [...groups, MOUSE];
}

const UNICODE_GROUPS = groupsOf(false);
const ASCII_GROUPS = groupsOf(true);

/** The help overlay's text, made from the keymap itself. */
export function helpGroups(isAscii: boolean): readonly HelpGroup[] {
  return isAscii ? ASCII_GROUPS : UNICODE_GROUPS;
}
