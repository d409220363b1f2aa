interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** What a stream holds, up to a limit; then it is closed. */
export class BoundedOutput {
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

  stop(): void {
    void this.#reader.cancel();
  }
}
