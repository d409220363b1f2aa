import { OpError } from '../../../src/kit/errors/op-error.ts';
import type { ChildToWriteTo } from '../child-program.ts';
import {
  LINE_LIMIT_BYTES,
  parseAnswer,
  questionLine,
  READY,
  type SpaceAnswer,
  type SpaceQuestion,
} from './helper-message.ts';

/** A busy machine may take its time to start a program. */
const START_MILLIS = 10_000;

/** One helper, its lines turned into answers in the order of the questions. */
export class HelperProcess {
  /** It ended, or was killed and has let go. */
  isGone = false;
  readonly #child: ChildToWriteTo;
  readonly #lines: string[] = [];
  #isReady = false;
  /** Called when a line came, or none will come any more. */
  #woken: (() => void) | undefined;

  constructor(child: ChildToWriteTo) {
    this.#child = child;
    child.unref();
    void this.#readLines();
    void child.exited.then(() => {
      this.isGone = true;
      this.#woken?.();
    });
  }

  /** Rejects with OpError where it does not start. */
  async ready(): Promise<void> {
    if (this.#isReady) return;
    this.#isReady = (await this.#nextLine(START_MILLIS)) === READY;
    if (this.#isReady) return;
    this.kill();
    throw new OpError({
      op: 'ask file systems',
      code: 'HELPER',
      message: 'the program that asks file systems does not start',
    });
  }

  ask(questions: readonly SpaceQuestion[]): void {
    const text = questions.map((question) => `${questionLine(question)}\n`).join('');
    this.#child.stdin.write(text);
    void this.#child.stdin.flush();
  }

  /** Undefined: none came in time, or the helper is gone. */
  async nextAnswer(patienceMillis: number): Promise<SpaceAnswer | undefined> {
    const line = await this.#nextLine(patienceMillis);
    return line === undefined ? undefined : parseAnswer(line);
  }

  /** Resolves when there is an answer after all, or the helper is gone: whether there was one. */
  async lateAnswer(): Promise<boolean> {
    return (await this.#nextLine(undefined)) !== undefined;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #nextLine(patienceMillis: number | undefined): Promise<string | undefined> {
    if (this.#lines.length === 0 && !this.isGone) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = patienceMillis === undefined ? undefined : setTimeout(resolve, patienceMillis);
      this.#woken = resolve;
      await promise;
      clearTimeout(timer);
      this.#woken = undefined;
    }
    return this.#lines.shift();
  }

  async #readLines(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of this.#child.stdout) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop()!;
      this.#lines.push(...lines);
      if (rest.length > LINE_LIMIT_BYTES * 2) return this.kill();
      if (lines.length > 0) this.#woken?.();
    }
  }
}
