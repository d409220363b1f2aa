import { OpError } from '../../kit/errors/op-error.ts';
import { type Backend, type BackendEvents, type ScreenSize, screenSize } from './terminal-output.ts';

/** A terminal in memory, for tests: takes as many bytes as it is told to, and says what it was told. */
export class TestBackend implements Backend {
  /** How many more bytes the terminal takes before it stalls. */
  room = Number.POSITIVE_INFINITY;
  isRaw = false;
  isOpen = false;
  #size: ScreenSize;
  #events: BackendEvents | undefined;
  #pending = new Uint8Array(0);
  #output: number[] = [];

  constructor(width = 80, height = 24) {
    this.#size = screenSize(width, height);
  }

  get isBusy(): boolean {
    return this.#pending.length > 0;
  }

  open(events: BackendEvents): void {
    this.#events = events;
    this.isOpen = true;
  }

  size(): ScreenSize {
    return this.#size;
  }

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  send(bytes: Uint8Array, length: number): boolean {
    if (this.isBusy) throw new OpError({ op: 'send', code: 'BUSY' });
    this.#pending = bytes.slice(0, length);
    this.#flow();
    return !this.isBusy;
  }

  abort(): boolean {
    const wasBusy = this.isBusy;
    this.#pending = new Uint8Array(0);
    return wasBusy;
  }

  close(): void {
    this.#events = undefined;
    this.isOpen = false;
  }

  /** Lets the terminal take that many more bytes. */
  release(room = Number.POSITIVE_INFINITY): void {
    this.room = room;
    const wasBusy = this.isBusy;
    this.#flow();
    if (wasBusy && !this.isBusy) this.#events?.drained();
  }

  /** The bytes the terminal has got since the last call. */
  takeOutput(): Uint8Array {
    const output = Uint8Array.from(this.#output);
    this.#output = [];
    return output;
  }

  type(text: string): void {
    this.#events?.input(new TextEncoder().encode(text));
  }

  /** The size changes; whoever owns the signal still has to say so. */
  resize(width: number, height: number): void {
    this.#size = screenSize(width, height);
  }

  hangUp(): void {
    this.#events?.gone(new OpError({ op: 'read terminal', code: 'EOF' }));
  }

  #flow(): void {
    const count = Math.min(this.room, this.#pending.length);
    for (let i = 0; i < count; i++) this.#output.push(this.#pending[i]!);
    this.#pending = this.#pending.slice(count);
    this.room -= count;
  }
}
