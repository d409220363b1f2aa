/**
 * What the iterator program writes for each task (task-programs.ts) and the sampler reads, in the machine's order.
 *
 *   process, 96 bytes                        another thread, 32 bytes
 *    0 tid u32 (= tgid) | 4 tgid u32          0 tid u32 | 4 tgid u32
 *    8 parent u32       | 12 effective uid    8 CPU ns u64
 *   16 start, ns since boot u64              16 bytes read u64
 *   24 CPU ns, of dead threads too u64       24 bytes written u64
 *   32 state u32 | 36 exit state u32
 *   40 threads u32 | 44 task flags u32
 *   48 virtual pages u64 | 56 resident pages u64
 *   64 bytes read u64 | 72 bytes written u64
 *   80 comm[16]
 */
export const ProcessField = {
  TID: 0,
  TGID: 4,
  PARENT: 8,
  UID: 12,
  START_NANOS: 16,
  CPU_NANOS: 24,
  STATE: 32,
  EXIT_STATE: 36,
  THREADS: 40,
  FLAGS: 44,
  VIRTUAL_PAGES: 48,
  RSS_PAGES: 56,
  READ_BYTES: 64,
  WRITE_BYTES: 72,
  COMM: 80,
} as const;
export const PROCESS_BYTES = 96;

export const ThreadField = { TID: 0, TGID: 4, CPU_NANOS: 8, READ_BYTES: 16, WRITE_BYTES: 24 } as const;
export const THREAD_BYTES = 32;

/** Of a task's name, with the NUL at its end. */
export const COMM_BYTES = 16;

/** Before the records of a walk: 0 where the last one ends, from the start u64 | 8 1 where there was no room u64. */
export const WalkField = { END: 0, IS_FULL: 8 } as const;
export const WALK_HEADER_BYTES = 16;
