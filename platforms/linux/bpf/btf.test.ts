import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { BtfBuilder } from './btf.fixture.ts';
import { BtfIndex, BtfKind, KernelTypes } from './btf.ts';
import { kernelTypes } from './kernel-types.ts';

/** struct outer { int a; union { long b; struct { int c; int d; }; }; const inner_t inner[3]; int flag:3; int *p; } */
function sample(): Uint8Array {
  const build = new BtfBuilder();
  const int = build.int('int', 4);
  const long = build.int('long', 8);
  const inner = build.struct('inner', 16, [
    { name: 'x', type: long, offset: 0 },
    { name: 'y', type: long, offset: 8 },
  ]);
  const innerArray = build.array(build.constant(build.typedef('inner_t', inner)), 3);
  const pair = build.struct('', 8, [
    { name: 'c', type: int, offset: 0 },
    { name: 'd', type: int, offset: 4 },
  ]);
  const union = build.union('', 8, [
    { name: 'b', type: long, offset: 0 },
    { name: '', type: pair, offset: 0 },
  ]);
  build.struct('outer', 80, [
    { name: 'a', type: int, offset: 0 },
    { name: '', type: union, offset: 8 },
    { name: 'inner', type: innerArray, offset: 16 },
    { name: 'flag', type: int, offset: 64, bitFieldBits: 3 },
    { name: 'p', type: build.pointer(int), offset: 72 },
  ]);
  const prototype = build.prototype([int, long, int]);
  build.func('outer', prototype);
  build.typedef('trace_outer', build.pointer(prototype));
  return build.build();
}

function open(bytes = sample()) {
  const index = new BtfIndex(bytes);
  const ids = index.find([
    ['outer', BtfKind.STRUCT],
    ['inner', BtfKind.STRUCT],
    ['trace_outer', BtfKind.TYPEDEF],
    ['missing', BtfKind.STRUCT],
    ['int', BtfKind.FUNC],
  ]);
  return { index, ids, outer: ids.get('outer') ?? 0 };
}

describe('BtfIndex', () => {
  test('finds types by name and kind', () => {
    const { index, ids } = open();
    expect([...ids.keys()].sort()).toEqual(['inner', 'outer', 'trace_outer']);
    expect(index.find([['outer', BtfKind.FUNC]]).get('outer')).not.toBe(ids.get('outer'));
  });

  test.each([
    ['a', 0, 4],
    ['b', 8, 8],
    ['c', 8, 4],
    ['d', 12, 4],
    ['inner', 16, 48],
    ['inner[0].y', 24, 8],
    ['inner[2].x', 48, 8],
    ['p', 72, 8],
  ])('member %s', (path, offset, bytes) => {
    const { index, outer } = open();
    expect(index.member(outer, path)).toMatchObject({ offset, bytes });
  });

  test.each(['e', 'inner[3].x', 'inner.x', 'a[0]', 'a.b', 'p.x', 'flag', '', 'inner[', 'inner[-1]', 'a..b'])(
    'no member %s',
    (path) => {
      const { index, outer } = open();
      expect(index.member(outer, path)).toBeUndefined();
    },
  );

  test('types that refer to themselves end', () => {
    const build = new BtfBuilder();
    build.typedef('loop', 1);
    build.struct('deep', 8, [{ name: '', type: 2, offset: 0 }]);
    build.array(3, 2);
    const index = new BtfIndex(build.build());
    expect(() => index.bytesOf(1)).toThrow('refers to itself');
    expect(() => index.member(2, 'x')).toThrow('within itself');
    expect(() => index.bytesOf(3)).toThrow('arrays of arrays');
    expect(() => index.bytesOf(4)).toThrow('type 4 of 4');
  });

  test('every cut and every changed byte is an OpError or a result', () => {
    const bytes = sample();
    for (let length = 0; length < bytes.length; length++) ask(bytes.slice(0, length));
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.nat(7), (changed, shift) => {
        // At an odd address too.
        const memory = new Uint8Array(bytes.length + shift);
        memory.set(bytes, shift);
        for (const [at, value] of changed) memory[shift + at] = value;
        ask(memory.subarray(shift));
      }),
    );
  });

  test.skipIf(!existsSync('/sys/kernel/btf/vmlinux'))("the running kernel's (needs its BTF)", () => {
    const index = kernelTypes();
    expect(kernelTypes()).toBe(index);
    const types = new KernelTypes(index, [['task_struct', BtfKind.STRUCT]]);
    expect(types.member('task_struct', 'comm').bytes).toBe(16);
    expect(types.member('task_struct', '__state', 'state').bytes).toBeGreaterThanOrEqual(4);
    expect(() => types.member('task_struct', 'nothing', 'like_it')).toThrow(
      'no task_struct.nothing or .like_it',
    );
    expect(() => types.id('sock')).toThrow('this kernel has no sock');
  });
});

function ask(bytes: Uint8Array): void {
  try {
    const { index, outer } = open(bytes);
    for (const path of ['d', 'inner[2].x', 'flag', 'p']) index.member(outer, path);
  } catch (thrown) {
    if (!(thrown instanceof OpError)) throw thrown;
    expect(thrown.code).toBe('BAD_BTF');
  }
}
