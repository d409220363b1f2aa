import { OpError } from '../../../kit/errors/op-error.ts';

interface Entry<T> {
  readonly answer: Promise<T>;
  /** Undefined while it is being made. */
  madeMicros: number | undefined;
}

/** Answers that are kept: of processes that clients look at in depth, not of all that they could. */
const KEPT_LIMIT = 32;
/** Waiting for their turn; more of them would only be late. */
const WAITING_LIMIT = 16;

/**
 * Answers about one thing each (a process, its journal), made one after the other, since their collector does not
 * overlap itself; the same question gets the same answer while it is young enough.
 */
export class SingleAnswers<T> {
  readonly #nowMicros: () => number;
  readonly #keptMicros: number;
  readonly #entries = new Map<string, Entry<T>>();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(nowMicros: () => number, keptMillis: number) {
    this.#nowMicros = nowMicros;
    this.#keptMicros = keptMillis * 1000;
  }

  /** Rejects with what `make` threw, or `BUSY` where too many wait. */
  get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    const isFresh =
      known !== undefined &&
      (known.madeMicros === undefined || this.#nowMicros() - known.madeMicros <= this.#keptMicros);
    if (known !== undefined && isFresh) return known.answer;
    if (this.#waiting >= WAITING_LIMIT) {
      const message = 'too many pending requests of this kind';
      return Promise.reject(new OpError({ op: 'answer', code: 'BUSY', message }));
    }
    this.#waiting++;
    const answer = this.#turn.then(make);
    const entry: Entry<T> = { answer, madeMicros: undefined };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#turn = answer.then(
      () => {
        this.#waiting--;
        entry.madeMicros = this.#nowMicros();
      },
      () => {
        this.#waiting--;
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    this.#forget();
    return answer;
  }

  #forget(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= KEPT_LIMIT) return;
      this.#entries.delete(key);
    }
  }
}
