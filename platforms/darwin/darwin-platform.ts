import { TIERS_OF, type Tier } from '../../src/data/sample/network-sample.ts';
import type {
  HostFacts,
  MachineCollector,
  NetworkCollector,
  NetworkOptions,
  Platform,
  Signaller,
  TierReport,
} from '../../src/data/sample/platform.ts';
import { UserNames } from '../user-names.ts';
import { Commands } from './commands.ts';
import { Host } from './darwin-host.ts';
import { DarwinMachine } from './darwin-machine.ts';
import { DarwinNetwork } from './darwin-network.ts';
import { ProcessList } from './process-list.ts';
import { ProcessSignaller } from './process-signaller.ts';
import { tierRefusal } from './socket-sources.ts';
import { LazyLibrary } from './system-library.ts';

interface DarwinPlatformOptions {
  readonly commands?: Commands;
  readonly library?: LazyLibrary;
}

const WORKS: Readonly<Partial<Record<Tier, string>>> = {
  pcblist: 'payload bytes of every TCP and UDP socket, with its process',
  nettop:
    'payload bytes of every TCP and UDP socket, with its process, once a second; it takes CPU time itself',
  netstat: 'payload bytes of every TCP and UDP socket; long addresses are truncated and then left out',
};

/** macOS, asked by the C library where it can be opened, and by its own programs. */
export class DarwinPlatform implements Platform {
  readonly signaller: Signaller;
  readonly #commands: Commands;
  readonly #library: LazyLibrary;
  readonly #host: Host;
  readonly #list: ProcessList;
  readonly #users: UserNames;

  constructor(options: DarwinPlatformOptions = {}) {
    this.#commands = options.commands ?? new Commands();
    this.#library = options.library ?? new LazyLibrary();
    this.#host = new Host(this.#library);
    this.#list = new ProcessList({ commands: this.#commands, library: this.#library });
    // The file knows the system's own users; people are in a directory, and whoever runs a process is known to ps.
    this.#users = new UserNames({
      lookup: () => this.#list.userNames().catch(() => new Map<number, string>()),
    });
    this.signaller = new ProcessSignaller(this.#list, this.#host);
  }

  get host(): HostFacts {
    return this.#host.facts;
  }

  monotonicMicros(): number {
    return this.#host.monotonicMicros();
  }

  openNetwork({ tier }: NetworkOptions): NetworkCollector {
    return new DarwinNetwork({
      ...{ tier, commands: this.#commands, library: this.#library },
      ...{ host: this.#host, list: this.#list, clock: () => this.monotonicMicros() },
    });
  }

  openMachine(): MachineCollector {
    return new DarwinMachine({
      ...{ commands: this.#commands, library: this.#library, host: this.#host, list: this.#list },
    });
  }

  tierReports(): readonly TierReport[] {
    const parts = { commands: this.#commands, library: this.#library };
    return TIERS_OF.macos.map((tier) => {
      const refusal = tierRefusal(tier, parts);
      const detail = refusal?.message ?? WORKS[tier]!;
      return { tier, isAvailable: refusal === undefined, detail };
    });
  }

  userName(uid: number): string {
    return this.#users.name(uid);
  }

  /** Why the C library cannot be asked; undefined: it can. */
  get libraryRefusal(): string | undefined {
    return this.#library.refusal?.message;
  }
}
