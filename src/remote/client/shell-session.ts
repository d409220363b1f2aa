import { type MachineProcesses, ProcessTexts } from '../../data/sample/machine-processes.ts';
import type { Platform } from '../../data/sample/platform.ts';
import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import { TEXT_LIMIT, UNKNOWN_USER } from '../../data/schema/column.ts';
import { LocalSource } from '../../data/source/local-source.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import { cleanText } from '../../kit/text/sanitize.ts';
import { noControlGroups, type Session, type SessionLine, type Told } from './session.ts';

/** Reads a machine of which nothing but a shell answers. It outlives a connection. */
interface ShellHost extends Platform {
  /** A shell has read the script and waits for lines. Rejects with OpError where it does not answer as it should. */
  connect(shell: { ask(lines: readonly string[]): Promise<readonly Uint8Array[]> }): Promise<void>;
  /** To be called before the machine's section is collected. */
  prepareMachine(): Promise<void>;
}

/** How machines are read by their shells. */
export interface ShellReader {
  open(): ShellHost;
  /** What the shell reads first. It prints `mark` on a line once it takes lines, and behind each answer. */
  script(mark: string): string;
}

/** An answer of the shell may take so long, and may be so long. */
const ANSWER_MILLIS = 15_000;
const ANSWER_LIMIT_BYTES = 32 << 20;
/** The share of one core that the shell may use, and the CPU seconds that it may use at once. */
const CPU_SHARE = 0.015;
const CPU_BURST_SECONDS = 0.25;
const JOURNAL_MESSAGE = 'journals need socktop-agent on that machine';

/** What is known of a machine beyond the life of a connection. */
export class ShellMemory {
  host: ShellHost;
  source: LocalSource;
  readonly reader: ShellReader;
  #bootId = '';
  /** Of the processes, by their slots. */
  readonly texts = new ProcessTexts();
  /** What the shells have used since the start, with the programs that they started. */
  cpuSeconds = 0;

  constructor(reader: ShellReader) {
    this.reader = reader;
    this.host = reader.open();
    this.source = new LocalSource(this.host, { tier: 'auto' });
  }

  /** Begins anew where the machine was started again: its counters are others. Rejects with OpError. */
  async connect(shell: Parameters<ShellHost['connect']>[0]): Promise<void> {
    await this.host.connect(shell);
    if (this.#bootId !== '' && this.#bootId !== this.host.host.bootId) {
      this.source.close();
      this.host = this.reader.open();
      this.source = new LocalSource(this.host, { tier: 'auto' });
      await this.host.connect(shell);
    }
    this.#bootId = this.host.host.bootId;
  }

  /** Users and command lines are not this machine's: they go along with the rows. */
  fillTexts({ processes, commandLines }: MachineProcesses): void {
    const { slots, uid } = processes;
    this.texts.reserve(slots.capacity);
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      const line = commandLines?.[slot];
      this.texts.users[slot] = uid[slot] === UNKNOWN_USER ? undefined : this.host.userName(uid[slot]!);
      this.texts.commandLines[slot] = line === undefined ? undefined : cleanText(line, TEXT_LIMIT.line);
    }
  }
}

/** Lines for the shell, and its answers to come. */
interface Exchange {
  readonly answers: Uint8Array[];
  /** So many are to come. */
  readonly count: number;
  readonly resolve: (answers: readonly Uint8Array[]) => void;
  readonly reject: (error: OpError) => void;
}

/** One connection to a shell without an agent. What it is asked costs it no more than a share of a core. */
export class ShellSession implements Session {
  readonly #line: SessionLine;
  readonly #memory: ShellMemory;
  readonly #mark = `socktop-${crypto.randomUUID()}`;
  readonly #end = Buffer.from(`\n${this.#mark}\n`);
  readonly #startedMicros: number;
  #cpuSeconds = 0;
  #bytes = Buffer.alloc(64 << 10);
  #length = 0;
  #exchange: Exchange | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #lost: OpError | undefined;

  constructor(line: SessionLine, memory: ShellMemory) {
    this.#line = line;
    this.#memory = memory;
    this.#startedMicros = line.monotonicMicros();
  }

  /** Makes the shell answer. Rejects with OpError where it does not. */
  async start(): Promise<void> {
    await this.#exchangeText(this.#memory.reader.script(this.#mark), 1);
    await this.#memory.connect({ ask: (lines) => this.#ask(lines) });
  }

  get isWaiting(): boolean {
    return this.#exchange !== undefined;
  }

  async machine(): Promise<Told<NonNullable<Snapshot['machine']>>> {
    await this.#memory.host.prepareMachine();
    return this.#section('machine', true);
  }

  disks(): Promise<Told<NonNullable<Snapshot['disks']>>> {
    return this.#section('disks', true);
  }

  controlGroups(): Promise<never> {
    return Promise.reject(noControlGroups('control groups need socktop-agent on that machine'));
  }

