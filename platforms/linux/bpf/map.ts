import { Errno, NativeBuffer } from '../libc.ts';
import {
  BpfError,
  bpf,
  bpfCharged,
  Command,
  nativeCopy,
  orBpfError,
  setObjectName,
  setPointer,
} from './bpf-call.ts';

/** Types for a map's key and value, loaded into the kernel. */
interface ValueBtf {
  readonly descriptor: number;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
}

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const KIND_INT = 1;
const KIND_ARRAY = 3;
const KEY_TYPE_ID = 1;
const WORD_TYPE_ID = 2;
const VALUE_TYPE_ID = 3;
const NAMES = '\0u32\0u64\0';
const BTF_LOAD_BYTES = 32;

/**
 * The types of a map with a 4-byte key and `valueBytes` (a multiple of 8) of value, in BTF
 * (Documentation/bpf/btf.rst); 89 bytes in all:
 *
 *   header 24 | [1] INT u32: 16 | [2] INT u64: 16 | [3] ARRAY of u64: 24 | names 9
 */
export function encodeValueBtf(valueBytes: number): Uint8Array {
  const types = [
    ...[NAMES.indexOf('u32'), KIND_INT << 24, 4, 32],
    ...[NAMES.indexOf('u64'), KIND_INT << 24, 8, 64],
    ...[0, KIND_ARRAY << 24, 0, WORD_TYPE_ID, KEY_TYPE_ID, valueBytes / 8],
  ];
  const typesBytes = types.length * 4;
  // Magic number and version 1; header, offset and length of the types, offset and length of the names behind them.
  const header = [MAGIC | (1 << 16), HEADER_BYTES, 0, typesBytes, typesBytes, NAMES.length];
  return Buffer.concat([new Uint8Array(Uint32Array.from([...header, ...types]).buffer), Buffer.from(NAMES)]);
}

/**
 * BPF_BTF_LOAD (4.18) of such types; `valueBytes` is a multiple of 8. Throws BpfError. The caller closes the
 * descriptor.
 */
export function loadValueBtf(valueBytes: number): ValueBtf {
  const blob = encodeValueBtf(valueBytes);
  const attributes = new NativeBuffer(BTF_LOAD_BYTES);
  setPointer(attributes, 0, nativeCopy(blob));
  // The kernel checks that nothing stands behind the names, so the rounded length will not do.
  attributes.u32[4] = blob.length;
  const descriptor = orBpfError('load BTF', bpfCharged(Command.BTF_LOAD, attributes, BTF_LOAD_BYTES));
  return { descriptor, keyTypeId: KEY_TYPE_ID, valueTypeId: VALUE_TYPE_ID };
}

/** `enum bpf_map_type`. */
export const MapType = {
  HASH: 1,
  ARRAY: 2,
  SK_STORAGE: 24,
  RINGBUF: 27,
} as const;

/** Flags of BPF_MAP_CREATE. */
export const MapFlag = { NO_PREALLOC: 1, CLONE: 1 << 9, MMAPABLE: 1 << 10 } as const;

/** Flags of an update: any, only if the key is missing, only if it exists. */
export const UpdateFlag = { ANY: 0, NO_EXIST: 1, EXIST: 2 } as const;

interface MapOptions {
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
  readonly name: string;
  readonly flags?: number;
  /** Types of key and value, which storage maps demand. */
  readonly btf?: ValueBtf;
}

/** union bpf_attr up to btf_value_type_id and the four words behind it. */
const MAP_CREATE_BYTES = 72;
const ELEMENT_BYTES = 32;
const BATCH_BYTES = 56;

/**
 * BPF_MAP_CREATE. Returns the map's descriptor; throws BpfError.
 *
 *   0 type | 4 key size | 8 value size | 12 max entries | 16 flags | 28 name[16] | 48 BTF fd | 52 key | 56 value type
 */
