import type { HelpGroup } from '../../views/overlays/help-columns.ts';
import { helpGroups } from '../shared/help-groups.ts';
import type { Model } from './socktop-model.ts';

/** The help overlay's text: the keys, the mouse, and what program this is. */
export function helpOf({
  keymap,
  ascii,
  version,
}: Pick<Model, 'keymap' | 'ascii' | 'version'>): readonly HelpGroup[] {
  const about: HelpGroup = {
    title: 'About',
    lines: [
      { keys: `socktop ${version}`, description: 'Monitor of machines, near and far' },
      { keys: 'license', description: 'MIT' },
    ],
  };
  return [...helpGroups(keymap, ascii), about];
}
