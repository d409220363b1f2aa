import { BtfKind, type BtfMember, KernelTypes, READ_ONLY_CAST, type TypeSource } from './btf.ts';
import type { ReadOnlyCast } from './instruction.ts';

/** Resident pages are counted by kind (enum in include/linux/mm_types_task.h); swapped ones are no part of them. */
const MM_FILEPAGES = 0;
const MM_ANONPAGES = 1;
const MM_SHMEMPAGES = 3;

/** Where the counters of resident pages are. */
type RssMembers =
  /** From 6.2 on `struct percpu_counter rss_stat[]`: three counts that a program may load. */
  | { readonly kind: 'loadable'; readonly counts: readonly BtfMember[] }
  /** Before, `atomic_long_t count[4]`, which the verifier does not let programs walk into: to be copied whole. */
  | { readonly kind: 'copied'; readonly offset: number };

/** What the programs on tasks read: `task` of struct task_struct, and so on. */
export interface TaskOffsets {
  readonly iteratorId: number;
  readonly exitTracepointId: number | undefined;
  /** Kernel functions that walk over all tasks at once (6.7). */
  readonly walk: WalkFunctions | undefined;
  /** Of a task; undefined before 6.2. */
  readonly readOnly: ReadOnlyCast | undefined;
  readonly task: {
    readonly pid: BtfMember;
    readonly tgid: BtfMember;
    readonly flags: BtfMember;
    /** 8 bytes wide up to 5.13, 4 since. */
    readonly state: BtfMember;
    readonly exitState: BtfMember;
    readonly startNanos: BtfMember;
    readonly execNanos: BtfMember;
    readonly comm: BtfMember;
    readonly parent: BtfMember;
    readonly leader: BtfMember;
    readonly credentials: BtfMember;
    readonly memory: BtfMember;
    readonly signal: BtfMember;
    readonly threadPid: BtfMember;
    readonly threadNode: BtfMember;
    /** Undefined: a kernel without CONFIG_TASK_IO_ACCOUNTING. */
    readonly io: IoMembers | undefined;
  };
  readonly signal: {
    readonly deadNanos: BtfMember;
    readonly threads: BtfMember;
    readonly live: BtfMember;
    readonly threadHead: BtfMember;
    readonly io: IoMembers | undefined;
  };
  readonly effectiveUid: BtfMember;
  readonly virtualPages: BtfMember;
  readonly rss: RssMembers;
  readonly pidLevel: BtfMember;
  readonly pidNumbers: BtfMember;
}

/** BTF ids of kernel functions (kernel/bpf/helpers.c, task_iter.c). */
export interface WalkFunctions {
  readonly lock: number;
  readonly unlock: number;
  readonly begin: number;
  readonly next: number;
  readonly end: number;
}

export interface IoMembers {
  readonly readBytes: BtfMember;
  readonly writeBytes: BtfMember;
}

const WALK = [
  'bpf_rcu_read_lock',
  'bpf_rcu_read_unlock',
  'bpf_iter_task_new',
  'bpf_iter_task_next',
  'bpf_iter_task_destroy',
] as const;

/** Finds them. Throws OpError `UNSUPPORTED`, naming what this kernel lacks. */
export function findTaskOffsets(source: TypeSource): TaskOffsets {
  const types = new KernelTypes(source, [
    ['task_struct', BtfKind.STRUCT],
    ['signal_struct', BtfKind.STRUCT],
    ['mm_struct', BtfKind.STRUCT],
    ['cred', BtfKind.STRUCT],
    ['pid', BtfKind.STRUCT],
    ['bpf_iter_task', BtfKind.FUNC],
    ['btf_trace_sched_process_exit', BtfKind.TYPEDEF],
    ...WALK.map((name) => [name, BtfKind.FUNC] as const),
    READ_ONLY_CAST,
  ]);
  return {
    iteratorId: types.id('bpf_iter_task'),
    exitTracepointId: types.has('btf_trace_sched_process_exit')
      ? types.id('btf_trace_sched_process_exit')
      : undefined,
    walk: walkFunctions(types),
    readOnly: types.readOnlyCast('task_struct'),
    task: taskMembers(types),
    signal: {
      deadNanos: types.member('signal_struct', 'sum_sched_runtime'),
      threads: types.member('signal_struct', 'nr_threads'),
      live: types.member('signal_struct', 'live.counter', 'live'),
      threadHead: types.member('signal_struct', 'thread_head'),
      io: ioMembers(types, 'signal_struct'),
    },
    effectiveUid: types.member('cred', 'euid.val', 'euid'),
    virtualPages: types.member('mm_struct', 'total_vm'),
    rss: rssMembers(types),
    pidLevel: types.member('pid', 'level'),
    pidNumbers: types.member('pid', 'numbers'),
  };
}

function walkFunctions(types: KernelTypes): WalkFunctions | undefined {
  if (!WALK.every((name) => types.has(name))) return undefined;
  return {
    lock: types.id('bpf_rcu_read_lock'),
    unlock: types.id('bpf_rcu_read_unlock'),
    begin: types.id('bpf_iter_task_new'),
    next: types.id('bpf_iter_task_next'),
    end: types.id('bpf_iter_task_destroy'),
  };
}

function taskMembers(types: KernelTypes): TaskOffsets['task'] {
  const of = (...paths: readonly string[]): BtfMember => types.member('task_struct', ...paths);
  return {
    pid: of('pid'),
    tgid: of('tgid'),
    flags: of('flags'),
    state: of('__state', 'state'),
    exitState: of('exit_state'),
    startNanos: of('start_boottime', 'real_start_time'),
    execNanos: of('se.sum_exec_runtime'),
    comm: of('comm'),
    parent: of('real_parent'),
    leader: of('group_leader'),
    credentials: of('real_cred'),
    memory: of('mm'),
    signal: of('signal'),
    threadPid: of('thread_pid'),
    threadNode: of('thread_node'),
    io: ioMembers(types, 'task_struct'),
  };
}

function ioMembers(types: KernelTypes, structure: string): IoMembers | undefined {
  const readBytes = types.optionalMember(structure, 'ioac.read_bytes');
  const writeBytes = types.optionalMember(structure, 'ioac.write_bytes');
  return readBytes === undefined || writeBytes === undefined ? undefined : { readBytes, writeBytes };
}

function rssMembers(types: KernelTypes): RssMembers {
  const counts: BtfMember[] = [];
  for (const kind of [MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES]) {
    const count = types.optionalMember('mm_struct', `rss_stat[${kind}].count`);
    if (count !== undefined) counts.push(count);
  }
  if (counts.length === 3) return { kind: 'loadable', counts };
  const { offset } = types.member('mm_struct', 'rss_stat.count', 'rss_stat');
  return { kind: 'copied', offset };
}
