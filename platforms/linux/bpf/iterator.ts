import { closeDescriptor, Errno, NativeBuffer, readInto } from '../libc.ts';
import { PAGE_SIZE_BYTES } from '../system-units.ts';
import { BpfError, bpf, Command } from './bpf-call.ts';
import { AttachType, createLink } from './bpf-program.ts';

/** What a read returns at most: kernel/bpf/bpf_iter.c. */
const BUFFER_BYTES = PAGE_SIZE_BYTES << 3;
const ITER_CREATE_BYTES = 8;
/** An object without room left is tried again, and so many others may not come between. */
const AGAIN_LIMIT = 1000;

/** Iterators run one after the other most of the time, and share one buffer then. */
let spareBuffer: NativeBuffer | undefined;

/**
 * Runs an iterator program over all that the kernel has of something, again and again. The program's records come
 * in pieces, none of them cut in two: the kernel ends a piece where an object's output does not fit.
 */
export class TaskIterator {
  readonly #link: number;
  readonly #create = new NativeBuffer(ITER_CREATE_BYTES);
  #reading = -1;
  #buffer: NativeBuffer | undefined;

  /** Over an attached program's link, which is closed with it. */
  constructor(link: number) {
    this.#link = link;
  }

  /** Attaches a program of the attach type TRACE_ITER, whose descriptor stays the caller's. Throws BpfError. */
  static ofProgram(programDescriptor: number): TaskIterator {
    return new TaskIterator(createLink(programDescriptor, 0, AttachType.TRACE_ITER));
  }

  get link(): number {
    return this.#link;
  }

  /** The piece read last, until the next `read`; there is one from `begin` to the end. */
  get buffer(): NativeBuffer {
    this.#buffer ??= spareBuffer ?? new NativeBuffer(BUFFER_BYTES);
    spareBuffer = undefined;
    return this.#buffer;
  }

  /** Starts from the first object. Throws BpfError. */
  begin(): void {
    this.#end();
    this.#create.u32[0] = this.#link;
    const result = bpf(Command.ITER_CREATE, this.#create, ITER_CREATE_BYTES);
    if (result < 0) throw new BpfError('create BPF iterator', -result);
    this.#reading = result;
  }

  /** Bytes of the next piece, in `buffer`; 0 at the end. Throws BpfError. */
  read(): number {
    if (this.#reading < 0) return 0;
    for (let tries = 0; ; tries++) {
      const length = readInto(this.#reading, this.buffer);
      if (length > 0) return length;
      const mayTryAgain = length === -Errno.EAGAIN || length === -Errno.EINTR;
      if (mayTryAgain && tries < AGAIN_LIMIT) continue;
      this.#end();
      if (length < 0) throw new BpfError('read BPF iterator', -length);
      return 0;
    }
  }

  close(): void {
    this.#end();
    closeDescriptor(this.#link);
  }

  #end(): void {
    if (this.#reading >= 0) closeDescriptor(this.#reading);
    this.#reading = -1;
    spareBuffer ??= this.#buffer;
    this.#buffer = undefined;
  }
}
