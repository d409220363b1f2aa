import { TIERS_OF, type Tier } from '../../src/data/sample/network-sample.ts';
import type {
  HostFacts,
  MachineCollector,
  NetworkCollector,
  NetworkOptions,
  Platform,
  Signaller,
  SignalOutcome,
  TierReport,
} from '../../src/data/sample/platform.ts';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { UserNames } from '../user-names.ts';
import { Commands } from './commands.ts';
import { Host } from './darwin-host.ts';
import { DarwinMachine } from './darwin-machine.ts';
import { DarwinNetwork } from './darwin-network.ts';
import { ProcessList } from './process-list.ts';
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

const PID_MAX = 0x7fffffff;
/** sys/signal.h: NSIG - 1. */
const SIGNAL_MAX = 31;

/**
 * Sends signals to the very process that the caller saw: its start is compared right before. macOS has no descriptors
 * of processes, so the pid could be another's within the microseconds between; pids come again after 99,999 others.
 */
class ProcessSignaller implements Signaller {
  readonly #list: ProcessList;
  readonly #host: Host;

  constructor(list: ProcessList, host: Host) {
    this.#list = list;
    this.#host = host;
  }

  /** Never signals groups: a pid below 1 is `gone`. Never rejects: whom it cannot ask about it sends nothing to. */
  async send(pid: number, startTicks: number, signal: number): Promise<SignalOutcome> {
    if (!isWholeWithin(pid, PID_MAX) || !isWholeWithin(signal, SIGNAL_MAX)) return 'gone';
    try {
      const startSeconds = await this.#list.startSeconds(pid);
      if (startSeconds === undefined) return 'gone';
      if (this.#host.startTicks(startSeconds) !== startTicks) return 'identity-changed';
      process.kill(pid, signal);
      return 'sent';
    } catch (thrown) {
      return toOpError('send signal', thrown).code === 'ESRCH' ? 'gone' : 'not-permitted';
    }
  }
}

/** From 1: signal 0 sends nothing, pid 0 is the caller's own group. */
function isWholeWithin(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= limit;
}
