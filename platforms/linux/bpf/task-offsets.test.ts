import { describe, expect, test } from 'bun:test';
import { BtfBuilder, type FakeMember } from './btf.fixture.ts';
import { BtfIndex } from './btf.ts';
import { Size } from './instruction.ts';
import { findTaskOffsets } from './task-offsets.ts';
import { taskIteratorProgram } from './task-programs.ts';

type Shape = '5.10' | '6.1' | '6.18';

/** The members that are read, with what the kernels differ in: width of the state, names, counters of pages. */
function kernelLike(shape: Shape, leaveOut?: string): BtfIndex {
  const build = new BtfBuilder();
  const int = build.int('int', 4);
  const long = build.int('long', 8);
  const pointer = build.pointer(int);
  const chars = build.array(int, 4);
  const struct = (name: string, members: readonly (readonly [string, number])[], bytes = 512): number => {
    const kept = members.filter((member) => member[0] !== leaveOut);
    return build.struct(
      name,
      bytes,
      kept.map(
        (member, i): FakeMember => ({
          name: member[0],
          type: member[1],
          offset: i * 8,
        }),
      ),
    );
  };
  const entity = struct(
    'sched_entity',
    [
      ['load', long],
      ['sum_exec_runtime', long],
    ],
    16,
  );
  const io = struct(
    'task_io_accounting',
    [
      ['read_bytes', long],
      ['write_bytes', long],
    ],
    16,
  );
  const hasOldState = shape === '5.10';
  struct('task_struct', [
    [hasOldState ? 'state' : '__state', hasOldState ? long : int],
    ['flags', int],
    ['exit_state', int],
    ['pid', int],
    ['tgid', int],
    ['real_parent', pointer],
    ['group_leader', pointer],
    ['real_cred', pointer],
    ['mm', pointer],
    ['signal', pointer],
    ['thread_pid', pointer],
    ['thread_node', long],
    [hasOldState ? 'real_start_time' : 'start_boottime', long],
    ['comm', chars],
    ['', build.struct('', 0, [])],
    ['se', entity],
    ['filler', long],
    ['ioac', io],
  ]);
  const atomic = struct('atomic_t', [['counter', int]], 4);
  struct('signal_struct', [
    ['live', atomic],
    ['nr_threads', int],
    ['thread_head', long],
    ['sum_sched_runtime', long],
    ['ioac', io],
  ]);
  const counter = build.struct('percpu_counter', 40, [{ name: 'count', type: long, offset: 8 }]);
  const old = struct('mm_rss_stat', [['count', build.array(long, 4)]], 32);
  struct('mm_struct', [
    ['total_vm', long],
    ['rss_stat', shape === '6.18' ? build.array(counter, 4) : old],
  ]);
  struct('cred', [['euid', struct('kuid_t', [['val', int]], 4)]]);
  struct('pid', [
    ['level', int],
    ['numbers', build.array(long, shape === '6.18' ? 0 : 1)],
  ]);
  build.func('bpf_iter_task', build.prototype([]));
  build.typedef('btf_trace_sched_process_exit', build.pointer(build.prototype([pointer, pointer])));
  return new BtfIndex(build.build());
}

describe('offsets of tasks', () => {
  test('of 5.10: a wide state, the old name of the start time, counters to be copied', () => {
    const { task, rss } = findTaskOffsets(kernelLike('5.10'));
    expect(task.state).toMatchObject({ offset: 0, bytes: 8 });
    expect(task.startNanos.offset).toBe(96);
    expect(task.execNanos.offset).toBe(128);
    expect(rss).toEqual({ kind: 'copied', offset: 8 });
  });

  test('of 6.1: a narrow state, counters to be copied', () => {
    const { task, rss } = findTaskOffsets(kernelLike('6.1'));
    expect(task.state.bytes).toBe(4);
    expect(rss).toEqual({ kind: 'copied', offset: 8 });
  });

  test('of 6.18: counters that may be loaded, without the swapped pages', () => {
    const { rss, exitTracepointId } = findTaskOffsets(kernelLike('6.18'));
    expect(rss).toMatchObject({
      kind: 'loadable',
      counts: [{ offset: 16 }, { offset: 56 }, { offset: 136 }],
    });
    expect(exitTracepointId).toBeGreaterThan(0);
  });

  test('a kernel that does not count storage I/O', () => {
    const { task, signal } = findTaskOffsets(kernelLike('6.18', 'ioac'));
    expect([task.io, signal.io]).toEqual([undefined, undefined]);
  });

  test.each([
    ['sum_sched_runtime', 'signal_struct.sum_sched_runtime'],
    ['mm', 'task_struct.mm'],
    ['__state', 'task_struct.__state or .state'],
  ])('a kernel without %s is told apart', (member, said) => {
    expect(() => findTaskOffsets(kernelLike('6.18', member))).toThrow(`this kernel has no ${said}`);
  });

  test('the state is loaded as wide as it is, and stored in 4 bytes', () => {
    for (const [shape, size] of [
      ['5.10', Size.DW],
      ['6.1', Size.W],
    ] as const) {
      const code = taskIteratorProgram(findTaskOffsets(kernelLike(shape)), 0);
      // r1 = *(size *)(r6 + 0); *(u32 *)(r10 - 64) = r1
      const load = [0x61 | size, 0x61, 0, 0, 0, 0, 0, 0];
      expect(Buffer.from(code).includes(Buffer.from([...load, 0x63, 0x1a, 0xc0, 0xff]))).toBe(true);
    }
  });
});
