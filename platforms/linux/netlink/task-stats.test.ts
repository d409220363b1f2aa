import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { openIfPossible } from '../../../src/kit/errors/op-error.ts';
import { BtfIndex, BtfKind } from '../bpf/btf.ts';
import { NativeBuffer } from '../libc.ts';
import { networkNamespaceInode } from '../proc/namespace-links.ts';
import { threadTexts } from '../testdata/test-slices.fixture.ts';
import { parseFamily, parseTaskStats, STATS_FIELDS, TaskStats } from './task-stats.ts';

/** As Linux 6.18 answers (version 16 of the structure), the zeros at its end left out. */
const HEAD = 'VAIAAB8AAAADAAAAxkgAAAIBAABAAgUACAACANJIAAA0AgMAEAAAAAAAAAAAAAAAAAAAACsAAAAAAAAAYZw9AgAAAAAA';
const ANSWER_BYTES = 596;
/** The answer of the controller: the family has the number 31. */
const FAMILY =
  'cAAAABAAAAABAAAAxkgAAAECAAAOAAIAVEFTS1NUQVRTAAAABgABAB8AAAAIAAMAAQAAAAgABAAAAAAACAAFAAAAAAAsAAYAFAABAAgAAQABAAAACAACAAsAAAAUAAIACAABAAQAAAAIAAIACgAAAA==';
/** An error in the place of an answer: no such process. */
const REFUSAL = 'MAAAAAIAAAEEAAAAxkgAAP3///8cAAAAHwABAAQAAAAAAAAAAQEAAAgAAgA/Qg8A';

/** Where the structure begins in the answer. */
const STATS_AT = 36;

function bufferOf(bytes: Uint8Array, length = bytes.length): NativeBuffer {
  const buffer = new NativeBuffer(length);
  buffer.bytes.set(bytes.subarray(0, length));
  return buffer;
}

function answer(): NativeBuffer {
  return bufferOf(Buffer.from(HEAD, 'base64'), ANSWER_BYTES);
}

const nothing = () => ({ runDelayNanos: 0, blockDelayNanos: 0, memoryDelayNanos: 0 });

describe('an answer of the family TASKSTATS', () => {
  test('says what a process waited for', () => {
    const buffer = answer();
    const delays = nothing();
    expect(parseTaskStats(buffer, ANSWER_BYTES, delays)).toBe(true);
    expect(delays).toEqual({ runDelayNanos: 37_592_161, blockDelayNanos: 0, memoryDelayNanos: 0 });
    const { blkio_delay_total, swapin_delay_total, freepages_delay_total, compact_delay_total } =
      STATS_FIELDS;
    buffer.view.setUint32(STATS_AT + blkio_delay_total + 4, 1, true);
    for (const field of [swapin_delay_total, freepages_delay_total, compact_delay_total])
      buffer.view.setUint32(STATS_AT + field, 5, true);
    expect(parseTaskStats(buffer, ANSWER_BYTES, delays)).toBe(true);
    expect([delays.blockDelayNanos, delays.memoryDelayNanos]).toEqual([2 ** 32, 15]);
  });

  test('that is cut, an error, or of another kind is none', () => {
    for (let length = 0; length < ANSWER_BYTES; length++)
      expect(parseTaskStats(answer(), length, nothing())).toBe(false);
    const refusal = Buffer.from(REFUSAL, 'base64');
    expect(parseTaskStats(bufferOf(refusal), refusal.length, nothing())).toBe(false);
    const family = Buffer.from(FAMILY, 'base64');
    expect(parseTaskStats(bufferOf(family), family.length, nothing())).toBe(false);
    expect(parseFamily(bufferOf(family), family.length)).toBe(31);
    for (let length = 0; length < family.length; length++)
      expect(parseFamily(bufferOf(family), length)).toBe(0);
    expect(parseFamily(bufferOf(refusal), refusal.length)).toBe(0);
  });

  test('whatever its bytes are, no number comes from behind its end', () => {
    const change = fc.tuple(fc.nat(ANSWER_BYTES - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(ANSWER_BYTES), (changes, length) => {
        const buffer = answer();
        for (const [at, byte] of changes) buffer.bytes[at] = byte;
        // What stands behind the end of the datagram is an older answer.
        buffer.bytes.fill(0xff, length);
        const delays = nothing();
        if (!parseTaskStats(buffer, length, delays)) return;
        const largest = Math.max(...Object.values(delays));
        expect(largest).toBeLessThan(4 * 2 ** 64 + 1);
        if (changes.length === 0) expect(largest).toBe(37_592_161);
      }),
    );
  });

  test('a structure of an older kernel, which ends early, is read as far as it goes', () => {
    const buffer = answer();
    const older = STATS_FIELDS.swapin_delay_total + 8;
    buffer.u16[(STATS_AT - 4) >> 1] = older + 4;
    buffer.view.setUint32(STATS_AT + STATS_FIELDS.freepages_delay_total, 5, true);
    const delays = nothing();
    expect(parseTaskStats(buffer, ANSWER_BYTES, delays)).toBe(true);
    expect(delays.memoryDelayNanos).toBe(0);
  });
});

const BTF = '/sys/kernel/btf/vmlinux';

test('fields of the structure stand where the running kernel has them', () => {
  const types = openIfPossible(() => new BtfIndex(readFileSync(BTF)));
  if (types === undefined) {
    process.stdout.write(`skipped: no ${BTF}\n`);
    return;
  }
  const structure = types.find([['taskstats', BtfKind.STRUCT]]).get('taskstats')!;
  for (const [name, offset] of Object.entries(STATS_FIELDS)) {
    const member = types.member(structure, name);
    if (member !== undefined) expect([name, member.offset, member.bytes]).toEqual([name, offset, 8]);
  }
});

const stats = openIfPossible(() => new TaskStats());
if (stats === undefined) {
  const namespace = networkNamespaceInode('/proc', 'self');
  process.stdout.write(`skipped: no task statistics (needs CAP_NET_ADMIN), network namespace ${namespace}\n`);
}

test.skipIf(stats === undefined)(
  'the kernel says of this process what /proc says of all its threads (needs CAP_NET_ADMIN)',
  () => {
    const runDelay = (): number =>
      [...threadTexts('self', 'schedstat').values()].reduce(
        (sum, text) => sum + Number(text.split(' ')[1]),
        0,
      );
    const delays = nothing();
    const before = runDelay();
    expect(stats!.read(process.pid, delays)).toBe(true);
    // Threads that have ended are in it too.
    expect(delays.runDelayNanos).toBeGreaterThanOrEqual(before);
    expect(stats!.read(2 ** 30, delays)).toBe(false);
    stats!.close();
  },
);