  async processes(
    want: NonNullable<Want['machineProcesses']>,
  ): Promise<Told<NonNullable<Snapshot['machineProcesses']>>> {
    const { header, section } = await this.#section('machineProcesses', want);
    const { texts } = this.#memory;
    this.#memory.fillTexts(section);
    return { header, section: { ...section, texts } };
  }

  async processDetail(pid: number): Promise<Told<NonNullable<Snapshot['processDetail']>>> {
    const { header, section } = await this.#section('processDetail', pid);
    const { effectiveUid } = section.process;
    const userName = effectiveUid === undefined ? undefined : this.#memory.host.userName(effectiveUid);
    return { header, section: { ...section, process: { ...section.process, userName } } };
  }

  journal(): Promise<never> {
    return Promise.reject(new OpError({ op: 'journal', code: 'NO_AGENT', message: JOURNAL_MESSAGE }));
  }

  network(): Promise<Told<NonNullable<Snapshot['network']>>> {
    return this.#section('network', true);
  }

  received(chunk: string | Uint8Array<ArrayBuffer>): void {
    if (typeof chunk === 'string') return;
    if (this.#length + chunk.length > ANSWER_LIMIT_BYTES) {
      const message = 'the reply of the shell is too long';
      this.#line.broken(new OpError({ op: 'decode', code: 'TOO_LARGE', message }));
      return;
    }
    if (this.#length + chunk.length > this.#bytes.length) {
      const bytes = Math.max(this.#bytes.length * 2, this.#length + chunk.length);
      this.#bytes = lengthened(this.#bytes, Buffer.alloc(bytes));
    }
    this.#bytes.set(chunk, this.#length);
    // An end may have begun in what came before.
    let from = Math.max(0, this.#length - this.#end.length);
    this.#length += chunk.length;
    for (;;) {
      const end = this.#bytes.subarray(0, this.#length).indexOf(this.#end, from);
      if (end < 0) return;
      this.#take(Buffer.from(this.#bytes.subarray(0, end)));
      this.#bytes.copyWithin(0, end + this.#end.length, this.#length);
      this.#length -= end + this.#end.length;
      from = 0;
    }
  }

  lost(error: OpError): void {
    this.#lost = error;
    this.#exchange?.reject(error);
    this.#exchange = undefined;
  }

  async #section<Name extends keyof Want & keyof Snapshot>(
    name: Name,
    want: NonNullable<Want[Name]>,
  ): Promise<Told<NonNullable<Snapshot[Name]>>> {
    const { source } = this.#memory;
    const section = await source.section(name, want);
    return { header: source.header(this.#memory.host.monotonicMicros()), section };
  }

  /** One exchange after another, and none before the shell may use CPU again. */
  #ask(lines: readonly string[]): Promise<readonly Uint8Array[]> {
    const answers = this.#turn.then(async () => {
      await Bun.sleep(this.#restMillis());
      const texts = await this.#exchangeText(`${lines.join('\n')}\nt\n`, lines.length + 1);
      this.#noteTimes(texts.at(-1)!);
      return texts;
    });
    this.#turn = answers.catch(() => undefined);
    return answers;
  }

  #restMillis(): number {
    const seconds = (this.#line.monotonicMicros() - this.#startedMicros) / 1e6;
    return Math.max(0, ((this.#cpuSeconds - CPU_BURST_SECONDS) / CPU_SHARE - seconds) * 1000);
  }

  /** Sends lines and waits for so many answers. */
  async #exchangeText(text: string, count: number): Promise<readonly Uint8Array[]> {
    if (this.#lost !== undefined) throw this.#lost;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Uint8Array[]>();
    const sentMicros = this.#line.monotonicMicros();
    this.#exchange = { answers: [], count, resolve, reject };
    const timer = setTimeout(() => {
      const message = `the shell has not replied for ${ANSWER_MILLIS / 1000} s`;
      this.#line.broken(new OpError({ op: 'ask', code: 'SILENT', message }));
    }, ANSWER_MILLIS);
    this.#line.send(text);
    try {
      const answers = await promise;
      this.#line.answered(this.#line.monotonicMicros() - sentMicros);
      return answers;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(answer: Uint8Array): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.answers.push(answer);
    if (exchange.answers.length < exchange.count) return;
    this.#exchange = undefined;
    exchange.resolve(exchange.answers);
  }

  /** `0m0.01s 0m0.02s`, of the shell and in a second line of what it started (POSIX, times). */
  #noteTimes(answer: Uint8Array): void {
    const text = Buffer.from(answer).toString('latin1');
    let seconds = 0;
    for (const [, minutes, rest] of text.matchAll(/(\d{1,6})m(\d{1,2}[.,]\d{1,9})s/g)) {
      seconds += Number(minutes) * 60 + Number(rest!.replace(',', '.'));
    }
    const growth = Math.max(0, seconds - this.#cpuSeconds);
    this.#cpuSeconds += growth;
    this.#memory.cpuSeconds += growth;
  }
}
