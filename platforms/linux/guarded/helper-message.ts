import type { ContainerKey } from '../../../src/data/sample/container-id.ts';
import type { FileSystemSpace } from './file-system-helper.ts';

/** What the helper is started with; no option of the programs. */
export const HELPER_ARGUMENT = '--answer-for-file-systems';
/** The helper's first line: it reads questions now. */
export const READY = 'ready';
/** A path is at most 4096 bytes, twice as many digits; the source of a mount is no longer than a page either. */
export const LINE_LIMIT_BYTES = 32 * 1024;

/** One file system that the helper is to ask. */
export interface SpaceQuestion {
  /** Bytes of the mount point without NUL: a path need not be UTF-8. */
  readonly path: Uint8Array;
  /** A path in /dev whose links are to be followed; undefined: none. */
  readonly devicePath: string | undefined;
}

export interface SpaceAnswer {
  /** Of statfs(2); 0: `space` holds its figures. */
  readonly errno: number;
  readonly space: FileSystemSpace;
  /** Where `devicePath` leads; undefined: nowhere, or it was not asked for. */
  readonly deviceTarget: string | undefined;
}

const FIGURES = ['totalBytes', 'usedBytes', 'availableBytes', 'inodes', 'freeInodes'] as const;

/** A line without its end: the path in hexadecimal digits, and the device's path the same way. */
export function questionLine({ path, devicePath = '' }: SpaceQuestion): string {
  return `${Buffer.from(path).toString('hex')} ${Buffer.from(devicePath).toString('hex')}`;
}

/** Undefined: the line is none. */
export function parseQuestion(line: string): SpaceQuestion | undefined {
  const found = /^((?:[0-9a-f]{2})+) ((?:[0-9a-f]{2})*)$/.exec(line);
  if (found === null) return undefined;
  const device = Buffer.from(found[2]!, 'hex').toString();
  return { path: Buffer.from(found[1]!, 'hex'), devicePath: device === '' ? undefined : device };
}

/** A line without its end: errno, five figures, the device in hexadecimal digits. */
export function answerLine({ errno, space, deviceTarget = '' }: SpaceAnswer): string {
  const figures = FIGURES.map((name) => space[name]);
  return [errno, ...figures, Buffer.from(deviceTarget).toString('hex')].join(' ');
}

/** Undefined: the line is none. */
export function parseAnswer(line: string): SpaceAnswer | undefined {
  const words = line.split(' ');
  const device = words.pop();
  const [errno, ...figures] = words.map(Number);
  if (errno === undefined || device === undefined || figures.length !== FIGURES.length) return undefined;
  if (![errno, ...figures].every((value) => value >= 0)) return undefined;
  const space = Object.fromEntries(
    FIGURES.map((name, at) => [name, figures[at]]),
  ) as unknown as FileSystemSpace;
  return { errno, space, deviceTarget: Buffer.from(device, 'hex').toString() || undefined };
}

/** Containers whose names are asked for in one line. */
export const CONTAINERS_LIMIT = 32;

/** Requests for the names of containers. */
export interface NamesQuestion {
  /** Where the system's files are; `/` but in tests. */
  readonly root: string;
  /** At most CONTAINERS_LIMIT. */
  readonly keys: readonly ContainerKey[];
  /** Whether the names of network namespaces are wanted too. */
  readonly wantsNamespaces: boolean;
}

export interface NamesAnswer {
  /** Of the keys, in their order; undefined: unknown. */
  readonly containers: readonly (string | undefined)[];
  /** By inode; empty where they were not wanted. */
  readonly namespaces: ReadonlyMap<number, string>;
}

const NAMES_WORD = 'names';
const KEY = /^([0-9a-f]{64}),(\d{0,10}),([0-9a-f-]{0,36})$/;
const NAMESPACE = /^(\d{1,15})=((?:[0-9a-f]{2})+)$/;

/** A line without its end: the root in hexadecimal digits, whether namespaces are wanted, then each container. */
export function namesQuestionLine({ root, keys, wantsNamespaces }: NamesQuestion): string {
  const words = keys.map(({ id, uid, podUid }) => `${id},${uid ?? ''},${podUid ?? ''}`);
  return [NAMES_WORD, Buffer.from(root).toString('hex'), wantsNamespaces ? '1' : '0', ...words].join(' ');
}

/** Undefined: the line is another one. */
export function parseNamesQuestion(line: string): NamesQuestion | undefined {
  const [word, root, wanted, ...words] = line.split(' ');
  if (word !== NAMES_WORD || root === undefined || words.length > CONTAINERS_LIMIT) return undefined;
  if (wanted !== '0' && wanted !== '1') return undefined;
  const keys: ContainerKey[] = [];
  for (const each of words) {
    const [, id, uid, podUid] = KEY.exec(each) ?? [];
    if (id === undefined) return undefined;
    keys.push({ id, uid: uid === '' ? undefined : Number(uid), podUid: podUid === '' ? undefined : podUid });
  }
  return { root: Buffer.from(root, 'hex').toString(), keys, wantsNamespaces: wanted === '1' };
}

/** A line without its end: `INODE=NAME` of each namespace, `;`, a name or `-` for each container; names in digits. */
export function namesAnswerLine({ containers, namespaces }: NamesAnswer): string {
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  const first = Array.from(namespaces, ([inode, name]) => `${inode}=${hex(name)}`);
  const second = containers.map((name) => (name === undefined ? '-' : hex(name)));
  return [NAMES_WORD, ...first, ';', ...second].join(' ');
}

/** Undefined: the line is none. */
export function parseNamesAnswer(line: string): NamesAnswer | undefined {
  const [word, ...words] = line.split(' ');
  const middle = words.indexOf(';');
  if (word !== NAMES_WORD || middle < 0 || words.length - middle - 1 > CONTAINERS_LIMIT) return undefined;
  const namespaces = new Map<number, string>();
  for (const each of words.slice(0, middle)) {
    const [, inode, name] = NAMESPACE.exec(each) ?? [];
    if (name !== undefined) namespaces.set(Number(inode), Buffer.from(name, 'hex').toString());
  }
  const names = words.slice(middle + 1);
  return {
    containers: names.map((each) => (each === '-' ? undefined : Buffer.from(each, 'hex').toString())),
    namespaces,
  };
}
