import { OpError } from '../../../src/kit/errors/op-error.ts';
import { type ChildToWriteTo, startChildToWriteTo } from '../child-program.ts';
import { monotonicMicros } from '../clock.ts';
import {
  HELPER_ARGUMENT,
  LINE_LIMIT_BYTES,
  type NamesAnswer,
  type NamesQuestion,
  namesQuestionLine,
  parseAnswer,
  parseNamesAnswer,
  questionLine,
  READY,
  type SpaceAnswer,
  type SpaceQuestion,
} from './helper-message.ts';

/** How long a file system has to answer; those after one that did not have what is left of the round, or the least. */
const QUESTION_MILLIS = 1000;
const ROUND_MILLIS = 2000;
const LEAST_MILLIS = 100;
/** Idle time after which the helper exits. */
const IDLE_MILLIS = 30_000;
/** Helpers that may wait for their file systems; one more is killed, and its file system left alone for a while. */
const WAITING_LIMIT = 4;
const RETRY_MILLIS = 60_000;

/** Where parts of a compiled executable are. */
const COMPILED_ROOT = '/$bunfs/';
/** The programs' first source, and the bundle that a package has. */
const PROGRAM = /\/main\.[jt]s$/;

interface GuardedOptions {
  /** Starts the helper. Default: this program, by its first argument. */
  readonly start?: () => ChildToWriteTo;
}

/** How questions and answers are written as lines. */
interface Lines<Question, Answer> {
  questionLine(question: Question): string;
  /** Undefined: the line is none. */
  parseAnswer(line: string): Answer | undefined;
}

/** A hanging file system and the helper that waits for it. */
interface Stuck {
  readonly helper: Pick<HelperProcess<never, never>, 'isGone' | 'kill'>;
  /** Monotonic milliseconds before which it is not asked again, once its helper is gone. */
  readonly retryMillis: number;
}

/**
 * The one place where file systems are asked. A process beside does it, one for all of them; whoever does not answer in
 * time keeps the process, a new one asks the others. When it answers at last, it is asked again like the others. So
 * nothing here ever waits for a disk, a server or a daemon that is gone, whatever the type of the file system.
 */
class Guarded<Question, Answer> {
  readonly #lines: Lines<Question, Answer>;
  readonly #start: () => ChildToWriteTo;
  readonly #stuck = new Map<string, Stuck>();
  #helper: HelperProcess<Question, Answer> | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(lines: Lines<Question, Answer>, options: GuardedOptions) {
    this.#lines = lines;
    this.#start = options.start ?? startHelper;
  }

  /**
   * Asks each file system, by a key of the caller; a key that is missing in the result belongs to one that does not
   * answer. Never overlaps itself. Rejects with OpError where the helper cannot be started.
   */
  async ask(questions: ReadonlyMap<string, Question>): Promise<ReadonlyMap<string, Answer>> {
    clearTimeout(this.#idleTimer);
    this.#forgetUnmounted(questions);
    const answers = new Map<string, Answer>();
    const roundEnd = nowMillis() + ROUND_MILLIS;
    let left = [...questions].filter(([key]) => !this.#isStuck(key));
    while (left.length > 0 && !this.#isClosed) {
      const helper = await this.#readyHelper();
      const count = await this.#askAll(helper, left, roundEnd, answers);
      const unanswered = left[count];
      if (unanswered !== undefined) this.#abandon(unanswered[0], helper);
      left = left.slice(count + 1);
    }
    if (!this.#isClosed) this.#idleTimer = setTimeout(() => this.#endHelper(), IDLE_MILLIS);
    this.#idleTimer?.unref();
    return answers;
  }

  /** Ends all helpers; one that its file system holds in the kernel ends when that lets go. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#idleTimer);
    this.#endHelper();
    for (const { helper } of this.#stuck.values()) helper.kill();
    this.#stuck.clear();
  }

  /** How many of the questions were answered before one was not. */
  async #askAll(
    helper: HelperProcess<Question, Answer>,
    questions: readonly (readonly [string, Question])[],
    roundEnd: number,
    answers: Map<string, Answer>,
  ): Promise<number> {
    helper.ask(questions.map(([, question]) => question));
    for (const [index, [key]] of questions.entries()) {
      const patience = Math.min(QUESTION_MILLIS, Math.max(LEAST_MILLIS, roundEnd - nowMillis()));
      const answer = await helper.nextAnswer(patience);
      if (answer === undefined) return index;
      answers.set(key, answer);
    }
    return questions.length;
  }

  async #readyHelper(): Promise<HelperProcess<Question, Answer>> {
    if (this.#helper?.isGone === true) this.#helper = undefined;
    this.#helper ??= new HelperProcess(this.#start(), this.#lines);
    try {
      await this.#helper.ready();
    } catch (thrown) {
      this.#endHelper();
      throw thrown;
    }
    return this.#helper;
  }

  #endHelper(): void {
    this.#helper?.kill();
    this.#helper = undefined;
  }

  /** The file system keeps the helper. One that ended on the way leaves its question for the next round. */
  #abandon(key: string, helper: HelperProcess<Question, Answer>): void {
    this.#helper = undefined;
    if (helper.isGone || this.#isClosed) return;
    const waiting = [...this.#stuck.values()].filter((each) => !each.helper.isGone).length;
    if (waiting >= WAITING_LIMIT) helper.kill();
    const stuck: Stuck = { helper, retryMillis: nowMillis() + RETRY_MILLIS };
    this.#stuck.set(key, stuck);
    void helper.lateAnswer().then((isAnswered) => {
      helper.kill();
      // It lives again, and is asked in the next round.
      if (isAnswered && this.#stuck.get(key) === stuck) this.#stuck.delete(key);
    });
  }

  #isStuck(key: string): boolean {
    const stuck = this.#stuck.get(key);
    if (stuck === undefined) return false;
    if (!stuck.helper.isGone || nowMillis() < stuck.retryMillis) return true;
    this.#stuck.delete(key);
    return false;
  }

  #forgetUnmounted(questions: ReadonlyMap<string, Question>): void {
    for (const [key, { helper }] of this.#stuck) {
      if (questions.has(key)) continue;
      helper.kill();
      if (helper.isGone) this.#stuck.delete(key);
    }
  }
}

