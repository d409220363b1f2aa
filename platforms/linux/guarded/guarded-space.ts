import { sectionError } from '../../../src/data/sample/snapshot.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { type ChildToWriteTo, startChildToWriteTo } from '../child-program.ts';
import { monotonicMicros } from '../clock.ts';
import type { DriveAttributes, DriveReader } from '../sys/hwmon.ts';
import {
  type DriveQuestion,
  driveQuestionLine,
  HELPER_ARGUMENT,
  LINE_LIMIT_BYTES,
  type NamesAnswer,
  type NamesQuestion,
  namesQuestionLine,
  parseAnswer,
  parseDriveAnswer,
  parseNamesAnswer,
  questionLine,
  READY,
  type SpaceAnswer,
  type SpaceQuestion,
} from './helper-message.ts';

/**
 * How long a file system or drive has to answer; those after one that did not have what is left of the round, or the
 * least.
 */
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

type ParseAnswer<Answer> = (line: string) => Answer | undefined;

/** A hanging file system or drive and the helper that waits for it. */
interface Stuck {
  /** Of question: who reads the answers. */
  readonly kind: unknown;
  readonly helper: HelperProcess;
  /** Monotonic milliseconds before which it is not asked again, once its helper is gone. */
  readonly retryMillis: number;
}

/**
 * The one place where file systems and drives are asked. One helper process asks all of them. One that does not answer
 * in time keeps that helper, and a new helper asks the others; once it has answered it is asked like the others again.
 * So nothing here ever waits for a disk, a server or a daemon that is gone, whatever the type of the file system.
 */
