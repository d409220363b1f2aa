import { OpError, orUndefined, toOpError } from '../../../src/kit/errors/op-error.ts';
import { closeDescriptor, Errno } from '../libc.ts';
import { BpfError } from './bpf-call.ts';
import {
  AttachType,
  createLink,
  firstAccepted,
  loadProgram,
  loadTracing,
  openRawTracepoint,
  ProgramType,
  queryPrograms,
  TaskIterator,
} from './bpf-program.ts';
import type { KernelTypes } from './btf.ts';
import { type CgroupRoot, openCgroupRoot } from './cgroup-root.ts';
import { dropProgram, routeProgram, stateProgram } from './health-programs.ts';
import type { PidNumbers } from './namespaces.ts';
import type { CommSource } from './network-code.ts';
import { deviceOffsets, deviceProgram } from './network-device-program.ts';
import type { NetworkMaps } from './network-layout.ts';
import {
  holdersProgram,
  lastUserProgram,
  socketCreatedProgram,
  socketReleasedProgram,
  type UseHook,
} from './network-owner-programs.ts';
import { type PacketOwners, packetProgram } from './network-packet-program.ts';
import {
  DROP_TRACEPOINT,
  dropOffsets,
  HOLDERS_ITERATOR,
  healthOffsets,
  type NetworkOffsets,
  networkOffsets,
  networkTypes,
  QUEUE_TRACEPOINT,
  RECEIVE_FUNCTIONS,
  RECEIVE_TRACEPOINT,
  ROUTE_TRACEPOINT,
  ROUTE6_TRACEPOINT,
  routeOffsets,
  SEND_FUNCTIONS,
  SEND_TRACEPOINT,
  STATE_TRACEPOINT,
} from './network-types.ts';

/** How the process that uses a socket is determined. */
type LastUserPart = 'tracepoint' | 'fexit' | 'none';

/** `sockets`: with the socket that was to receive a packet (6.11), `packets`: with the one that sent it. */
type DropsPart = 'sockets' | 'packets' | 'none';

/** What could be had of this kernel with these rights. */
export interface NetworkParts {
  readonly lastUser: LastUserPart;
  /** Sockets that were there before have their owners. */
  readonly seeded: boolean;
  /** The closing of sockets is seen. */
  readonly release: boolean;
  /** Whether all control groups are seen, or those of this container. */
  readonly scope: 'machine' | 'container';
  /** Failed connects are counted by process; packets dropped by reason, and by the process of their socket. */
  readonly connects: boolean;
  readonly drops: DropsPart;
  /** Why parts are missing, for --doctor. */
  readonly problems: readonly OpError[];
}

const TRACEPOINT_SEND: UseHook = { subject: 'sock', result: 1, flags: undefined, leastResult: 0 };
const TRACEPOINT_RECEIVE: UseHook = { subject: 'sock', result: 1, flags: 2, leastResult: 1 };
/** inet_sendmsg(socket, message, size) as it begins: what it sends counts for the sender already. */
const FUNCTION_SEND: UseHook = { subject: 'socket', result: undefined, flags: undefined, leastResult: 0 };
/** inet_recvmsg(socket, message, size, flags) and its result. */
const FUNCTION_RECEIVE: UseHook = { subject: 'socket', result: 4, flags: 3, leastResult: 1 };

/** `BPF_F_ALLOW_MULTI`: the other programs of a control group tolerate ours. */
const ALLOW_MULTI = 2;

/** The running kernel's types, and what the programs need of them. */
interface Traced {
  readonly types: KernelTypes;
  readonly offsets: NetworkOffsets;
}

/** The programs that count, attached from `attach` until `close` or the end of this process. */
export class NetworkPrograms {
  /** Undefined where it could not be loaded. It is there before anything counts. */
  readonly holders: TaskIterator | undefined;
  /** Where the program of creation has names from; undefined: it is not attached. */
  #comm: CommSource | undefined;
  readonly #maps: NetworkMaps;
  readonly #numbers: PidNumbers | undefined;
  readonly #traced: Traced | undefined;
  readonly #problems: OpError[] = [];
  readonly #links: number[] = [];
  readonly #programs: number[] = [];
  /** Whether the begin of a call to send is seen. */
  #knowsSender = false;

