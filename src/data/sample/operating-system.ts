import type { Tier } from './network-sample.ts';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The ways in which operating systems differ for a program with a screen and files. No part of it opens anything. */
export interface System {
  /** As people call it in a message: `linux`, `macos`, `windows`. */
  readonly name: string;
  /** Tiers that collect the network here, best first; none: this system cannot be watched. */
  readonly tiers: readonly Tier[];
  /** What `--version` adds where nobody has tried the programs on the system itself; undefined: somebody has. */
  readonly untried: string | undefined;
  /** The device of the terminal that a process belongs to; undefined: the console behind standard output. */
  readonly terminalPath: string | undefined;
  /** Whether a shell can stop a program and bring it back (SIGTSTP, SIGCONT). */
  readonly hasJobControl: boolean;
  /** Where the system keeps what it knows of names. */
  readonly nameFiles: NameFiles;
  /** What the terminal is, in the variables that POSIX programs go by: TERM, COLORTERM and the locale. */
  terminalEnvironment(environment: Environment): Environment;
  /** Folder of the configuration, the profiles and the certificates of sstop and socktop. */
  configFolder(environment: Environment): string;
  /** Folder of what the programs remember from one start to the next. */
  stateFolder(environment: Environment): string;
}

/** Paths, some of which need not exist. */
export interface NameFiles {
  /** hosts(5). */
  readonly hostsPath: string;
  /** services(5). */
  readonly servicesPath: string;
  /** Where databases of countries are put (MaxMind DB); the first that is there counts. */
  readonly countryFolders: readonly string[];
}
