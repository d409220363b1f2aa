import type { Signaller, SignalOutcome } from '../../../src/data/sample/platform.ts';
import { closeDescriptor, Errno, NativeBuffer, systemCall } from '../libc.ts';
import { emptyPidStat } from '../proc/pid-stat.ts';
import { ProcDirectory } from '../proc/proc-directory.ts';

/** The same numbers on every architecture. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const PID_MAX = 0x7fffffff;
/** include/uapi/asm-generic/signal.h: _NSIG. */
const SIGNAL_MAX = 64;

interface SignallerOptions {
  readonly procRoot?: string;
  /** Without it: as on a kernel before 5.3, by kill(2). */
  readonly hasPidfd?: boolean;
}

/**
 * Sends signals to the very process that the caller saw. A pidfd is opened first and the start time compared after:
 * from then on the descriptor means that process and no later one. Kernels before 5.3 have none; there the pid could
 * be recycled between the comparison and kill(2), within some microseconds.
 */
export class PidSignaller implements Signaller {
  readonly #procRoot: string;
  readonly #text = new NativeBuffer(4096);
  readonly #stat = emptyPidStat();
  readonly #hasPidfd: boolean;

  constructor(options: SignallerOptions = {}) {
    this.#procRoot = options.procRoot ?? '/proc';
    this.#hasPidfd = options.hasPidfd ?? true;
  }

  /** Never signals groups: a pid below 1 is `gone`. Throws SyscallError where /proc cannot be opened. */
  send(pid: number, startTicks: number, signal: number): SignalOutcome {
    if (!isWholeWithin(pid, PID_MAX) || !isWholeWithin(signal, SIGNAL_MAX)) return 'gone';
    if (!this.#hasPidfd) return this.#sendByPid(pid, startTicks, signal);
    const descriptor = systemCall(SYS_PIDFD_OPEN, pid, 0);
    // EINVAL is a thread that leads no group: no process has that id. Other errors are the kernel's or a filter's.
    if (descriptor === -Errno.ESRCH || descriptor === -Errno.EINVAL) return 'gone';
    if (descriptor < 0) return this.#sendByPid(pid, startTicks, signal);
    try {
      const identity = this.#compare(pid, startTicks);
      if (identity !== undefined) return identity;
      const result = systemCall(SYS_PIDFD_SEND_SIGNAL, descriptor, signal, 0, 0);
      return result === -Errno.ENOSYS ? killByPid(pid, signal) : outcomeOf(result);
    } finally {
      closeDescriptor(descriptor);
    }
  }

  #sendByPid(pid: number, startTicks: number, signal: number): SignalOutcome {
    return this.#compare(pid, startTicks) ?? killByPid(pid, signal);
  }

  /** undefined: it is the process meant. */
  #compare(pid: number, startTicks: number): SignalOutcome | undefined {
    const proc = new ProcDirectory(this.#procRoot);
    try {
      const length = proc.readStat(pid, this.#text, this.#stat);
      if (length === -Errno.EACCES || length === -Errno.EPERM) return 'not-permitted';
      if (length < 0) return 'gone';
      return this.#stat.startTicks === startTicks ? undefined : 'identity-changed';
    } finally {
      proc.close();
    }
  }
}

function killByPid(pid: number, signal: number): SignalOutcome {
  try {
    process.kill(pid, signal);
    return 'sent';
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'EPERM') return 'not-permitted';
    if (code === 'ESRCH') return 'gone';
    throw thrown;
  }
}

function outcomeOf(result: number): SignalOutcome {
  if (result === 0) return 'sent';
  return result === -Errno.ESRCH ? 'gone' : 'not-permitted';
}

/** From 1: signal 0 sends nothing, pid 0 is the caller's own group. */
function isWholeWithin(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= limit;
}