class Guarded {
  readonly #start: () => ChildToWriteTo;
  readonly #stuck = new Map<string, Stuck>();
  #helper: HelperProcess | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  /** Rounds come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: GuardedOptions = {}) {
    this.#start = options.start ?? startHelper;
  }

  /**
   * Asks each file system, by a key of the caller, which no other kind of question has; a key that is missing in the
   * result belongs to one that does not answer. Rejects with OpError where the helper cannot be started.
   */
  protected askInTurn<Question, Answer>(
    questions: ReadonlyMap<string, Question>,
    toLine: (question: Question) => string,
    parse: ParseAnswer<Answer>,
  ): Promise<ReadonlyMap<string, Answer>> {
    const lines = new Map(Array.from(questions, ([key, question]) => [key, toLine(question)]));
    const round = this.#turn.then(() => this.#askRound(lines, parse));
    this.#turn = round.catch(() => undefined);
    return round;
  }

  async #askRound<Answer>(
    lines: ReadonlyMap<string, string>,
    parse: ParseAnswer<Answer>,
  ): Promise<ReadonlyMap<string, Answer>> {
    clearTimeout(this.#idleTimer);
    this.#forgetUnmounted(lines, parse);
    const answers = new Map<string, Answer>();
    const roundEnd = nowMillis() + ROUND_MILLIS;
    let left = [...lines].filter(([key]) => !this.#isStuck(key));
    while (left.length > 0 && !this.#isClosed) {
      const helper = await this.#readyHelper();
      const count = await this.#askAll(helper, left, parse, roundEnd, answers);
      const unanswered = left[count];
      if (unanswered !== undefined) this.#abandon(parse, unanswered[0], helper);
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
  async #askAll<Answer>(
    helper: HelperProcess,
    lines: readonly (readonly [string, string])[],
    parse: ParseAnswer<Answer>,
    roundEnd: number,
    answers: Map<string, Answer>,
  ): Promise<number> {
    helper.ask(lines.map(([, line]) => line));
    for (const [index, [key]] of lines.entries()) {
      const patience = Math.min(QUESTION_MILLIS, Math.max(LEAST_MILLIS, roundEnd - nowMillis()));
      const line = await helper.nextLine(patience);
      const answer = line === undefined ? undefined : parse(line);
      if (answer === undefined) return index;
      answers.set(key, answer);
    }
    return lines.length;
  }

  async #readyHelper(): Promise<HelperProcess> {
    if (this.#helper?.isGone === true) this.#helper = undefined;
    this.#helper ??= new HelperProcess(this.#start());
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
  #abandon(kind: unknown, key: string, helper: HelperProcess): void {
    this.#helper = undefined;
    if (helper.isGone || this.#isClosed) return;
    const waiting = [...this.#stuck.values()].filter((each) => !each.helper.isGone).length;
    if (waiting >= WAITING_LIMIT) helper.kill();
    const stuck: Stuck = { kind, helper, retryMillis: nowMillis() + RETRY_MILLIS };
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

  #forgetUnmounted(lines: ReadonlyMap<string, string>, asked: unknown): void {
    for (const [key, { kind, helper }] of this.#stuck) {
      if (kind !== asked || lines.has(key)) continue;
      helper.kill();
      if (helper.isGone) this.#stuck.delete(key);
    }
  }
}

/** Asks for the sizes of file systems, and reads sensors of drives. */
export class GuardedSpace extends Guarded {
  ask(questions: ReadonlyMap<string, SpaceQuestion>): Promise<ReadonlyMap<string, SpaceAnswer>> {
    return this.askInTurn(questions, questionLine, parseAnswer);
  }

  /** Values in the order of the names, NaN: none. */
  askDrives(questions: ReadonlyMap<string, DriveQuestion>): Promise<ReadonlyMap<string, readonly number[]>> {
    return this.askInTurn(questions, driveQuestionLine, parseDriveAnswer);
  }
}

/** Results by request key; a hanging file system or drive is missing. */
export type SpaceSource = Pick<GuardedSpace, 'ask' | 'askDrives' | 'close'>;

/** Asks for the names of containers and network namespaces. */
export class GuardedNames extends Guarded {
  ask(questions: ReadonlyMap<string, NamesQuestion>): Promise<ReadonlyMap<string, NamesAnswer>> {
    return this.askInTurn(questions, namesQuestionLine, parseNamesAnswer);
  }
}

/** Drives warm up slowly. */
const DRIVES_INTERVAL_MICROS = 10e6;
/** An older value is no longer shown; who asks so seldom waits for a new one, but not for a drive that hangs. */
const STALE_MICROS = 30e6;
const PATIENCE_MILLIS = 250;

/** What sensors of drives said last, for all who show them: each drive is asked once, in rounds that go on beside. */
export class DriveSensors implements DriveReader {
  /** Why some of the drives are unknown. */
  error: SectionError | undefined;
  readonly #source: Pick<SpaceSource, 'askDrives'>;
  readonly #clock: () => number;
  readonly #open = new Set<DriveAttributes>();
  /** By folder. */
  readonly #answers = new Map<string, { readonly values: Map<string, number>; readonly micros: number }>();
  #round: Promise<void> | undefined;
  #nextMicros = Number.NEGATIVE_INFINITY;
  #doneMicros = Number.NEGATIVE_INFINITY;

  constructor(source: Pick<SpaceSource, 'askDrives'>, clock = monotonicMicros) {
    this.#source = source;
    this.#clock = clock;
  }

  open(attributes: DriveAttributes): void {
    this.#open.add(attributes);
    if (!this.#answers.has(attributes.path)) this.#nextMicros = Number.NEGATIVE_INFINITY;
  }

  close(attributes: DriveAttributes): void {
    this.#open.delete(attributes);
  }

  valueOf({ path }: DriveAttributes, name: string): number {
    const answer = this.#answers.get(path);
    const isFresh = answer !== undefined && this.#clock() - answer.micros < STALE_MICROS;
    return (isFresh ? answer.values.get(name) : undefined) ?? Number.NaN;
  }

  /** Asks them where that is due. It waits, and not for long, where the values are too old. Never rejects. */
  async renew(): Promise<void> {
    const now = this.#clock();
    if (this.#open.size === 0) this.error = undefined;
    else if (this.#round === undefined && now >= this.#nextMicros) {
      this.#nextMicros = now + DRIVES_INTERVAL_MICROS;
      this.#round = this.#ask().finally(() => {
        this.#round = undefined;
        this.#doneMicros = this.#clock();
      });
    }
    if (this.#round === undefined || now - this.#doneMicros < STALE_MICROS) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MILLIS);
    await Promise.race([this.#round, promise]);
    clearTimeout(timer);
  }

  async #ask(): Promise<void> {
    const paths = new Set(Array.from(this.#open, ({ path }) => path));
    // Drives that were plugged out: one that comes back has another folder.
    for (const path of this.#answers.keys()) if (!paths.has(path)) this.#answers.delete(path);
    // Who shows disks and who shows all sensors have opened the same.
    const awake = [...this.#open].filter((each) => !each.isAsleep());
    const questions = new Map(awake.map((each) => [each.path, each]));
    let silent: DriveAttributes | undefined;
    try {
      const answers = await this.#source.askDrives(questions);
      const micros = this.#clock();
      for (const [path, question] of questions) {
        const answer = answers.get(path);
        if (answer === undefined) {
          silent ??= question;
          continue;
        }
        const values = new Map(question.names.map((name, index) => [name, answer[index] ?? Number.NaN]));
        this.#answers.set(path, { values, micros });
      }
      const message = `the drive ${silent?.device} does not answer`;
      this.error = silent && { op: 'read temperatures', code: 'ETIMEDOUT', message };
    } catch (thrown) {
      this.error = sectionError('read temperatures of drives', thrown);
    }
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

/** One helper; its lines are answers in the order of the questions. */
class HelperProcess {
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
    this.#isReady = (await this.nextLine(START_MILLIS)) === READY;
    if (this.#isReady) return;
    this.kill();
    const message = 'the file system helper does not start';
    throw new OpError({ op: 'ask file systems', code: 'HELPER', message });
  }

  ask(lines: readonly string[]): void {
    this.#child.stdin.write(lines.map((line) => `${line}\n`).join(''));
    void this.#child.stdin.flush();
  }

  /** Resolves when there is an answer after all, or the helper is gone: whether there was one. */
  async lateAnswer(): Promise<boolean> {
    return (await this.nextLine(undefined)) !== undefined;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Undefined: none came in time, or the helper is gone. */
  async nextLine(patienceMillis: number | undefined): Promise<string | undefined> {
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