/** Asks for the sizes of file systems. */
export class GuardedSpace extends Guarded<SpaceQuestion, SpaceAnswer> {
  constructor(options: GuardedOptions = {}) {
    super({ questionLine, parseAnswer }, options);
  }
}

/** Asks for the names of containers and network namespaces. */
export class GuardedNames extends Guarded<NamesQuestion, NamesAnswer> {
  constructor(options: GuardedOptions = {}) {
    super({ questionLine: namesQuestionLine, parseAnswer: parseNamesAnswer }, options);
  }
}

function nowMillis(): number {
  return monotonicMicros() / 1000;
}

/** This program once more; for a test, which is another program, the helper's own source. */
function startHelper(): ChildToWriteTo {
  if (Bun.main.startsWith(COMPILED_ROOT)) return startChildToWriteTo(process.execPath, [HELPER_ARGUMENT]);
  const source = Bun.fileURLToPath(new URL('file-system-helper.ts', import.meta.url));
  const args = PROGRAM.test(Bun.main) ? [Bun.main, HELPER_ARGUMENT] : [source];
  return startChildToWriteTo(process.execPath, args);
}

/** A busy machine may take its time to start a program. */
const START_MILLIS = 10_000;

/** One helper, its lines turned into answers in the order of the questions. */
class HelperProcess<Question, Answer> {
  /** It ended, or was killed and has let go. */
  isGone = false;
  readonly #child: ChildToWriteTo;
  readonly #form: Lines<Question, Answer>;
  readonly #lines: string[] = [];
  #isReady = false;
  /** Called when a line came, or none will come any more. */
  #woken: (() => void) | undefined;

  constructor(child: ChildToWriteTo, form: Lines<Question, Answer>) {
    this.#child = child;
    this.#form = form;
    child.unref();
    void this.#readLines().catch((thrown: unknown) => {
      if (!(thrown instanceof Error)) throw thrown;
      // What it says cannot be read: it is of no use.
      this.kill();
    });
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
    const message = 'the file system helper does not start';
    throw new OpError({ op: 'ask file systems', code: 'HELPER', message });
  }

  ask(questions: readonly Question[]): void {
    const text = questions.map((question) => `${this.#form.questionLine(question)}\n`).join('');
    this.#child.stdin.write(text);
    void this.#child.stdin.flush();
  }

  /** Undefined: none came in time, or the helper is gone. */
  async nextAnswer(patienceMillis: number): Promise<Answer | undefined> {
    const line = await this.#nextLine(patienceMillis);
    return line === undefined ? undefined : this.#form.parseAnswer(line);
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
