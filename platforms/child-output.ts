/** A program that runs beside this one, its output on pipes. */
export type ChildProgram = Bun.Subprocess<'ignore', 'pipe', 'pipe'>;

/** What a program said. */
export interface ChildOutput {
  readonly text: string;
  /** Of standard error, as far as it was kept. */
  readonly complaint: string;
  /** It said more than was to be kept. */
  readonly isCut: boolean;
  /** undefined: it did not end before the deadline. */
  readonly exitCode: number | undefined;
}

/**
 * What a program says until it ends. At the deadline, or when it says more than the limit of bytes, it is killed: what
 * it has said until then counts. Of its complaints the first `complaintLimit` bytes are kept.
 */
export async function outputOf(
  child: ChildProgram,
  limits: { readonly deadlineMillis: number; readonly limit: number; readonly complaintLimit: number },
): Promise<ChildOutput> {
  const output = new BoundedOutput(child.stdout, limits.limit);
  const complaint = new BoundedOutput(child.stderr, limits.complaintLimit);
  const late = Promise.withResolvers<undefined>();
  // The pipes are closed too, for what the program has started may hold them.
  const end = (): void => {
    child.kill('SIGKILL');
    output.stop();
    complaint.stop();
  };
  const timer = setTimeout(() => {
    end();
    late.resolve(undefined);
  }, limits.deadlineMillis);
  timer.unref();
  try {
    await output.read();
    if (output.isCut) end();
    await complaint.read();
    // One that hangs in the kernel does not end when it is killed either.
    const exitCode = await Promise.race([child.exited, late.promise]);
    return { text: output.text, complaint: complaint.text, isCut: output.isCut, exitCode };
  } finally {
    clearTimeout(timer);
    end();
  }
}

interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** What a stream holds, up to a limit; then it is closed. */
class BoundedOutput {
  isCut = false;
  readonly #reader: ByteReader;
  readonly #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(stream: ReadableStream<Uint8Array>, limit: number) {
    this.#reader = stream.getReader();
    this.#limit = limit;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** To the end, the limit, or `stop`. */
  async read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done || value === undefined) return;
      const room = this.#limit - this.#length;
      this.#chunks.push(value.subarray(0, room));
      this.#length += Math.min(value.length, room);
      if (value.length <= room) continue;
      this.isCut = true;
      this.stop();
      return;
    }
  }

  /** A stream that failed cannot be closed: it fails again, by the error that `read` has told. */
  stop(): void {
    this.#reader.cancel().catch(() => undefined);
  }
}
