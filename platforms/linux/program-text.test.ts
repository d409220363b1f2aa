import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { expectProgramText, isAsInFile, parseTextSpans, releaseProgramText } from './program-text.ts';

const MAPS = `00200000-0068f000 r--p 00000000 fe:00 1181 /usr/local/bin/a program
0068f000-054f9000 r-xp 0048e000 fe:00 1181                               /usr/local/bin/a program
054f9000-054fb000 r--p 052f7000 fe:00 1181                               /usr/local/bin/a program
054fb000-056fa000 rw-p 052f7000 fe:00 1181                               /usr/local/bin/a program
7f1000000000-7f1000021000 r-xp 00000000 00:00 0
7f2c5c000000-7f2c5c156000 r-xp 00026000 fe:00 523                        /usr/lib/libc.so.6
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`;

test('machine code and constants are found by their file, and nothing else is', () => {
  expect(parseTextSpans(MAPS, '/usr/local/bin/a program')).toEqual([
    { start: 0x200000, end: 0x68f000 },
    { start: 0x68f000, end: 0x54f9000 },
  ]);
  expect(parseTextSpans(MAPS, '/usr/local/bin/a')).toEqual([]);
  expect(parseTextSpans(MAPS.slice(0, 50), '/usr/local/bin/a program')).toEqual([]);
});

test('of what can be written to, only whole pages of the bundle are found', () => {
  const spansOf = (start: number, end: number) =>
    parseTextSpans(MAPS, '/usr/local/bin/a program', { start, end }).slice(2);
  // The mapping has the file's bytes from 0x52f7000 on.
  expect(spansOf(0x530_0000, 0x540_0000)).toEqual([{ start: 0x550_4000, end: 0x560_4000, isWritable: true }]);
  expect(spansOf(0x530_0001, 0x540_0fff)).toEqual([{ start: 0x550_5000, end: 0x560_4000, isWritable: true }]);
  expect(spansOf(0x520_0000, 0x600_0000)).toEqual([{ start: 0x54f_b000, end: 0x56f_a000, isWritable: true }]);
  expect(spansOf(0x530_0001, 0x530_1fff)).toEqual([]);
  expect(spansOf(0x600_0000, 0x700_0000)).toEqual([]);
});

test('pages that were written to are told from those of a file', () => {
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
  const spanOf = (mark: string) => {
    const [start = 0, end = 0] = /^(\w+)-(\w+)/
      .exec(maps.find((line) => line.includes(mark)) ?? '')!
      .slice(1)
      .map((hex) => Number.parseInt(hex, 16));
    return { start, end };
  };
  expect(isAsInFile(spanOf(' r-xp '))).toBe(true);
  expect(isAsInFile(spanOf('[stack]'))).toBe(false);
});

/** The mappings of machine code of this very program, as proc_pid_smaps(5) describes them. */
function ownCode(): readonly string[] {
  const blocks = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return blocks.filter((block) => block.includes(' r-xp ') && block.includes(process.execPath));
}

function residentKilobytes(): number {
  return ownCode().reduce((sum, block) => sum + Number(/^Rss: +(\d+)/m.exec(block)?.[1]), 0);
}

const [major = 0, minor = 0] = release().split('.').map(Number);
const tracksWrites = major > 6 || (major === 6 && minor >= 7);

test('what the start alone has run gives its memory back, and all else goes on', () => {
  const before = residentKilobytes();
  releaseProgramText();
  const after = residentKilobytes();
  expect(before).toBeGreaterThan(10_000);
  expect(after).toBeLessThan(before * 0.9);
  expect(JSON.parse(JSON.stringify({ still: ['here'] }))).toEqual({ still: ['here'] });
});

/** Whether writes to each of them are tracked by a userfaultfd(2). */
function isTracked(): readonly boolean[] {
  return ownCode().map((block) => /^VmFlags:(.*)$/m.exec(block)![1]!.split(' ').includes('uw'));
}

test.skipIf(!tracksWrites)('what is run again comes back page by page (needs Linux 6.7)', () => {
  releaseProgramText();
  releaseProgramText();
  expect(isTracked()).not.toBeEmpty();
  expect(isTracked()).not.toContain(false);
  expectProgramText();
  expect(isTracked()).not.toContain(true);
  releaseProgramText();
  expect(isTracked()).not.toContain(false);
});