export function createMap(options: MapOptions): number {
  const attributes = new NativeBuffer(MAP_CREATE_BYTES);
  const words = attributes.u32;
  words[0] = options.type;
  words[1] = options.keyBytes;
  words[2] = options.valueBytes;
  words[3] = options.maxEntries;
  words[4] = options.flags ?? 0;
  setObjectName(attributes, 28, options.name);
  if (options.btf !== undefined) {
    words[12] = options.btf.descriptor;
    words[13] = options.btf.keyTypeId;
    words[14] = options.btf.valueTypeId;
  }
  const result = bpfCharged(Command.MAP_CREATE, attributes, MAP_CREATE_BYTES);
  return orBpfError(`create BPF map ${options.name}`, result);
}

/** A hash that takes memory as it fills. As `createMap`. */
export function createHash(name: string, keyBytes: number, valueBytes: number, maxEntries: number): number {
  const flags = MapFlag.NO_PREALLOC;
  return createMap({ type: MapType.HASH, keyBytes, valueBytes, maxEntries, name, flags });
}

/** One value, under the key 0 (u32). As `createMap`. */
export function createSingle(name: string, valueBytes: number, flags = 0): number {
  return createMap({ type: MapType.ARRAY, keyBytes: 4, valueBytes, maxEntries: 1, name, flags });
}

/** 0 map fd | 8 key | 16 value | 24 flags (0). */
const element = new NativeBuffer(ELEMENT_BYTES);

function callElement(command: number, descriptor: number, key: NativeBuffer, value?: NativeBuffer): number {
  element.u32[0] = descriptor;
  setPointer(element, 8, key);
  element.u32[4] = 0;
  element.u32[5] = 0;
  if (value !== undefined) setPointer(element, 16, value);
  return bpf(command, element, ELEMENT_BYTES);
}

/** Whether it was there; throws BpfError for all but ENOENT. */
function found(op: string, result: number): boolean {
  return result !== -Errno.ENOENT && orBpfError(op, result) >= 0;
}

/** Reads the value of a key; false: no such key. Throws BpfError. */
export function lookupElement(descriptor: number, key: NativeBuffer, value: NativeBuffer): boolean {
  return found('look up BPF map', callElement(Command.MAP_LOOKUP_ELEM, descriptor, key, value));
}

/** Removes a key; false: it was not there. Throws BpfError. */
export function deleteElement(descriptor: number, key: NativeBuffer): boolean {
  return found('delete from BPF map', callElement(Command.MAP_DELETE_ELEM, descriptor, key));
}

let canTake = true;

/**
 * Reads a key's value and removes it, in one step where the kernel can (hash maps, 5.14); before, what a program adds
 * between the two steps is lost. False: no such key. Throws BpfError.
 */
export function lookupAndDeleteElement(descriptor: number, key: NativeBuffer, value: NativeBuffer): boolean {
  if (canTake) {
    const result = callElement(Command.MAP_LOOKUP_AND_DELETE_ELEM, descriptor, key, value);
    if (result !== -Errno.EINVAL && result !== -Errno.ENOTSUPP) return found('take from BPF map', result);
    canTake = false;
  }
  if (!lookupElement(descriptor, key, value)) return false;
  return deleteElement(descriptor, key);
}

const FIRST_CAPACITY = 32;
/** Entries that appear while a map is read may be read too. */
const CAPACITY_SLACK = 64;

/**
 * Reads a hash map many entries a call (5.6). Entries that come or go meanwhile may be seen or not; none that stays is
 * missed or seen twice, but for those that a concurrent removal moves within its bucket.
 *
 *   0 in_batch | 8 out_batch | 16 keys | 24 values | 32 count | 36 map fd | 40 element flags | 48 flags
 */
export class BatchReader {
  readonly #descriptor: number;
  /** Of each key. */
  readonly keyBytes: number;
  readonly #valueBytes: number;
  readonly #limit: number;
  readonly #command: number;
  /** Keys read last, one behind the other; another buffer after a read that had to grow it. */
  keys: NativeBuffer;
  /** Values of those keys. */
  values: NativeBuffer;
  readonly #attributes = new NativeBuffer(BATCH_BYTES);
  readonly #cursor: NativeBuffer;
  #capacity: number;
  #isFirst = true;
  /** The last piece filled the buffers: there may be many more. */
  #wasFull = false;
  #isDone = true;

