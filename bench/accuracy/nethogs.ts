import { linesOf } from '../../bin/testing/traffic.ts';
import type { Monitor, Shown, ShownRow } from '../../bin/testing/veth-monitor.ts';
import type { VethNetwork } from '../../bin/testing/veth-network.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';

/** All devices, TCP and UDP, totals in bytes, once a second, as text. */
const ARGUMENTS = ['-t', '-C', '-v', '2', '-d', '1', '-a'];
/** `PROGRAM/PID/UID SENT RECEIVED`, tabs between; process 0 is whatever it could not assign. */
const ROW = /^(.*)\/(\d+)\/\d+\t(\S+)\t(\S+)$/;

/** Why nethogs cannot run here, or undefined. */
export function nethogsObstacle(): string | undefined {
  return Bun.which('nethogs') === null ? 'nethogs is not installed (Debian: nethogs)' : undefined;
}

/**
 * nethogs 0.8 on the near side. It counts whole frames as the device hands them over: with Ethernet headers, but of
 * a segmented packet the headers once. Its figures have six digits.
 */
export class NethogsMonitor implements Monitor {
  readonly name = 'nethogs';
  readonly seesBothSides = false;
  readonly countsUdp = true;
  readonly #process: Bun.Subprocess<'ignore', 'pipe', 'ignore'>;
  readonly #followed: Promise<void>;
  #rows: ShownRow[] = [];
  #whole: readonly ShownRow[] = [];
  #count = 0;
  #hasEnded = false;
  #wake: () => void = () => undefined;

  private constructor(network: VethNetwork) {
    this.#process = Bun.spawn(network.inside('near', ['nethogs', ...ARGUMENTS]), {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
    });
    this.#followed = this.#follow();
  }

  static async start(network: VethNetwork): Promise<NethogsMonitor> {
    const monitor = new NethogsMonitor(network);
    try {
      await monitor.#await(1);
      return monitor;
    } catch (thrown) {
      await monitor.close();
      throw thrown;
    }
  }

  fresh(): Promise<void> {
    return this.#await(this.#count + 1);
  }

  async shown(): Promise<Shown> {
    // A refresh is known to be whole when the next one begins.
    await this.#await(this.#count + 3);
    return { basis: 'frames', rows: this.#whole, lostBytes: 0, lostClosings: 0, remarks: [] };
  }

  async close(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#process.exited;
    await this.#followed;
  }

  async #follow(): Promise<void> {
    for await (const line of linesOf(this.#process.stdout)) {
      const row = ROW.exec(line);
      if (row !== null) this.#rows.push(rowOf(row));
      if (line !== 'Refreshing:') continue;
      this.#whole = this.#rows;
      this.#rows = [];
      this.#count++;
      this.#wake();
    }
    this.#hasEnded = true;
    this.#wake();
  }

  async #await(count: number): Promise<void> {
    while (this.#count < count && !this.#hasEnded) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#count < count) throw new OpError({ op: 'run nethogs', code: 'MONITOR' });
  }
}

function rowOf([, name = '', pid, up, down]: RegExpExecArray): ShownRow {
  return {
    pid: Number(pid) === 0 ? undefined : Number(pid),
    name,
    up: Number(up),
    down: Number(down),
    isInferred: false,
  };
}
