import type { Tier } from '../../src/data/sample/network-sample.ts';
import type {
  HostFacts,
  ListingCollector,
  MachineCollector,
  MachineOptions,
  NetworkCollector,
  NetworkOptions,
  Platform,
  PlatformPart,
  PressureWatch,
  Signaller,
  TierReport,
} from '../../src/data/sample/platform.ts';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { type UserLookup, UserNames } from '../user-names.ts';
import { monotonicMicros } from './clock.ts';
import type { linuxTierReports } from './doctor/doctor-tiers.ts';
import { mayLoadPrograms } from './effective-capabilities.ts';
import type { SpaceSource } from './guarded/guarded-space.ts';
import type { HandedPrograms } from './handed-programs.ts';
import { Host } from './host.ts';
import type { LinuxMachine } from './machine/machine.ts';
import type { openLinuxNetwork } from './network/network.ts';
import { LinuxPressureWatch } from './pressure-watch.ts';
import { PidSignaller } from './process/signaller.ts';
import { ContainerNames } from './processes/container-names.ts';
import { lookUpUsers } from './processes/users.ts';

const PROC = '/proc';
/** Names of containers come behind the first rates of a screen that lists first. */
const NAMES_AFTER_MILLIS = 1400;

/** Code of the parts that were loaded; sstop never needs a machine, nor socktop a network before its views are opened. */
let openNetwork: typeof openLinuxNetwork | undefined;
let Machine: typeof LinuxMachine | undefined;
let reportTiers: typeof linuxTierReports | undefined;

/** Where other roots than the usual ones are to be asked. */
export interface LinuxPlatformOptions {
  readonly procRoot?: string;
  readonly etcRoot?: string;
  /** Programs that are counting already, for the first network that is opened. */
  readonly handed?: HandedPrograms | undefined;
  /** Who asks file systems and drives; default a process beside. */
  readonly space?: SpaceSource;
  /** Names of containers; default those that their files tell. */
  readonly containers?: ContainerNames;
  /** Who knows users that the passwd file does not; default the system's name services. */
  readonly userLookup?: UserLookup;
}

/** Linux, asked by /proc and netlink. */
export class LinuxPlatform implements Platform {
  readonly signaller: Signaller;
  readonly #host: Host;
  readonly #users: UserNames;
  readonly #procRoot: string;
  readonly #space: SpaceSource | undefined;
  readonly #containers: ContainerNames;
  #handed: HandedPrograms | undefined;

  /** Throws SyscallError where /proc cannot be opened. */
  constructor(options: LinuxPlatformOptions = {}) {
    this.#procRoot = options.procRoot ?? PROC;
    this.#handed = options.handed;
    this.#space = options.space;
    this.#containers = options.containers ?? new ContainerNames();
    const { etcRoot, userLookup = lookUpUsers } = options;
    this.#users = new UserNames({ ...(etcRoot === undefined ? {} : { etcRoot }), lookup: userLookup });
    this.signaller = new PidSignaller({ procRoot: this.#procRoot });
    this.#host = new Host(this.#procRoot);
  }

  get host(): HostFacts {
    return this.#host.facts;
  }

  monotonicMicros(): number {
    return monotonicMicros();
  }

  async load(part: PlatformPart): Promise<void> {
    if (part === 'network') openNetwork ??= (await import('./network/network.ts')).openLinuxNetwork;
    else if (part === 'machine') Machine ??= (await import('./machine/machine.ts')).LinuxMachine;
    else reportTiers ??= (await import('./doctor/doctor-tiers.ts')).linuxTierReports;
  }

  /** Throws OpError where the tier does not work, `NOT_LOADED` before `load`. */
  openNetwork(options: NetworkOptions): NetworkCollector {
    const handed = this.#handed;
    this.#handed = undefined;
    return this.#openNetwork({ ...options, handed });
  }

  /** For the tiers that take long to open: programs are loaded, or many sockets opened. */
  openListing(tier: Tier | 'auto'): ListingCollector | undefined {
    if ((tier !== 'auto' && tier !== 'netlink') || this.#handed !== undefined || this.#procRoot !== PROC) {
      return undefined;
    }
    this.#containers.postpone(NAMES_AFTER_MILLIS);
    const mayLoad = tier === 'auto' && mayLoadPrograms();
    try {
      return this.#openNetwork({ tier: mayLoad ? tier : 'netlink', isListing: true });
    } catch (thrown) {
      // The tiers that count say what is missing.
      toOpError('list sockets', thrown);
      return undefined;
    }
  }

  #openNetwork(options: Parameters<typeof openLinuxNetwork>[0]): ListingCollector {
    if (openNetwork === undefined) throw notLoaded('network');
    const root = this.#procRoot === PROC ? {} : { procRoot: this.#procRoot };
    return openNetwork({ ...options, ...root, containers: this.#containers });
  }

  openMachine(options: MachineOptions): MachineCollector {
    if (Machine === undefined) throw notLoaded('machine');
    const space = this.#space === undefined ? {} : { space: this.#space };
    const shared = { host: this.#host, containers: this.#containers };
    return new Machine({ ...options, ...space, ...shared, procRoot: this.#procRoot });
  }

  watchPressure(onTrouble: () => void): PressureWatch {
    return new LinuxPressureWatch(onTrouble);
  }

  tierReports(): readonly TierReport[] {
    if (reportTiers === undefined) throw notLoaded('tiers');
    return reportTiers();
  }

  userName(uid: number): string {
    return this.#users.name(uid);
  }
}

function notLoaded(part: string): OpError {
  return new OpError({ op: `open ${part}`, code: 'NOT_LOADED' });
}
