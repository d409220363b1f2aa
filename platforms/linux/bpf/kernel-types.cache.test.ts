import { afterEach, beforeEach, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { BtfKind, type TypeSource } from './btf.ts';
import {
  buildIdOf,
  FileTypeCache,
  type KnownTypes,
  kernelIdentity,
  RememberedTypes,
  typeCacheOfRoot,
} from './kernel-types.ts';

const KNOWN: KnownTypes = {
  ids: { '4 task_struct': 128, '4 missing': 0 },
  members: { '128 comm': [2000, 16, 7], '128 nothing': null },
  enumerations: { '12': 'NONE=0;FULL=4294967295;', '13': '' },
};
const OWNER = process.getuid?.() ?? 0;
const NOBODY = 65_534;

let parent = '';
let folder = '';
let file = '';

beforeEach(() => {
  parent = mkdtempSync(`${tmpdir()}/type-cache-`);
  folder = `${parent}/sstop`;
  file = `${folder}/kernel-types`;
});

afterEach(() => rmSync(parent, { recursive: true }));

function cacheOf(identity = 'build boot'): FileTypeCache {
  return new FileTypeCache(identity, { folder, parent, owner: OWNER });
}

test('what was written is read by the same kernel in the same boot alone', () => {
  expect(cacheOf().read()).toBeUndefined();
  cacheOf().write(KNOWN);
  expect(lstatSync(folder).mode & 0o7777).toBe(0o700);
  expect(lstatSync(file).mode & 0o7777).toBe(0o600);
  expect(cacheOf().read()).toEqual(KNOWN);
  expect(cacheOf('build other').read()).toBeUndefined();
});

test.each<readonly [string, () => void]>([
  ['others may look into the folder', () => chmodSync(folder, 0o755)],
  ['others may write the folder around it', () => chmodSync(parent, 0o777)],
  ['others may read the file', () => chmodSync(file, 0o644)],
  ['it has a second name', () => linkSync(file, `${parent}/second`)],
  [
    'it is a symbolic link',
    () => {
      renameSync(file, `${parent}/elsewhere`);
      symlinkSync(`${parent}/elsewhere`, file);
    },
  ],
  ['a byte is another', () => writeFileSync(file, readFileSync(file, 'utf8').replace('2000', '2001'))],
  ['it is cut short', () => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -5))],
  ['empty file', () => writeFileSync(file, '')],
  ['file too long', () => writeFileSync(file, Buffer.alloc(100_000, 0x20))],
  [
    'is a directory',
    () => {
      rmSync(file);
      mkdirSync(file);
    },
  ],
])('nothing is read where %s', (_what, change) => {
  cacheOf().write(KNOWN);
  expect(cacheOf().read()).toEqual(KNOWN);
  change();
  expect(cacheOf().read()).toBeUndefined();
});

test('nothing is read of numbers that are none', () => {
  for (const member of [
    [-1, 16, 7],
    [0.5, 16, 7],
    ['0', 16, 7],
    [1, 2],
  ]) {
    const members = { '1 x': member as unknown as readonly [number, number, number] };
    cacheOf().write({ ids: {}, members, enumerations: {} });
    expect(existsSync(file)).toBe(true);
    expect(cacheOf().read()).toBeUndefined();
  }
  for (const text of ['A=1', 'A=-1;', 'A;', '=1;', 'A=1;;', 5]) {
    cacheOf().write({ ids: {}, members: {}, enumerations: { '1': text as string } });
    expect(existsSync(file)).toBe(true);
    expect(cacheOf().read()).toBeUndefined();
  }
});

test('nothing is written where others could have', () => {
  mkdirSync(folder, { mode: 0o700 });
  chmodSync(folder, 0o770);
  cacheOf().write(KNOWN);
  expect(existsSync(file)).toBe(false);
});

