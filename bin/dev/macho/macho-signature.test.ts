import { describe, expect, test } from 'bun:test';
import { badPages, signAdHoc } from './macho-signature.ts';

const PAGE = 4096;
const CODE_PAGES = 5;

/** A file as a linker makes it: header, load commands, pages of code, and a signature of `signatureBytes` zeros. */
function machoFile(signatureBytes = 64): Buffer {
  const codeBytes = CODE_PAGES * PAGE - 100;
  const file = Buffer.alloc(codeBytes + signatureBytes, 0xc3);
  file.fill(0, 0, 512);
  file.fill(0, codeBytes);
  file.writeUInt32LE(0xfeedfacf, 0);
  const commands = [segment('__TEXT', 0, 2 * PAGE), segment('__LINKEDIT', 2 * PAGE, file.length - 2 * PAGE)];
  const signature = Buffer.alloc(16);
  for (const [at, word] of [0x1d, 16, codeBytes, signatureBytes].entries())
    signature.writeUInt32LE(word, at * 4);
  const all = Buffer.concat([...commands, signature]);
  file.writeUInt32LE(commands.length + 1, 16);
  file.writeUInt32LE(all.length, 20);
  all.copy(file, 32);
  return file;
}

function segment(name: string, offset: number, bytes: number): Buffer {
  const command = Buffer.alloc(72);
  command.writeUInt32LE(0x19, 0);
  command.writeUInt32LE(command.length, 4);
  command.write(name, 8);
  command.writeBigUInt64LE(BigInt(offset), 40);
  command.writeBigUInt64LE(BigInt(bytes), 48);
  return command;
}

describe('an ad hoc signature', () => {
  test('has a right hash of every page, the load commands that it changes included', () => {
    const signed = signAdHoc(machoFile(), 'sstop');
    expect(badPages(signed)).toEqual([]);
    // __LINKEDIT ends where the file ends.
    const linkedit = 32 + 72;
    const end = signed.length - 2 * PAGE;
    expect(Buffer.from(signed).readBigUInt64LE(linkedit + 48)).toBe(BigInt(end));
    expect(Buffer.from(signed).readBigUInt64LE(linkedit + 32)).toBe(0x4000n);
  });

  test('tells which page has one flipped bit, in each page', () => {
    const signed = signAdHoc(machoFile(), 'sstop');
    for (let page = 0; page < CODE_PAGES; page++) {
      const changed = Buffer.from(signed);
      changed[page * PAGE + 2000]! ^= 1;
      expect(badPages(changed)).toEqual([page]);
    }
  });

  test('takes the place of one that is there, larger or smaller', () => {
    const once = signAdHoc(machoFile(8192), 'sstop');
    expect(badPages(once)).toEqual([]);
    expect(Buffer.compare(signAdHoc(once, 'sstop'), once)).toBe(0);
    expect(badPages(signAdHoc(once, 'a-longer-identifier'))).toEqual([]);
  });

  test('that covers less than the file is refused', () => {
    const signed = Buffer.from(signAdHoc(machoFile(), 'sstop'));
    const limitAt = signed.length - signed.readUInt32LE(32 + 144 + 12) + 20 + 32;
    signed.writeUInt32BE(PAGE, limitAt);
    expect(() => badPages(signed)).toThrow('does not cover the file');
  });
});

test('what is no Mach-O file, or is cut off, is refused with a reason', () => {
  expect(() => signAdHoc(Buffer.from('\x7fELF'), 'sstop')).toThrow('no 64-bit Mach-O');
  expect(() => signAdHoc(machoFile().subarray(0, 100), 'sstop')).toThrow('a file to be signed is not usable');
  expect(() => badPages(machoFile())).toThrow('it begins with another number');
  for (let length = 0; length < 300; length++) {
    expect(() => signAdHoc(machoFile().subarray(0, length), 'sstop')).toThrow('not usable');
  }
});
