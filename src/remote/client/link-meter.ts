const LATENCIES_LIMIT = 4096;

/** What the way to an agent has carried. Bytes are those of messages, without the frames of WebSocket and TLS. */
export class LinkMeter {
  requests = 0;
  sentBytes = 0;
  receivedBytes = 0;
  /** The newest, microseconds. */
  readonly #latencies = new Float64Array(LATENCIES_LIMIT);
  #answers = 0;

  sent(text: string): void {
    this.requests++;
    this.sentBytes += text.length;
  }

  received(frame: string | Uint8Array): void {
    this.receivedBytes += frame.length;
  }

  answered(latencyMicros: number): void {
    this.#latencies[this.#answers++ % LATENCIES_LIMIT] = latencyMicros;
  }

  /** The latency that this share of the answers (0 to 1) did not exceed, microseconds; NaN before any. */
  latencyMicros(share: number): number {
    const count = Math.min(this.#answers, LATENCIES_LIMIT);
    if (count === 0) return Number.NaN;
    const sorted = this.#latencies.slice(0, count).sort();
    return sorted[Math.min(count - 1, Math.floor(share * count))]!;
  }
}
