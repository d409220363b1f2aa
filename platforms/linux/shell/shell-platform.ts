import type { NetworkSample } from '../../../src/data/sample/network-sample.ts';
import type {
  HostFacts,
  MachineCollector,
  NetworkCollector,
  Platform,
  Signaller,
  TierReport,
} from '../../../src/data/sample/platform.ts';
import { ExitedTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { parsePasswd } from '../../user-names.ts';
import { parseCpuModel } from '../proc/cpuinfo.ts';
import { NetTcpLine } from '../proc/net-tcp.ts';
import { parseBootWallSeconds } from '../proc/stat.ts';
import { SocketRows, storeListed } from '../sockets/sockets.ts';
import { filesOf, latinOf, MARK_PLACE, SHELL_LOOP, type Shell } from './shell-answer.ts';
import { ShellLinks } from './shell-links.ts';
import { type ShellFacts, ShellMachine } from './shell-machine.ts';
import { ShellProcesses, StatTexts } from './shell-processes.ts';
import { SsSockets } from './ss-sockets.ts';

const USUAL_PAGE_BYTES = 4096;
/** For the network's sake processes are listed again when they are older than this. */
const PROCESSES_AGE_MICROS = 2e6;
const NO_SS =
  'no ss on the remote machine: bytes and processes of sockets need it (package iproute2), or socktop-agent there';

/** A machine of which nothing but a POSIX shell answers. */
export class ShellPlatform implements Platform {
  readonly signaller: Signaller = { send: () => 'not-permitted' };
  readonly #stats = new StatTexts();
  readonly #machine = new ShellMachine(() => this.#facts(), this.#stats);
  #known: ShellFacts | undefined;
  #users: ReadonlyMap<number, string> = new Map();
  host: HostFacts = {
    ...{ hostName: '', bootId: '', bootWallMillis: Number.NaN, clockTicksPerSecond: 100 },
    pageSizeBytes: USUAL_PAGE_BYTES,
  };

  /** The loop that the shell runs; `mark` is a random word. */
  static script(mark: string): string {
    return SHELL_LOOP.replaceAll(MARK_PLACE, mark);
  }

  /** A shell has been started there, the first or another. Rejects with OpError where it does not answer. */
  async connect(shell: Shell): Promise<void> {
    const [text, users] = await shell.ask([
      'g cpuinfo sys/kernel/hostname sys/kernel/random/boot_id stat self/smaps',
      'c /etc/passwd',
    ]);
    const files = filesOf(text!);
    const line = (name: string): string => latinOf(files.get(name) ?? new Uint8Array(0)).trim();
    const stat = files.get('stat') ?? new Uint8Array(0);
    const cpuinfo = files.get('cpuinfo') ?? new Uint8Array(0);
    const pageKib = Number(/^KernelPageSize: +(\d{1,6}) kB$/m.exec(line('self/smaps'))?.[1] ?? 0);
    const pageSizeBytes = pageKib * 1024 || USUAL_PAGE_BYTES;
    this.host = {
      hostName: line('sys/kernel/hostname'),
      bootId: line('sys/kernel/random/boot_id'),
      bootWallMillis: parseBootWallSeconds(stat, stat.length) * 1000,
      ...{ clockTicksPerSecond: 100, pageSizeBytes },
    };
    if (!(this.host.bootWallMillis > 0)) {
      const message = 'the remote machine has no Linux /proc';
      throw new OpError({ op: 'connect', code: 'NO_SHELL', message });
    }
    this.#users = parsePasswd(Buffer.from(users!).toString('utf8'));
    this.#known = { shell, pageSizeBytes, modelName: parseCpuModel(cpuinfo, cpuinfo.length) };
    await this.#machine.prepare();
  }

  /** Asks for the text of the fast part, which is collected next. */
  prepareMachine(): Promise<void> {
    return this.#machine.prepare();
  }

  monotonicMicros(): number {
    return this.#machine.nowMicros;
  }

  openMachine(): MachineCollector {
    return this.#machine;
  }

  openNetwork(): NetworkCollector {
    return new ShellNetwork(() => this.#facts(), this.#stats, this.#machine);
  }

  tierReports(): readonly TierReport[] {
    return [];
  }

  userName(uid: number): string {
    const user = uid >>> 0;
    return this.#users.get(user) ?? String(user);
  }

  #facts(): ShellFacts {
    if (this.#known !== undefined) return this.#known;
    throw new OpError({ op: 'sample', code: 'LOST', message: 'not connected' });
  }
}

/** Sockets by ss, or without it those of /proc/net. One that is born and closed between two samples is not seen. */
class ShellNetwork implements NetworkCollector {
  tier: 'netlink' | 'proc' = 'netlink';
  readonly #facts: () => ShellFacts;
  readonly #stats: StatTexts;
  readonly #processes = new ShellProcesses(() => this.#facts().pageSizeBytes);
  readonly #links = new ShellLinks();
  readonly #machine: ShellMachine;
  readonly #sockets = new SsSockets(this.#processes.table);
  readonly #plain = new PlainSockets();
  readonly #exited = new ExitedTable();
  #sequence = 0;

  constructor(facts: () => ShellFacts, stats: StatTexts, machine: ShellMachine) {
    this.#facts = facts;
    this.#stats = stats;
    this.#machine = machine;
  }

  async collect(slice: Slice): Promise<NetworkSample> {
    const { shell } = this.#facts();
    await this.#machine.readTexts();
    const { nowMicros, netDev } = this.#machine;
    await this.#links.refresh(shell, nowMicros);
    this.#links.store(netDev);
    const stats = await this.#stats.read(shell, nowMicros, PROCESSES_AGE_MICROS);
    await this.#processes.collect(shell, stats, slice);
    await this.#processes.askWanted(shell);
    const [output] = await shell.ask(['s']);
    const hasSs = output!.length > 1;
    if (hasSs) this.#sockets.store(output!, nowMicros);
    else this.#plain.store((await shell.ask([`g ${PLAIN_FILES.join(' ')}`]))[0]!, nowMicros);
    const { rows } = hasSs ? this.#sockets : this.#plain;
    this.tier = hasSs ? 'netlink' : 'proc';
    return {
      sequence: ++this.#sequence,
      monotonicMicros: nowMicros,
      durationMicros: 0,
      tier: this.tier,
      counted: hasSs ? 'payload' : 'none',
      processes: this.#processes.table,
      sockets: rows.table,
      closed: rows.closed,
      interfaces: this.#links.table,
      lostClosings: 0,
      lost: { bytes: 0, packets: 0 },
      parts: {
        ...{ tcp: 'tcp_info', udp: 'none', owners: 'descriptor', processes: 'proc', exited: false },
        ...{ scope: 'network namespace', names: 'none' },
      },
      exited: this.#exited,
      errors: hasSs ? [] : [{ op: 'collect sockets', code: 'NO_SS', message: NO_SS }],
    };
  }

  drainClosings(): void {}

  drainWithinMillis(): number {
    return Number.POSITIVE_INFINITY;
  }

  commandLine(pid: number): string | undefined {
    const slot = this.#processes.table.find(pid);
    this.#processes.noteWanted(pid);
    return slot < 0 ? undefined : this.#processes.commandLines[slot];
  }

  cgroup(pid: number): string | undefined {
    return this.#sockets.cgroups.get(pid);
  }

  close(): void {}
}

export const PLAIN_FILES = ['net/tcp', 'net/tcp6', 'net/udp', 'net/udp6'] as const;
const NEWLINE = 0x0a;

/** Sockets of a machine that has no ss: which there are and whose user's, without bytes and processes. */
export class PlainSockets {
  readonly rows = new SocketRows();
  readonly #line = new NetTcpLine();
  #sequence = 0;

  /** The answer to `g` with `PLAIN_FILES`. A socket that is not listed any more has closed. */
  store(answer: Uint8Array, nowMicros: number): void {
    const { rows } = this;
    rows.releaseClosed();
    this.#sequence++;
    const files = filesOf(answer);
    for (const name of PLAIN_FILES) {
      const text = files.get(name) ?? new Uint8Array(0);
      for (let start = 0, end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
        if (this.#line.parse(text, start, end)) {
          const protocol = name.startsWith('net/tcp') ? PROTOCOL_TCP : PROTOCOL_UDP;
          const list = { sequence: this.#sequence, nowMicros, isFirst: this.#sequence === 1 };
          const slot = storeListed(this.rows, protocol, this.#line, list);
          const { ownerBasis } = rows.table;
          if (slot >= 0 && ownerBasis[slot] === OwnerBasis.NONE) ownerBasis[slot] = OwnerBasis.HIDDEN;
        }
        start = end + 1;
      }
    }
    rows.closeUnseen(this.#sequence);
  }
}
