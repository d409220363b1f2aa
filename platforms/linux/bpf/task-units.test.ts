import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { unsigned64In } from '../integers.ts';
import { CLOCK_TICKS_PER_SECOND } from '../libc.ts';
import { stateLetter, ticksOfNanos } from './task-units.ts';

const NANOS_PER_TICK = 1_000_000_000n / BigInt(CLOCK_TICKS_PER_SECOND);

describe('nanoseconds in clock ticks', () => {
  test('are cut off as the kernel does it, up to thousands of years of uptime', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 62n), (nanos) => {
        const ticks = ticksOfNanos(Number(nanos & 0xffffffffn), Number(nanos >> 32n));
        expect(BigInt(ticks)).toBe(nanos / NANOS_PER_TICK);
      }),
    );
  });

  test('right before and at a tick, 400 days after boot', () => {
    const tick = 3_456_000_001n;
    for (const [nanos, want] of [
      [tick * NANOS_PER_TICK - 1n, tick - 1n],
      [tick * NANOS_PER_TICK, tick],
    ] as const) {
      expect(ticksOfNanos(Number(nanos & 0xffffffffn), Number(nanos >> 32n))).toBe(Number(want));
    }
  });
});

test('two words are a number', () => {
  expect(unsigned64In(Uint32Array.of(0xffffffff, 0x1fffff), 0)).toBe(Number.MAX_SAFE_INTEGER);
});

/** include/linux/sched.h, fs/proc/array.c. */
test.each([
  ['running', 0, 0, 'R'],
  ['interruptible', 1, 0, 'S'],
  ['uninterruptible', 2, 0, 'D'],
  ['killable', 0x102, 0, 'D'],
  ['stopped', 0x104, 0, 'T'],
  ['traced', 0x108, 0, 't'],
  ['dead', 0x80, 0x10, 'X'],
  ['zombie', 0, 0x20, 'Z'],
  ['zombie of a stopped task', 4, 0x20, 'Z'],
  ['parked', 0x40, 0, 'P'],
  ['idle', 0x402, 0, 'I'],
  ['idle, may be frozen', 0x2402, 0, 'I'],
  ['frozen', 0x8000, 0, 'D'],
])('a task that is %s', (_, state, exitState, letter) => {
  expect(String.fromCharCode(stateLetter(state, exitState))).toBe(letter);
});

test('any state has a letter', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (state, exitState) => {
      expect('RSDTtXZPI').toContain(String.fromCharCode(stateLetter(state, exitState)));
    }),
  );
});