  /** @param numbers undefined in the machine's own PID namespace */
  constructor(maps: NetworkMaps, numbers: PidNumbers | undefined) {
    this.#maps = maps;
    this.#numbers = numbers;
    const traced = this.#tried(() => {
      const types = networkTypes();
      return { types, offsets: networkOffsets(types, numbers) };
    });
    this.#traced = traced;
    this.holders = traced === undefined ? undefined : this.#tried(() => this.#openHolders(traced));
  }

  /** From now on every socket that is created has an owner, or, where that cannot be had yet, from `attach` on. */
  attachCreation(): void {
    this.#tried(() => this.#inCgroupRoot(({ descriptor }) => this.#attachCreate(descriptor)));
  }

  get seesCreation(): boolean {
    return this.#comm !== undefined;
  }

  /** Throws BpfError or OpError where packets cannot be counted; all else is left out where it cannot be had. */
  attach(): NetworkParts {
    const traced = this.#traced;
    const lastUser = traced === undefined ? 'none' : this.#attachLastUser(traced);
    const { release, scope } = this.#attachCounting(traced, lastUser);
    if (traced !== undefined) this.#tried(() => this.#attachDevices(traced));
    const connects = traced !== undefined && (this.#tried(() => this.#attachConnects(traced)) ?? false);
    const drops = (traced && this.#tried(() => this.#attachDrops(traced))) ?? 'none';
    const seeded = this.holders !== undefined;
    return { lastUser, seeded, release, scope, connects, drops, problems: this.#problems };
  }

  /** What keeps them attached. */
  get descriptors(): readonly number[] {
    return [...this.#links, ...this.#programs];
  }

  close(): void {
    this.holders?.close();
    this.#detach();
  }

  /** The programs of part A. */
  #attachCounting(
    traced: Traced | undefined,
    lastUser: LastUserPart,
  ): Pick<NetworkParts, 'release' | 'scope'> {
    return this.#inCgroupRoot(({ descriptor, scope }) => {
      const comm = this.#attachCreate(descriptor);
      const release = this.#tried(() => this.#attachRelease(descriptor, comm, lastUser !== 'none')) ?? false;
      const senders = lastUser === 'tracepoint' && !this.#knowsSender ? traced?.offsets : undefined;
      this.#attachPackets(descriptor, { subflows: traced?.offsets, senders, networks: true });
      return { release, scope };
    });
  }

  #inCgroupRoot<T>(use: (root: CgroupRoot) => T): T {
    const root = openCgroupRoot();
    try {
      return use(root);
    } finally {
      closeDescriptor(root.descriptor);
    }
  }

  /** Once. Returns where names can be had from. */
  #attachCreate(cgroup: number): CommSource {
    // In a PID namespace of its own nothing does that leaves a process without a number.
    const simple: CommSource[] =
      this.#numbers === undefined ? ['thread', 'none'] : [{ numbers: this.#numbers }];
    const comms = this.#traced === undefined ? simple : [this.#traced.offsets, ...simple];
    this.#comm ??= firstAccepted(comms, (comm) => {
      this.#attachToCgroup(cgroup, ProgramType.CGROUP_SOCK, AttachType.CGROUP_INET_SOCK_CREATE, {
        name: 'sstop_create',
        code: socketCreatedProgram(this.#maps, comm),
      });
      return comm;
    });
    return this.#comm;
  }

  #attachRelease(cgroup: number, comm: CommSource, isHolding: boolean): true {
    this.#attachToCgroup(cgroup, ProgramType.CGROUP_SOCK, AttachType.CGROUP_INET_SOCK_RELEASE, {
      name: 'sstop_release',
      code: socketReleasedProgram(this.#maps, comm, isHolding),
    });
    return true;
  }

  /** With as much of `owners` as the kernel accepts. */
  #attachPackets(cgroup: number, owners: PacketOwners): void {
    const choices = [
      owners,
      { ...owners, networks: false },
      { ...owners, networks: false, subflows: undefined },
      { networks: false, subflows: undefined, senders: undefined },
    ];
    for (const [direction, attachType] of [
      ['ingress', AttachType.CGROUP_INET_INGRESS],
      ['egress', AttachType.CGROUP_INET_EGRESS],
    ] as const) {
      firstAccepted(choices, (choice) => {
        const code = packetProgram(this.#maps, direction, choice);
        this.#attachToCgroup(cgroup, ProgramType.CGROUP_SKB, attachType, {
          name: `sstop_${direction}`,
          code,
        });
      });
    }
  }

  #attachToCgroup(
    cgroup: number,
    type: number,
    attachType: number,
    { name, code }: { readonly name: string; readonly code: Uint8Array },
  ): void {
    const program = loadProgram({ type, code, name, expectedAttachType: attachType });
    this.#programs.push(program);
    try {
      this.#links.push(createLink(program, cgroup, attachType));
    } catch (thrown) {
      throw exclusiveProgram(thrown, cgroup, attachType) ?? thrown;
    }
  }

  /** All that is needed of one way, or nothing of it stays attached. */
  #attachLastUser(traced: Traced): LastUserPart {
    const before = this.#links.length;
    const { TRACE_FENTRY, TRACE_FEXIT, TRACE_RAW_TP } = AttachType;
    const attach = (names: readonly string[], attachType: number, hook: UseHook): boolean =>
      this.#tried(() => this.#attachUse(traced, names, attachType, hook)) ?? false;
    const knowsSender = attach(SEND_FUNCTIONS, TRACE_FENTRY, FUNCTION_SEND);
    this.#knowsSender = knowsSender;
    const hasTracepoints = traced.types.has(SEND_TRACEPOINT) && traced.types.has(RECEIVE_TRACEPOINT);
    if (hasTracepoints && attach([RECEIVE_TRACEPOINT], TRACE_RAW_TP, TRACEPOINT_RECEIVE)) {
      if (knowsSender || attach([SEND_TRACEPOINT], TRACE_RAW_TP, TRACEPOINT_SEND)) return 'tracepoint';
    }
    if (knowsSender && attach(RECEIVE_FUNCTIONS, TRACE_FEXIT, FUNCTION_RECEIVE)) return 'fexit';
    this.#detach(before);
    return 'none';
  }

  #attachUse(traced: Traced, names: readonly string[], expectedAttachType: number, hook: UseHook): true {
    const code = lastUserProgram(this.#maps, traced.offsets, hook);
    for (const name of names) this.#attachTo('sstop_use', code, traced.types.id(name), expectedAttachType);
    return true;
  }

  /** What is forwarded, and what AF_PACKET sends, has no row without it. */
  #attachDevices({ types, offsets }: Traced): void {
    const code = deviceProgram(this.#maps, offsets, deviceOffsets(types));
    this.#attachTo('sstop_queue', code, types.id(QUEUE_TRACEPOINT));
  }

  #attachConnects({ types, offsets }: Traced): true {
    const code = stateProgram(this.#maps, offsets, healthOffsets(types));
    this.#attachTo('sstop_state', code, types.id(STATE_TRACEPOINT));
    // A connect that a route of this machine forbids changes no state. IPv6 may be a module that is not there.
    for (const [family, tracepoint] of [
      ['ipv4', ROUTE_TRACEPOINT],
      ['ipv6', ROUTE6_TRACEPOINT],
    ] as const) {
      this.#tried(() => {
        const route = routeProgram(this.#maps, offsets, routeOffsets(types, family));
        this.#attachTo('sstop_route', route, types.id(tracepoint));
      });
    }
    return true;
  }

  #attachDrops({ types, offsets }: Traced): DropsPart {
    const drops = dropOffsets(types);
    return firstAccepted(['sockets', 'packets'] as const, (part) => {
      const code = dropProgram(this.#maps, offsets, drops, part === 'sockets');
      this.#attachTo('sstop_drop', code, types.id(DROP_TRACEPOINT));
      return part;
    });
  }

  /** To a function or, by default, a tracepoint. */
  #attachTo(name: string, code: Uint8Array, attachBtfId: number, expectedAttachType?: number): void {
    const program = loadTracing(name, code, attachBtfId, expectedAttachType);
    this.#programs.push(program);
    this.#links.push(openRawTracepoint(program));
  }

  #openHolders({ types, offsets }: Traced): TaskIterator {
    const place = (member: string): number => types.member('bpf_iter__task_file', member).offset;
    const context = { meta: place('meta'), task: place('task'), file: place('file') };
    const code = holdersProgram(this.#maps, offsets, context);
    return TaskIterator.open('sstop_holders', code, types.id(HOLDERS_ITERATOR));
  }

  /** A part that may be missing; undefined: it is, and why is kept. */
  #tried<T>(attach: () => T): T | undefined {
    try {
      return attach();
    } catch (thrown) {
      this.#problems.push(toOpError('attach BPF program', thrown));
      return undefined;
    }
  }

  /** All but the first so many. */
  #detach(kept = 0): void {
    for (const link of this.#links.splice(kept)) closeDescriptor(link);
    for (const program of this.#programs.splice(kept)) closeDescriptor(program);
  }
}

/** Explains EPERM if another tool attached its program exclusively. */
function exclusiveProgram(thrown: unknown, cgroup: number, attachType: number): OpError | undefined {
  if (!(thrown instanceof BpfError) || thrown.errno !== Errno.EPERM) return undefined;
  const attached = orUndefined(() => queryPrograms(cgroup, attachType));
  if (attached === undefined || attached.ids.length === 0 || attached.flags === ALLOW_MULTI) return undefined;
  const message = `${thrown.op}: an exclusive program of another tool is attached (attach type ${attachType})`;
  return new OpError({ op: thrown.op, code: 'EXCLUSIVE', message, cause: thrown });
}
