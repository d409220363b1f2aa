import { BtfKind, type BtfMember, KernelTypes, ofKind, READ_ONLY_CAST, type TypeSource } from './btf.ts';

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
export type TaskOffsets = Readonly<ReturnType<typeof findTaskOffsets>>;

/** BTF ids of kernel functions (kernel/bpf/helpers.c, task_iter.c). */
export type WalkFunctions = Readonly<Record<keyof typeof WALK, number>>;

export type IoMembers = Readonly<NonNullable<ReturnType<typeof ioMembers>>>;

const EXIT_TRACEPOINT = 'btf_trace_sched_process_exit';
const WALK = {
  ...{ lock: 'bpf_rcu_read_lock', unlock: 'bpf_rcu_read_unlock', begin: 'bpf_iter_task_new' },
  ...{ next: 'bpf_iter_task_next', end: 'bpf_iter_task_destroy' },
} as const;

/** Finds them. Throws OpError `UNSUPPORTED`, naming what this kernel lacks. */
export function findTaskOffsets(source: TypeSource) {
  const types = new KernelTypes(source, [
    ...ofKind(BtfKind.STRUCT, 'task_struct', 'signal_struct', 'mm_struct', 'cred', 'pid'),
    ...ofKind(BtfKind.FUNC, 'bpf_iter_task', ...Object.values(WALK)),
    ...ofKind(BtfKind.TYPEDEF, EXIT_TRACEPOINT),
    READ_ONLY_CAST,
  ]);
  return {
    iteratorId: types.id('bpf_iter_task'),
    exitTracepointId: types.has(EXIT_TRACEPOINT) ? types.id(EXIT_TRACEPOINT) : undefined,
    /** Kernel functions that walk over all tasks at once (6.7). */
    walk: walkFunctions(types),
    /** Of a task; undefined before 6.2. */
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
  const entries = Object.entries(WALK);
  if (!entries.every(([, name]) => types.has(name))) return undefined;
  return Object.fromEntries(entries.map(([key, name]) => [key, types.id(name)])) as WalkFunctions;
}

function taskMembers(types: KernelTypes) {
  const of = (...paths: readonly string[]): BtfMember => types.member('task_struct', ...paths);
  return {
    ...{ pid: of('pid'), tgid: of('tgid'), flags: of('flags') },
    /** 8 bytes wide up to 5.13, 4 since. */
    state: of('__state', 'state'),
    exitState: of('exit_state'),
    startNanos: of('start_boottime', 'real_start_time'),
    execNanos: of('se.sum_exec_runtime'),
    ...{ comm: of('comm'), parent: of('real_parent'), leader: of('group_leader') },
    ...{ credentials: of('real_cred'), memory: of('mm'), signal: of('signal') },
    ...{ threadPid: of('thread_pid'), threadNode: of('thread_node') },
    /** Undefined: a kernel without CONFIG_TASK_IO_ACCOUNTING. */
    io: ioMembers(types, 'task_struct'),
  };
}

function ioMembers(types: KernelTypes, structure: string) {
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
