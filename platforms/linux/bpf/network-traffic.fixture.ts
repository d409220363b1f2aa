import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { NetworkAccounting } from './network-accounting.ts';

const SOURCE = fileURLToPath(new URL('testdata/network-traffic.c', import.meta.url));
const FLAGS = ['-O1', '-std=gnu17', '-Wall', '-Wextra', '-Werror'];

/** So often traffic is made again that was not clean. */
export const ATTEMPTS = 10;

/** A line that a process of network-traffic.c has written; what it does not say is undefined or 0. */
export interface TrafficLine {
  readonly role: string;
  readonly pid: number;
  readonly cookie: string;
  readonly listener: string;
  readonly sent: number;
  readonly received: number;
  readonly segmentsOut: number;
  /** Bytes of payload sent more than once. */
  readonly retransmitted: number;
  /** Segments sent more than once, a SYN too; of a device, by everybody in its namespace. */
  readonly resent: number;
  readonly outOfOrder: number;
  readonly name: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
}

/** A flow as it was read. */
export interface SeenFlow {
  readonly cookie: string;
  readonly tgid: number;
  readonly interfaceIndex: number;
  readonly hasRemoteKey: boolean;
  readonly family: number;
  readonly protocol: number;
  readonly localAddress: readonly number[];
  readonly remoteAddress: readonly number[];
  readonly localPort: number;
  readonly remotePort: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly netns: string;
  readonly ownedSinceNanos: number;
  readonly uid: number;
  readonly comm: string;
  readonly isNew: boolean;
  readonly isHeld: boolean;
  readonly isReleased: boolean;
}

/** The program that makes traffic, compiled for as long as the tests run. */
export class TrafficProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), 'network-traffic-'));
  readonly path = join(this.#folder, 'network-traffic');

  constructor() {
    const built = Bun.spawnSync(['gcc', ...FLAGS, '-o', this.path, SOURCE], { stderr: 'inherit' });
    if (!built.success) throw new Error('gcc refuses network-traffic.c');
  }

  /** Runs to the end. Never with a reader that waits: the flows stay. */
  async run(...args: readonly (string | number)[]): Promise<TrafficLine[]> {
    const child = this.start(...args);
    child.stdin.end();
    const text = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error(`network-traffic ${args.join(' ')} failed`);
    return parseLines(text);
  }

  start(...args: readonly (string | number)[]): Bun.Subprocess<'pipe', 'pipe', 'inherit'> {
    return Bun.spawn([this.path, ...args.map(String)], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Lines of a process, one at a time. */
export class LineReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#chunks = stream.values();
  }

  /** Without its end. */
  async next(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#chunks.next();
      if (done) throw new Error(`a process ended after: ${this.#text}`);
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }
}

export function parseLines(text: string): TrafficLine[] {
  const lines: TrafficLine[] = [];
  for (const line of text.split('\n')) if (line !== '') lines.push(JSON.parse(line));
  return lines;
}

/**
 * Whether every segment was sent once and came in its turn. On a loaded machine some are not; what comes to a connection
 * in TIME_WAIT, or is answered for it, belongs to no process, and no sum is exact any more.
 */
export function isClean(lines: readonly TrafficLine[]): boolean {
  return lines.every((line) => (line.resent ?? 0) + (line.outOfOrder ?? 0) === 0);
}

/** Why nothing can be counted here, or undefined. */
export function accountingObstacle(): string | undefined {
  if (Bun.which('gcc') === null || Bun.which('ip') === null) return 'needs gcc and ip(8)';
  const tried = Bun.spawnSync(['unshare', '--net', 'true'], { stdout: 'ignore', stderr: 'ignore' });
  if (!tried.success) return 'needs the right to make a network namespace';
  try {
    NetworkAccounting.open().close();
    return undefined;
  } catch (thrown) {
    return `needs eBPF (${toOpError('open', thrown).message})`;
  }
}

/** Every flow that a read shows, or those of one network namespace. */
export function readFlows(accounting: NetworkAccounting, pieceEntries = 256): SeenFlow[] {
  const seen: SeenFlow[] = [];
  accounting.begin();
  let more = true;
  while (more) {
    more = accounting.next(pieceEntries, (flow) => {
      const { tgid, interfaceIndex, hasRemoteKey, family, protocol, localPort, remotePort } = flow;
      const { rxBytes, txBytes, rxPackets, txPackets, ownedSinceNanos, uid, isHeld, isReleased } = flow;
      seen.push({
        cookie: sixtyFour(flow.cookieLow, flow.cookieHigh),
        netns: sixtyFour(flow.netnsCookieLow, flow.netnsCookieHigh),
        localAddress: [...flow.localAddress],
        remoteAddress: [...flow.remoteAddress],
        comm: flow.comm(),
        isNew: accounting.isNew(flow),
        ...{ tgid, interfaceIndex, hasRemoteKey, family, protocol, localPort, remotePort },
        ...{ rxBytes, txBytes, rxPackets, txPackets, ownedSinceNanos, uid, isHeld, isReleased },
      });
    });
  }
  return seen;
}

/**
 * The flows of the network namespaces that these sockets were in: a busy machine gives the number of a process anew while
 * flows of the earlier one are still there.
 */
export function flowsAround(flows: readonly SeenFlow[], lines: readonly TrafficLine[]): SeenFlow[] {
  // 0: no socket is meant, in a line as in a flow.
  const cookies = new Set(lines.flatMap(({ cookie, listener }) => [cookie, listener]));
  cookies.delete('0');
  const namespaces = new Set(flows.filter(({ cookie }) => cookies.has(cookie)).map(({ netns }) => netns));
  return flows.filter((flow) => namespaces.has(flow.netns));
}

/** Sums over flows. */
export function totals(flows: readonly SeenFlow[]) {
  const sum = { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0, flows: flows.length };
  for (const flow of flows) {
    sum.rxBytes += flow.rxBytes;
    sum.txBytes += flow.txBytes;
    sum.rxPackets += flow.rxPackets;
    sum.txPackets += flow.txPackets;
  }
  return sum;
}

function sixtyFour(low: number, high: number): string {
  return String((BigInt(high) << 32n) | BigInt(low));
}
