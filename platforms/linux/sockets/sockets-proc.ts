import type { CountingBasis, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import {
  AT_FDCWD,
  closeDescriptor,
  NativeBuffer,
  O_RDONLY,
  openAt,
  PAGE_SIZE_BYTES,
  readInto,
  SyscallError,
} from '../libc.ts';
import { NetTcpLine } from '../proc/net-tcp.ts';
import {
  LISTED_HERE,
  NOTHING_LOST,
  type SocketParts,
  SocketRows,
  type SocketSource,
  storeListed,
} from './sockets.ts';

const FILES = [
  ['tcp', PROTOCOL_TCP],
  ['tcp6', PROTOCOL_TCP],
  ['udp', PROTOCOL_UDP],
  ['udp6', PROTOCOL_UDP],
] as const;
const TEXT_BYTES = 65536;
/** A line is shorter; the kernel hands over whole ones, as many as fit a page. */
const LINE_BYTES = 256;
const FULL_READ_BYTES = PAGE_SIZE_BYTES - LINE_BYTES;
const NEWLINE = 0x0a;

/**
 * The tier `proc`: /proc/net/{tcp,tcp6,udp,udp6}. It knows sockets and their states but counts nothing: counters are
 * NaN. Sockets without an inode (not accepted yet, orphans, TIME_WAIT) have nothing to be told apart by, and no row.
 */
export class ProcNetSockets implements SocketSource {
  readonly tier: Tier = 'proc';
  readonly counted: CountingBasis = 'none';
  readonly parts: SocketParts = { tcp: 'none', udp: 'none', ...LISTED_HERE };
  readonly lost = NOTHING_LOST;
  readonly rows = new SocketRows();
  readonly #paths: readonly NativeBuffer[];
  readonly #clock: () => number;
  readonly #onUnheld: ((protocol: number, line: NetTcpLine) => void) | undefined;
  readonly #text = new NativeBuffer(TEXT_BYTES);
  readonly #line = new NetTcpLine();
  readonly #list = { sequence: 0, nowMicros: 0, isFirst: true };
  #filesRead = 0;

  /** `onUnheld` is told of each socket without an inode; the line is valid during the call only. */
  constructor(
    clock: () => number,
    procRoot = '/proc',
    onUnheld?: (protocol: number, line: NetTcpLine) => void,
  ) {
    this.#clock = clock;
    this.#onUnheld = onUnheld;
    this.#paths = FILES.map(([name]) => NativeBuffer.ofPath(`${procRoot}/net/${name}`));
  }

  get lostClosings(): number {
    return this.rows.table.slots.overflowCount;
  }

  /** Rejects with SyscallError where none of the files can be read. */
  async collect(slice: Slice): Promise<void> {
    this.rows.releaseClosed();
    this.#list.sequence++;
    this.#list.nowMicros = this.#clock();
    this.#filesRead = 0;
    let failure = 0;
    for (const [index, [, protocol]] of FILES.entries()) {
      failure = Math.min(failure, await this.#readFile(this.#paths[index]!, protocol, slice));
    }
    if (this.#filesRead === 0) throw new SyscallError('read', -failure, '/proc/net/tcp');
    await this.rows.forEach(slice, (slot) => {
      const isListed = this.rows.seenSequence[slot] === this.#list.sequence;
      if (!isListed && this.rows.isFlow[slot] === 0) this.rows.markClosed(slot);
    });
    this.#list.isFirst = false;
  }

  drainClosings(): void {}

  drainWithinMillis(): number {
    return Number.POSITIVE_INFINITY;
  }

  close(): void {}

  /** Returns 0 or -errno; a file that is not there (no IPv6) leaves nothing to be read. */
  async #readFile(path: NativeBuffer, protocol: number, slice: Slice): Promise<number> {
    const descriptor = openAt(AT_FDCWD, path, O_RDONLY);
    if (descriptor < 0) return descriptor;
    try {
      for (let carried = 0; ; ) {
        const length = readInto(descriptor, this.#text, TEXT_BYTES, carried);
        if (length < 0) return length;
        carried = this.#takeLines(carried + length, protocol);
        // One more read would walk the kernel's whole table to say that there is no more (2 to 15 ms), and where
        // connections come and go find some that are new, again and again, as long as they come.
        if (length < FULL_READ_BYTES) break;
        if (slice.due()) await slice.rest();
      }
    } finally {
      closeDescriptor(descriptor);
    }
    this.#filesRead++;
    return 0;
  }

  /** Reads the whole lines among the first `end` bytes; moves the rest to the front and returns its length. */
  #takeLines(end: number, protocol: number): number {
    const { bytes } = this.#text;
    let start = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, start);
      if (newline < 0 || newline >= end) break;
      if (this.#line.parse(bytes, start, newline)) this.#see(protocol);
      start = newline + 1;
    }
    // A line that fills the whole buffer is none of these files'.
    if (start === 0 && end === TEXT_BYTES) return 0;
    bytes.copyWithin(0, start, end);
    return end - start;
  }

  #see(protocol: number): void {
    const line = this.#line;
    if (line.inode === 0) {
      this.#onUnheld?.(protocol, line);
      return;
    }
    const slot = storeListed(this.rows, protocol, line, this.#list);
    const isRare = protocol === PROTOCOL_UDP || line.state === TcpState.LISTEN;
    if (slot >= 0) this.rows.setRare(slot, isRare ? 1 : 0);
  }
}
