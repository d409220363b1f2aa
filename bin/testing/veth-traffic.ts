import { loadExecutable } from '../../bench/build-floors.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { linesOf } from './traffic.ts';

/** What one process of bench/loads/known-traffic.c says of itself; see there how it knows. */
export interface KnownReport {
  readonly role: 'tcp-serve' | 'tcp-serve-child' | 'tcp-send' | 'udp-serve' | 'udp-send';
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTicks: number;
  readonly connections: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** With IP and TCP or UDP headers, as on the wire; of no use where not `complete`. */
  readonly ipSentBytes: number;
  readonly ipReceivedBytes: number;
  readonly segmentsSent: number;
  readonly segmentsReceived: number;
  readonly retransmits: number;
  readonly complete: boolean;
  readonly elapsedNanos: number;
}

/** A process of known-traffic under way, in whichever namespace `wrap` puts it. */
export class KnownTraffic {
  readonly #process: Bun.Subprocess<'ignore', 'pipe', 'pipe'>;
  readonly #lines: AsyncGenerator<string>;
  readonly #complaint: Promise<string>;

  constructor(wrap: (argv: readonly string[]) => string[], ...args: readonly (string | number)[]) {
    this.#process = Bun.spawn(wrap([loadExecutable('known-traffic'), ...args.map(String)]), {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    this.#lines = linesOf(this.#process.stdout);
    this.#complaint = new Response(this.#process.stderr).text();
  }

  /** The port of a server, which is ready then. */
  async port(): Promise<number> {
    const { value } = await this.#lines.next();
    const port = Number(/^ready (\d+)$/.exec(value ?? '')?.[1]);
    if (port > 0) return port;
    throw await this.#failure();
  }

  /** Waits for its end: its own report last, those of its children before. Rejects with `TRAFFIC` and its words. */
  async reports(): Promise<readonly KnownReport[]> {
    const reports: KnownReport[] = [];
    for await (const line of this.#lines) reports.push(JSON.parse(line));
    if ((await this.#process.exited) !== 0 || reports.length === 0) throw await this.#failure();
    return reports;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Ends it; what it complained of, empty where it did not. */
  async complaint(): Promise<string> {
    this.kill();
    return (await this.#complaint).trim();
  }

  async #failure(): Promise<OpError> {
    const message = (await this.complaint()) || 'it ended early';
    return new OpError({ op: 'known-traffic', code: 'TRAFFIC', message });
  }
}
