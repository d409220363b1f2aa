import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AT_FDCWD,
  closeDescriptor,
  NativeBuffer,
  O_NONBLOCK,
  O_RDWR,
  openAt,
  PollEvent,
  readInto,
  writeFrom,
} from './libc.ts';
import { LookTimes, PollWake } from './poll-wake.ts';

const folder = mkdtempSync(join(tmpdir(), 'poll-wake-'));
const byte = new NativeBuffer(8);
Bun.spawnSync(['mkfifo', join(folder, 'pipe')]);
const pipe = openAt(AT_FDCWD, NativeBuffer.ofPath(join(folder, 'pipe')), O_RDWR | O_NONBLOCK);

afterAll(() => {
  closeDescriptor(pipe);
  rmSync(folder, { recursive: true });
});

/** Calls of `called`, each of which ends one `next()`. */
class Calls {
  count = 0;
  #next = Promise.withResolvers<void>();

  readonly called = (): void => {
    this.count++;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  };

  next(): Promise<void> {
    return this.#next.promise;
  }
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe('waking up by descriptors', () => {
  test('each wait ends with one call, at once where something is there', async () => {
    const calls = new Calls();
    const wake = new PollWake([pipe], PollEvent.READABLE, calls.called);
    expect([wake.wait(), wake.wait()]).toEqual([true, true]);
    await Bun.sleep(10);
    expect(calls.count).toBe(0);
    let called = calls.next();
    writeFrom(pipe, byte, 1);
    await called;
    expect(calls.count).toBe(1);
    called = calls.next();
    wake.wait();
    await called;
    expect(calls.count).toBe(2);
    readInto(pipe, byte, 1);
    wake.close();
  });

  test('closed, it calls nobody, waits no more and keeps no descriptor', async () => {
    const before = openDescriptors();
    const calls = new Calls();
    const wake = new PollWake([pipe], PollEvent.READABLE, calls.called);
    wake.wait();
    await Bun.sleep(1);
    wake.close();
    expect(wake.wait()).toBe(false);
    writeFrom(pipe, byte, 1);
    while (openDescriptors() > before) await Bun.sleep(1);
    expect(calls.count).toBe(0);
    readInto(pipe, byte, 1);
  });

  test('a descriptor that cannot be watched is refused', () => {
    const wake = new PollWake([-1], PollEvent.READABLE, () => undefined);
    expect(wake.wait()).toBe(false);
    wake.close();
  });
});

describe('times to look', () => {
  test('by the clock while something comes, and after some looks for nothing when it comes', async () => {
    const calls = new Calls();
    const looks = new LookTimes([pipe], calls.called);
    for (let i = 0; i < 4; i++) looks.looked(false);
    expect(looks.withinMillis(50)).toBe(50);
    looks.looked(true);
    for (let i = 0; i < 5; i++) looks.looked(false);
    expect(looks.withinMillis(50)).toBe(Number.POSITIVE_INFINITY);
    const called = calls.next();
    writeFrom(pipe, byte, 1);
    await called;
    expect(looks.withinMillis(50)).toBe(50);
    readInto(pipe, byte, 1);
    looks.close();
    for (let i = 0; i < 5; i++) looks.looked(false);
    expect(looks.withinMillis(50)).toBe(50);
  });

  test('by the clock alone where nobody is to be told', () => {
    const looks = new LookTimes([pipe], undefined);
    for (let i = 0; i < 9; i++) looks.looked(false);
    expect(looks.withinMillis(50)).toBe(50);
    looks.close();
  });
});
