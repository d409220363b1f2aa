import type { Signaller, SignalOutcome } from '../../src/data/sample/platform.ts';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import type { Host } from './darwin-host.ts';
import type { ProcessList } from './process-list.ts';

const PID_MAX = 0x7fffffff;
/** sys/signal.h: NSIG - 1. */
const SIGNAL_MAX = 31;

/**
 * Sends signals to the very process that the caller saw: its start is compared right before. macOS has no descriptors
 * of processes, so the pid could be another's within the microseconds between; pids come again after 99,999 others.
 */
export class ProcessSignaller implements Signaller {
  readonly #list: ProcessList;
  readonly #host: Host;

  constructor(list: ProcessList, host: Host) {
    this.#list = list;
    this.#host = host;
  }

  /** Never signals groups: a pid below 1 is `gone`. Never rejects: whom it cannot ask about it sends nothing to. */
  async send(pid: number, startTicks: number, signal: number): Promise<SignalOutcome> {
    if (!isWholeWithin(pid, PID_MAX) || !isWholeWithin(signal, SIGNAL_MAX)) return 'gone';
    try {
      const startSeconds = await this.#list.startSeconds(pid);
      if (startSeconds === undefined) return 'gone';
      if (this.#host.startTicks(startSeconds) !== startTicks) return 'identity-changed';
      process.kill(pid, signal);
      return 'sent';
    } catch (thrown) {
      return toOpError('send signal', thrown).code === 'ESRCH' ? 'gone' : 'not-permitted';
    }
  }
}

/** From 1: signal 0 sends nothing, pid 0 is the caller's own group. */
function isWholeWithin(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= limit;
}
