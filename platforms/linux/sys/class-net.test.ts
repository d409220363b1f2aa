import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassNetLinkSource } from './class-net.ts';

let root = '';

interface Entry {
  readonly files: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
}

function writeInterface(name: string, { files, directories = [], links = {} }: Entry): void {
  const directory = join(root, 'class/net', name);
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), `${text}\n`);
  for (const entry of directories) mkdirSync(join(directory, entry));
  for (const [entry, target] of Object.entries(links)) symlinkSync(target, join(directory, entry));
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sstop-sys-'));
  writeInterface('lo', {
    files: { ifindex: '1', flags: '0x9', operstate: 'unknown', uevent: 'INTERFACE=lo' },
  });
  writeInterface('eth0', {
    files: { ifindex: '2', flags: '0x1003', operstate: 'up', uevent: 'INTERFACE=eth0\nIFINDEX=2' },
    directories: ['device'],
    links: { master: '../br0', upper_br0: '../br0' },
  });
  writeInterface('br0', {
    files: { ifindex: '3', flags: '0x1003', operstate: 'up', uevent: 'DEVTYPE=bridge' },
    directories: ['bridge'],
    links: { lower_eth0: '../eth0' },
  });
  writeInterface('br0.7', {
    files: { ifindex: '4', flags: '0x1002', operstate: 'down', uevent: 'DEVTYPE=vlan\nINTERFACE=br0.7' },
    links: { lower_br0: '../br0' },
  });
  writeInterface('tap0', {
    files: { ifindex: '5', flags: '0x1003', operstate: 'up', tun_flags: '0x1002', uevent: '' },
  });
  writeInterface('gone', { files: { operstate: 'up' } });
  writeInterface('lying', { files: { ifindex: '-3', flags: 'zz' } });
});

afterAll(() => rmSync(root, { recursive: true }));

describe('ClassNetLinkSource', () => {
  test('describes what the directories say, and passes over what they do not', () => {
    const links = new ClassNetLinkSource(root).readLinks();
    const byName = Object.fromEntries(links.map((link) => [link.name, link]));
    expect(Object.keys(byName).sort()).toEqual(['br0', 'br0.7', 'eth0', 'lo', 'tap0']);
    expect(byName['lo']).toMatchObject({ index: 1, isLoopback: true, isUp: true, isHardware: false });
    expect(byName['eth0']).toMatchObject({
      index: 2,
      isUp: true,
      isHardware: true,
      kind: '',
      master: 3,
      lower: 0,
    });
    expect(byName['br0']).toMatchObject({ kind: 'bridge', isHardware: false, master: 0, lower: 0 });
    expect(byName['br0.7']).toMatchObject({ kind: 'vlan', isUp: false, lower: 3 });
    expect(byName['tap0']).toMatchObject({ kind: 'tun', isHardware: false });
  });

  test('a root without networks has none', () => {
    expect(new ClassNetLinkSource('/proc/nonexistent').readLinks()).toEqual([]);
  });

  test("knows this machine's loopback address", () => {
    const source = new ClassNetLinkSource('/sys');
    expect(source.readAddresses()).toContainEqual({ interfaceIndex: 1, words: [0, 0, 0xffff, 0x7f000001] });
  });
});
