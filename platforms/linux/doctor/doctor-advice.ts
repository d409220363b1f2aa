import {
  type CapabilityName,
  type CapabilitySet,
  hasCapability,
  missingForOwners,
  OWNER_CAPABILITIES,
  PROGRAM_CAPABILITIES,
  type Privileges,
} from '../privileges.ts';

/** The executable that privileges would be given to. */
export interface ExecutableFacts {
  /** Undefined: not started from an executable of its own, as in development. */
  readonly path: string | undefined;
  /** The capabilities that the file has already. */
  readonly capabilities: readonly CapabilityName[];
  readonly canEverybodyStart: boolean;
  /** On a mount with `nosuid` a file's capabilities are not in force. */
  readonly isOnNosuid: boolean;
}

/** How the missing privileges are had: commands to copy, and what stands in the way or has to be thought of. */
export interface Advice {
  readonly commands: readonly string[];
  readonly warnings: readonly string[];
}

/** The way to count everything for the processes of all users. Empty where nothing is missing. */
export function adviceFor(privileges: Privileges, executable: ExecutableFacts): Advice {
  const missing = missingForAll(privileges.effective);
  if (missing.length === 0) return { commands: [], warnings: warningsOfGrant(executable) };
  const unreachable = missing.filter((name) => !hasCapability(privileges.bounding, name));
  if (unreachable.length > 0) return { commands: [], warnings: [boundWarning(unreachable)] };
  if (privileges.hasNoNewPrivileges) {
    const warning =
      'This process may gain no privileges (no_new_privs), so neither sudo nor file capabilities help from here: ' +
      'start sstop from another session.';
    return { commands: [], warnings: [warning] };
  }
  return grantFor(executable);
}

function missingForAll(set: CapabilitySet): readonly CapabilityName[] {
  return [...PROGRAM_CAPABILITIES.filter((name) => !hasCapability(set, name)), ...missingForOwners(set)];
}

function boundWarning(unreachable: readonly CapabilityName[]): string {
  const names = unreachable.map((name) => name.slice('cap_'.length).toUpperCase());
  const flags = names.map((name) => `--cap-add=${name}`).join(' ');
  return (
    `${unreachable.join(', ')} ${unreachable.length > 1 ? 'are' : 'is'} outside the bounds of this process, and ` +
    `not even root can have more. Start the container with ${flags}, or the service with a wider ` +
    'CapabilityBoundingSet.'
  );
}

function grantFor(executable: ExecutableFacts): Advice {
  const { path } = executable;
  if (path === undefined) {
    return {
      commands: [],
      warnings: ['This is no executable of its own: build it with npm run build first.'],
    };
  }
  const asRoot = `sudo ${shellWord(path)}`;
  if (executable.isOnNosuid) {
    const warning =
      'File capabilities are not in force where it lies: its file system is mounted with nosuid.';
    return { commands: [asRoot], warnings: [warning] };
  }
  const grant = (...names: readonly CapabilityName[]): string =>
    `sudo setcap ${names.join(',')}+ep ${shellWord(path)}`;
  return {
    commands: [
      asRoot,
      grant(...PROGRAM_CAPABILITIES, ...OWNER_CAPABILITIES),
      grant('cap_net_raw', ...OWNER_CAPABILITIES),
    ],
    warnings: [
      'With setcap, everybody who may start the file may look into every process of this machine, and name it any ' +
        'file to read. ' +
        'Give it to a group and close it to others first: sudo chown root:GROUP FILE && sudo chmod 0750 FILE ' +
        '(chown takes capabilities away, so it goes first).',
      'The capabilities belong to that one file: a copy has none, and neither has the next version.',
    ],
  };
}

function warningsOfGrant({ path, capabilities, canEverybodyStart }: ExecutableFacts): readonly string[] {
  const granted = [...PROGRAM_CAPABILITIES, ...OWNER_CAPABILITIES].filter((name) =>
    capabilities.includes(name),
  );
  if (path === undefined || granted.length === 0 || !canEverybodyStart) return [];
  return [
    `Everybody may start this file, and it has ${granted.join(', ')}: close it to others with ` +
      `sudo chmod o-rwx ${shellWord(path)}`,
  ];
}

/** A word that a shell takes as it is. */
export function shellWord(text: string): string {
  return /^[\w/.+:@%,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