  /**
   * `capacityEntries` is the map's `maxEntries`: buffers begin small and never grow beyond it by much. `isTaking`: it
   * removes what it reads.
   */
  constructor(
    descriptor: number,
    keyBytes: number,
    valueBytes: number,
    capacityEntries: number,
    isTaking = false,
  ) {
    this.#descriptor = descriptor;
    this.keyBytes = keyBytes;
    this.#valueBytes = valueBytes;
    this.#limit = capacityEntries + CAPACITY_SLACK;
    this.#command = isTaking ? Command.MAP_LOOKUP_AND_DELETE_BATCH : Command.MAP_LOOKUP_BATCH;
    // Hash maps keep a bucket number there, others may keep a key.
    this.#cursor = new NativeBuffer(Math.max(8, keyBytes));
    this.#capacity = Math.min(FIRST_CAPACITY, this.#limit);
    this.keys = new NativeBuffer(this.#capacity * keyBytes);
    this.values = new NativeBuffer(this.#capacity * valueBytes);
  }

  /** The whole map, as far as the limit allows. Returns how many entries `keys` and `values` hold. Throws BpfError. */
  read(): number {
    this.begin();
    let count = 0;
    while (!this.#isDone && count < this.#limit) {
      if (count === this.#capacity) this.#grow(count * 2, count);
      const got = this.#readAt(count, this.#capacity - count);
      // The next bucket has more than the room that is left.
      if (got === 0 && !this.#isDone) {
        if (this.#capacity >= this.#limit) break;
        this.#grow(this.#capacity * 2, count);
      }
      count += got;
    }
    return count;
  }

  /** Starts over, for `next`. */
  begin(): void {
    this.#isFirst = true;
    this.#isDone = false;
  }

  /**
   * The next entries, from the buffers' start: at most `maxEntries`, but a bucket's at least; 0: that was all. Throws
   * BpfError.
   */
  next(maxEntries: number): number {
    if (this.#wasFull) this.#grow(Math.min(maxEntries, this.#capacity * 2), 0);
    let room = Math.min(maxEntries, this.#capacity);
    while (!this.#isDone) {
      if (room > this.#capacity) this.#grow(room, 0);
      const got = this.#readAt(0, room);
      this.#wasFull = got === room;
      if (got > 0) return got;
      if (room >= this.#limit) break;
      room = Math.min(room * 2, this.#limit);
    }
    return 0;
  }

  #readAt(entry: number, room: number): number {
    const { u32 } = this.#attributes;
    if (this.#isFirst) u32[0] = u32[1] = 0;
    else setPointer(this.#attributes, 0, this.#cursor);
    setPointer(this.#attributes, 8, this.#cursor);
    setPointer(this.#attributes, 16, this.keys, entry * this.keyBytes);
    setPointer(this.#attributes, 24, this.values, entry * this.#valueBytes);
    u32[8] = room;
    u32[9] = this.#descriptor;
    const result = bpf(this.#command, this.#attributes, BATCH_BYTES);
    if (result === -Errno.ENOENT) this.#isDone = true;
    else if (result < 0 && result !== -Errno.ENOSPC) throw new BpfError('read BPF map', -result);
    this.#isFirst = false;
    return Math.min(u32[8]!, room);
  }

  #grow(entries: number, kept: number): void {
    const capacity = Math.min(entries, this.#limit);
    if (capacity <= this.#capacity) return;
    this.keys = enlarged(this.keys, capacity * this.keyBytes, kept * this.keyBytes);
    this.values = enlarged(this.values, capacity * this.#valueBytes, kept * this.#valueBytes);
    this.#capacity = capacity;
  }
}

function enlarged(old: NativeBuffer, bytes: number, keptBytes: number): NativeBuffer {
  const buffer = new NativeBuffer(bytes);
  buffer.bytes.set(old.bytes.subarray(0, keptBytes));
  return buffer;
}
