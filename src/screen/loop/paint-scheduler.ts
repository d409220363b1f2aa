/** Paints once a turn of the event loop, however often it is asked to: a burst of messages is one frame. */
export class PaintScheduler {
  readonly #paint: () => void;
  #turn: ReturnType<typeof setImmediate> | undefined;

  constructor(paint: () => void) {
    this.#paint = paint;
  }

  request(): void {
    this.#turn ??= setImmediate(this.#run);
  }

  cancel(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
  }

  readonly #run = (): void => {
    this.#turn = undefined;
    this.#paint();
  };
}
