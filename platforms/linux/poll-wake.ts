import { addToPoll, closeDescriptor, createPoll, duplicate, PollEvent } from './libc.ts';

/**
 * Wakes the program when one of some descriptors has events, and costs nothing before. They stand in a poll set of their
 * own, which the event loop watches like a socket. That socket closes when the set has something to report, for a poll
 * set cannot be read; so each wait ends with one call.
 */
export class PollWake {
  readonly #onEvent: () => void;
  readonly #set = createPoll();
  /** What the event loop watches; undefined: nothing now. */
  #watched: { terminate(): void } | undefined;
  #isWaiting = false;
  /** Closed, or the event loop takes no such descriptor. */
  #isOver = false;

  /** `events`: bits of `PollEvent`. The descriptors stay the caller's, who calls `close` before closing them. */
  constructor(descriptors: readonly number[], events: number, onEvent: () => void) {
    this.#onEvent = onEvent;
    for (const descriptor of descriptors) {
      if (addToPoll(this.#set, descriptor, events) < 0) this.#isOver = true;
    }
  }

  /**
   * `onEvent` is called once, at the next event, or soon where there is one already. False: it will not be, for such
   * descriptors cannot be watched. Does nothing while it waits.
   */
  wait(): boolean {
    if (this.#isWaiting) return true;
    const descriptor = this.#isOver ? -1 : duplicate(this.#set);
    if (descriptor < 0) return false;
    this.#isWaiting = true;
    void this.#watch(descriptor);
    return true;
  }

  close(): void {
    this.#isOver = true;
    this.#watched?.terminate();
    closeDescriptor(this.#set);
  }

  async #watch(descriptor: number): Promise<void> {
    const socket = { data: () => undefined, error: () => undefined, close: () => this.#end() };
    try {
      const watched = await Bun.connect({ fd: descriptor, socket } as unknown as Bun.TCPSocketConnectOptions);
      // It must not keep the program alive.
      watched.unref();
      this.#watched = watched;
      if (this.#isOver) watched.terminate();
    } catch {
      this.#isOver = true;
      this.#isWaiting = false;
      closeDescriptor(descriptor);
    }
  }

  #end(): void {
    this.#watched = undefined;
    this.#isWaiting = false;
    if (!this.#isOver) this.#onEvent();
  }
}

/** Looks in a row that found nothing, after which there is none until the kernel has something. */
const EMPTY_LOOKS = 5;

/** Says when a reader looks at its kernel buffers again: by the clock while they fill, at rest when they are filled. */
export class LookTimes {
  readonly #wake: PollWake | undefined;
  #emptyLooks = 0;

  /** @param onQueued see `NetworkOptions.onQueued`; undefined: looks are by the clock alone */
  constructor(descriptors: readonly number[], onQueued: (() => void) | undefined) {
    if (onQueued === undefined) return;
    this.#wake = new PollWake(descriptors, PollEvent.READABLE, () => {
      this.#emptyLooks = 0;
      onQueued();
    });
  }

  /** After each look. */
  looked(hasFound: boolean): void {
    this.#emptyLooks = hasFound ? 0 : this.#emptyLooks + 1;
  }

  /** Within how many milliseconds to look again: `usual`, or Infinity where `onQueued` tells when. */
  withinMillis(usual: number): number {
    return this.#emptyLooks >= EMPTY_LOOKS && this.#wake?.wait() === true ? Number.POSITIVE_INFINITY : usual;
  }

  /** Before the descriptors are closed. */
  close(): void {
    this.#wake?.close();
  }
}