test.skipIf(OWNER !== 0)("nothing is read of another user's (needs root)", () => {
  cacheOf().write(KNOWN);
  chownSync(file, NOBODY, NOBODY);
  expect(cacheOf().read()).toBeUndefined();
  chownSync(file, 0, 0);
  expect(cacheOf().read()).toEqual(KNOWN);
  chownSync(folder, NOBODY, NOBODY);
  expect(cacheOf().read()).toBeUndefined();
});

test('root alone has a cache, and this kernel an identity where it tells its build id', () => {
  expect(typeCacheOfRoot('x') === undefined).toBe(OWNER !== 0);
  if (existsSync('/sys/kernel/notes')) expect(kernelIdentity()).toMatch(/^[0-9a-f]{16,} [0-9a-f-]{36}$/);
});

test('the build id is the note of that type; notes that are cut short have none', () => {
  const note = (name: string, type: number, content: readonly number[]): number[] => [
    ...[name.length + 1, 0, 0, 0, content.length, 0, 0, 0, type, 0, 0, 0],
    ...[...Buffer.from(`${name}\0`), ...new Array((4 - ((name.length + 1) % 4)) % 4).fill(0)],
    ...[...content, ...new Array((4 - (content.length % 4)) % 4).fill(0)],
  ];
  const notes = Uint8Array.from([...note('Xen', 3, [9, 9, 9]), ...note('GNU', 3, [0xab, 0xcd, 0x01])]);
  expect(buildIdOf(notes)).toBe('abcd01');
  for (let length = 0; length < notes.length - 1; length++) {
    expect(buildIdOf(notes.subarray(0, length))).toBeUndefined();
  }
});

test('the kernel is asked for what is not known, once, and the answers are told', () => {
  const asked: string[] = [];
  const kernel: TypeSource = {
    find: (wanted) => {
      asked.push(...wanted.map(([name]) => name));
      return new Map(wanted.filter(([name]) => name === 'sock').map(([name]) => [name, 9]));
    },
    member: (id, path) => {
      asked.push(`${id}.${path}`);
      return path === 'state' ? { offset: 8, bytes: 4, typeId: 3 } : undefined;
    },
    enumerators: (id) => {
      asked.push(`enum ${id}`);
      return id === 7 ? [['NOT_YET', 0] as const, ['LATE', 4] as const] : [];
    },
  };
  let reads = 0;
  const learnt: string[] = [];
  const known = structuredClone(KNOWN);
  const open = (): RememberedTypes =>
    new RememberedTypes(
      known,
      () => {
        reads++;
        return kernel;
      },
      (all) => learnt.push(JSON.stringify(all)),
    );
  const types = open();
  expect(
    types.find([
      ['task_struct', BtfKind.STRUCT],
      ['missing', BtfKind.STRUCT],
    ]),
  ).toEqual(new Map([['task_struct', 128]]));
  expect(types.member(128, 'comm')).toEqual({ offset: 2000, bytes: 16, typeId: 7 });
  expect(types.member(128, 'nothing')).toBeUndefined();
  expect([reads, asked, learnt]).toEqual([0, [], []]);
  const wanted = [
    ['sock', BtfKind.STRUCT],
    ['sock', BtfKind.FUNC],
    ['task_struct', BtfKind.STRUCT],
    ['socket', BtfKind.STRUCT],
  ] as const;
  expect(types.find(wanted).get('task_struct')).toBe(128);
  expect(types.member(9, 'state')).toEqual({ offset: 8, bytes: 4, typeId: 3 });
  expect(types.member(9, 'gone')).toBeUndefined();
  expect([reads, asked]).toEqual([1, ['sock', 'sock', 'socket', '9.state', '9.gone']]);
  const again = open();
  expect(again.find([['socket', BtfKind.STRUCT]]).size).toBe(0);
  expect(again.member(9, 'state')?.offset).toBe(8);
  expect(reads).toBe(1);
  expect(learnt.length).toBe(3);
});
