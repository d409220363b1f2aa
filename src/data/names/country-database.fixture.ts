import { isIpv4, readAddress } from '../sample/address.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';

/** What a record may hold here; numbers are written as uint32. */
export type DatabaseValue = string | number | boolean | { readonly [key: string]: DatabaseValue };

export interface DatabaseSpec {
  readonly networks: readonly (readonly [prefix: string, record: DatabaseValue | Buffer])[];
  readonly ipVersion?: 4 | 6;
  readonly recordSize?: 24 | 28 | 32;
  readonly type?: string;
  /** Instead of the metadata that fits. */
  readonly metadata?: Buffer;
}

/** A child is another node, a record by its offset in the data, or nothing. */
type Child = Node | number | undefined;
class Node {
  readonly children: [Child, Child] = [undefined, undefined];
}

/** A database in MaxMind's format, version 2.0: search tree, 16 zero bytes, data, marker, metadata. */
export function databaseOf(spec: DatabaseSpec): Buffer {
  const { ipVersion = 6, recordSize = 28, type = 'Test-Country' } = spec;
  const root = new Node();
  const data: Buffer[] = [];
  let size = 0;
  for (const [prefix, record] of spec.networks) {
    insert(root, prefix, ipVersion, size);
    const bytes = Buffer.isBuffer(record) ? record : valueBytes(record);
    data.push(bytes);
    size += bytes.length;
  }
  const nodes = numbered(root);
  const tree = Buffer.concat([...nodes.keys()].map((node) => nodeBytes(node, nodes, recordSize)));
  const metadata = valueBytes({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: type,
    ip_version: ipVersion,
    node_count: nodes.size,
    record_size: recordSize,
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, spec.metadata ?? metadata]);
}

/** Control byte and payload of a value. */
export function valueBytes(value: DatabaseValue): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(14, value ? 1 : 0);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const entries = Object.entries(value);
  return Buffer.concat([control(7, entries.length), ...entries.flat().map(valueBytes)]);
}

/** A pointer of four bytes to an offset in the data. */
export function pointerBytes(offset: number): Buffer {
  const bytes = Buffer.from([0x38, 0, 0, 0, 0]);
  bytes.writeUInt32BE(offset, 1);
  return bytes;
}

function control(type: number, size: number): Buffer {
  if (size >= 285) throw new RangeError('no value of a test is that long');
  const head = type > 7 ? [Math.min(size, 29), type - 7] : [(type << 5) | Math.min(size, 29)];
  return Buffer.from(size < 29 ? head : [...head, size - 29]);
}

/** IPv4 lies behind 96 zero bits in a tree of version 6. */
function insert(root: Node, prefix: string, ipVersion: 4 | 6, offset: number): void {
  const [address = '', length = ''] = prefix.split('/');
  const words = new Uint32Array(ADDRESS_WORDS);
  readAddress(address, words);
  const isV4 = isIpv4(words, 0);
  if (isV4) words[2] = 0;
  const skipped = isV4 && ipVersion === 4 ? 96 : 0;
  const end = Number(length) + (isV4 ? 96 : 0);
  let node = root;
  for (let bit = skipped; bit < end; bit++) {
    const side = (words[bit >>> 5]! >>> (31 - (bit & 31))) & 1;
    if (bit === end - 1) {
      node.children[side] = offset;
      return;
    }
    const next = node.children[side];
    const child = next instanceof Node ? next : new Node();
    node.children[side] = child;
    node = child;
  }
}

function numbered(root: Node): Map<Node, number> {
  const numbers = new Map([[root, 0]]);
  for (const node of numbers.keys()) {
    for (const child of node.children) if (child instanceof Node) numbers.set(child, numbers.size);
  }
  return numbers;
}

/** 24: LLL RRR; 28: LLL lr RRR, the middle byte holds the high bits of both; 32: LLLL RRRR. */
function nodeBytes(node: Node, nodes: ReadonlyMap<Node, number>, recordSize: number): Buffer {
  const [left, right] = node.children.map((child) => {
    if (child instanceof Node) return nodes.get(child)!;
    return child === undefined ? nodes.size : nodes.size + 16 + child;
  }) as [number, number];
  const bytes = Buffer.alloc(recordSize / 4);
  if (recordSize === 32) {
    bytes.writeUInt32BE(left, 0);
    bytes.writeUInt32BE(right, 4);
    return bytes;
  }
  bytes.writeUIntBE(left & 0xffffff, 0, 3);
  bytes.writeUIntBE(right & 0xffffff, bytes.length - 3, 3);
  if (recordSize === 28) bytes[3] = ((left >>> 24) << 4) | (right >>> 24);
  return bytes;
}
