import { system } from '../platforms/index.ts';
import { groupsWithout, type KeyGroup } from '../src/apps/config/keymap.ts';
import { AnsiBackend } from '../src/screen/terminal/ansi-backend.ts';

/** The terminal of this process, as `runProgram` is told of it. */
export function terminalOptions() {
  return {
    backend: new AnsiBackend(system.terminalPath),
    environment: system.terminalEnvironment(process.env),
    hasJobControl: system.hasJobControl,
  };
}

const WITHOUT_JOB_CONTROL: ReadonlySet<string> = new Set(['suspend']);

/** The groups of keys without those that do nothing on this system. */
export function groupsHere<Action extends string>(
  groups: readonly KeyGroup<Action>[],
): readonly KeyGroup<Action>[] {
  return system.hasJobControl ? groups : groupsWithout(groups, WITHOUT_JOB_CONTROL);
}
