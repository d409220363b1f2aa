import { secondsEastOfUtc } from './clock.ts';
import { lowerCapabilities, raiseCapabilities, withoutCapabilities } from './effective-capabilities.ts';
import { NativeBuffer, orThrow, systemCall } from './libc.ts';
import { terminalControl } from './terminal-control.ts';

const RT_SIGACTION = process.arch === 'arm64' ? 134 : 13;
const SIG_IGN = 1;
const SIGSTKFLT = 16;
/** 32 and 33 are the C library's own (nptl(7)); musl has 34 as well, which it sets again when it needs it. */
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;
/** `struct sigaction` of the kernel: handler, flags, restorer, mask; 8 bytes each. */
const ACTION_BYTES = 32;
const MASK_BYTES = 8;

/**
 * Ignores the signals that the runtime has no names for, so that it cannot be told of them: SIGSTKFLT and the real-time
 * signals. Their default action would end the process with the terminal left as it is. Throws SyscallError.
 */
function ignoreUnnamedSignals(): void {
  const action = new NativeBuffer(ACTION_BYTES);
  action.u32[0] = SIG_IGN;
  const realTime = Array.from(
    { length: LAST_REAL_TIME - FIRST_REAL_TIME + 1 },
    (_, at) => FIRST_REAL_TIME + at,
  );
  for (const signal of [SIGSTKFLT, ...realTime]) {
    orThrow(systemCall(RT_SIGACTION, signal, action.pointer, 0, MASK_BYTES), 'rt_sigaction', String(signal));
  }
}

/** What every start needs of the system. In one piece, because each that is loaded apart takes 50 µs. */
export const startCalls = {
  ...{ lowerCapabilities, raiseCapabilities, withoutCapabilities },
  ...{ secondsEastOfUtc, ignoreUnnamedSignals, terminalControl },
};
