import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { ascii } from '../proc/text-scanner.ts';
import { Pair } from '../testdata/loopback.ts';
import { DescriptorScanner, isDenied, parseSocketLink } from './socket-owners-scan.ts';

test('a process’s sockets are those that its descriptors name', async () => {
  const pair = await Pair.open('127.0.0.1');
  const scanner = new DescriptorScanner();
  const seen = new Map<number, number>();
  try {
    const before = ownSockets();
    const result = scanner.scan(process.pid, {
      socket(inode, descriptor) {
        seen.set(descriptor, inode);
        return true;
      },
    });
    expect(result).toBe(0);
    // What earlier tests left in this process may close at any moment: those there before and after count.
    const after = ownSockets();
    const expected = [...before].filter(([descriptor, inode]) => after.get(descriptor) === inode);
    expect(expected.length).toBeGreaterThanOrEqual(3);
    for (const [descriptor, inode] of expected) expect(seen.get(descriptor)).toBe(inode);
    for (const [descriptor, inode] of seen) {
      expect([before.get(descriptor), after.get(descriptor)]).toContain(inode);
    }
    const [descriptor, inode] = expected[0]!;
    expect(scanner.hasSocketAt(process.pid, descriptor, inode)).toBe(true);
    expect(scanner.hasSocketAt(process.pid, descriptor, inode + 1)).toBe(false);
    expect(scanner.hasSocketAt(process.pid, 0x7fffffff, inode)).toBe(false);
    expect(scanner.hasSocketAt(process.pid, ~descriptor, inode)).toBe(false);
  } finally {
    scanner.close();
    pair.close();
  }
});

/** Descriptor to inode of this process's sockets. */
function ownSockets(): Map<number, number> {
  const sockets = new Map<number, number>();
  for (const name of readdirSync('/proc/self/fd')) {
    const match = /^socket:\[(\d+)\]$/.exec(linkOf(name));
    if (match !== null) sockets.set(Number(name), Number(match[1]));
  }
  return sockets;
}

function linkOf(name: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${name}`);
  } catch (thrown) {
    // The descriptor of the listing itself.
    expect(thrown).toBeInstanceOf(Error);
    return '';
  }
}

test('where the first thread has ended before the others, another thread has the descriptors', () => {
  const root = mkdtempSync(`${tmpdir()}/scan-`);
  // Of 40 only the first thread is there: of its kind are the kernel's threads.
  for (const path of ['40/fd', '40/task/40', '42/fd', '42/task/42', '42/task/43', '43/fd']) {
    mkdirSync(`${root}/${path}`, { recursive: true });
  }
  symlinkSync('socket:[77]', `${root}/43/fd/5`);
  const scanner = new DescriptorScanner(root);
  const found: (readonly [number, number])[] = [];
  const visitor = {
    socket(inode: number, descriptor: number): boolean {
      found.push([inode, descriptor]);
      return true;
    },
  };
  try {
    expect([scanner.scan(40, visitor), scanner.scan(42, visitor), found]).toEqual([0, 0, [[77, 5]]]);
    expect(scanner.hasSocketAt(42, 5, 77)).toBe(true);
    expect(scanner.hasSocketAt(42, 5, 78)).toBe(false);
  } finally {
    scanner.close();
    rmSync(root, { recursive: true });
  }
});

test('a scan ends when the visitor has enough, and says when the process is gone', async () => {
  const pair = await Pair.open('127.0.0.1');
  const scanner = new DescriptorScanner();
  let visits = 0;
  try {
    scanner.scan(process.pid, { socket: () => ++visits < 2 });
    expect(visits).toBe(2);
    expect(scanner.scan(0x3fffffff, { socket: () => true })).toBe(-2);
    expect(isDenied(-2)).toBe(false);
    expect(isDenied(-13)).toBe(true);
  } finally {
    scanner.close();
    pair.close();
  }
});

test('only socket:[NUMBER] is a socket', () => {
  const inodeOf = (text: string): number => parseSocketLink(ascii(text), text.length);
  expect(inodeOf('socket:[4294967295]')).toBe(4294967295);
  expect(inodeOf('socket:[7]')).toBe(7);
  for (const other of [
    'socket:[]',
    'socket:[12',
    'socket:[1x]',
    'socket:[4294967296]',
    'pipe:[123]',
    '',
    '/dev/null',
  ]) {
    expect(inodeOf(other)).toBe(-1);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(80), (bytes, length) => {
      expect(parseSocketLink(bytes, length)).toBeGreaterThanOrEqual(-1);
    }),
  );
});
