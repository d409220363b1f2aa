import type { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { AT_FDCWD, closeDescriptor, NativeBuffer, O_RDONLY, openAt, readAt, SyscallError } from '../libc.ts';
import { emptyNetDevLine, INTERFACE_NAME_SIZE, parseNetDevLine } from '../proc/net-dev.ts';

const BUFFER_SIZE = 32 * 1024;

class KnownLines extends columnsClass({
  /** Its slot; -1: the table has no such interface. */
  slot: numbers('i32'),
  /** The first `nameLength` of these bytes. */
  name: numbers('u8', 0, INTERFACE_NAME_SIZE),
  nameLength: numbers('u8'),
}) {}

/**
 * Reads the counters of /proc/net/dev into the rows of the interface table. The lines keep their order, so each one's
 * slot is remembered beside its name and nothing is looked up or decoded while the names stay.
 */
export class NetDevReader {
  readonly #path: string;
  readonly #table: InterfaceTable;
  readonly #buffer = new NativeBuffer(BUFFER_SIZE);
  readonly #line = emptyNetDevLine();
  readonly #decoder = new TextDecoder();
  #descriptor = -1;
  #lineCount = 0;
  readonly #lines = new KnownLines(16);

  constructor(procRoot: string, table: InterfaceTable) {
    this.#path = `${procRoot}/net/dev`;
    this.#table = table;
  }

  /** False where a line's interface is not in the table, and was not missed before. Throws SyscallError where the file cannot be read. */
  read(): boolean {
    if (this.#descriptor < 0) this.#open();
    let isComplete = true;
    let lineIndex = 0;
    // The kernel hands out about a page at a time, ending between lines; a cut line is read again from its start.
    for (let position = 0; ; ) {
      const length = readAt(this.#descriptor, this.#buffer, position);
      if (length < 0) throw new SyscallError('read', -length, this.#path);
      let next = 0;
      while (parseNetDevLine(this.#buffer.bytes, length, next, this.#line)) {
        next = this.#line.next;
        if (!this.#store(lineIndex++)) isComplete = false;
      }
      position += this.#line.next;
      if (length === 0 || this.#line.next === 0) break;
    }
    this.#lineCount = lineIndex;
    return isComplete;
  }

  /** The table's slots changed. */
  forgetOrder(): void {
    this.#lineCount = 0;
  }

  close(): void {
    if (this.#descriptor >= 0) closeDescriptor(this.#descriptor);
    this.#descriptor = -1;
  }

  #open(): void {
    this.#descriptor = openAt(AT_FDCWD, NativeBuffer.ofPath(this.#path), O_RDONLY);
    if (this.#descriptor < 0) throw new SyscallError('open', -this.#descriptor, this.#path);
  }

  #store(lineIndex: number): boolean {
    const isNew = !this.#isSameName(lineIndex);
    if (isNew) this.#learnName(lineIndex);
    const slot = this.#lines.slot[lineIndex]!;
    if (slot < 0) return !isNew;
    const table = this.#table;
    table.rxBytes[slot] = this.#line.rxBytes;
    table.rxPackets[slot] = this.#line.rxPackets;
    table.txBytes[slot] = this.#line.txBytes;
    table.txPackets[slot] = this.#line.txPackets;
    table.rxErrors[slot] = this.#line.rxErrors;
    table.rxDropped[slot] = this.#line.rxDropped;
    table.txErrors[slot] = this.#line.txErrors;
    table.txDropped[slot] = this.#line.txDropped;
    return true;
  }

  #isSameName(lineIndex: number): boolean {
    const { nameStart, nameEnd } = this.#line;
    const length = nameEnd - nameStart;
    if (lineIndex >= this.#lineCount || this.#lines.nameLength[lineIndex] !== length) return false;
    const at = lineIndex * INTERFACE_NAME_SIZE;
    for (let i = 0; i < length; i++) {
      if (this.#lines.name[at + i] !== this.#buffer.bytes[nameStart + i]) return false;
    }
    return true;
  }

  #learnName(lineIndex: number): void {
    if (lineIndex >= this.#lines.capacity) this.#lines.reserve(lineIndex * 2);
    const bytes = this.#buffer.bytes.subarray(this.#line.nameStart, this.#line.nameEnd);
    this.#lines.name.set(bytes, lineIndex * INTERFACE_NAME_SIZE);
    this.#lines.nameLength[lineIndex] = bytes.length;
    this.#lines.slot[lineIndex] = this.#slotNamed(this.#decoder.decode(bytes));
    this.#lineCount = Math.max(this.#lineCount, lineIndex + 1);
  }

  #slotNamed(name: string): number {
    const { slots, names } = this.#table;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      if (names[slot] === name) return slot;
    }
    return -1;
  }
}
