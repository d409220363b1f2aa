/** What the entry stub does to the environment, before the runtime sees it. Rules are beginnings of `NAME=value`. */
export interface EntryPolicy {
  /** At a privileged start, only these are kept. */
  readonly keepWhenPrivileged: readonly string[];
  /** At any other start, these are removed. */
  readonly removeOtherwise: readonly string[];
  /** Whole `NAME=value` texts, added at every start. */
  readonly add: readonly string[];
}

/**
 * What a privileged start keeps of its environment: what the programs themselves read. The kernel calls a start
 * privileged (AT_SECURE) when the file's capabilities or set-user-ID bit give more than its user has. A text that ends
 * in `=` is a whole name, any other the beginning of names.
 */
const KEPT_WHEN_PRIVILEGED = [
  ...['PATH=', 'HOME=', 'USER=', 'LOGNAME=', 'TERM=', 'COLORTERM=', 'NO_COLOR=', 'TZ=', 'LANG=', 'LC_'],
  ...['XDG_', 'SOCKTOP_', 'SSTOP_', 'NOTIFY_SOCKET=', 'INVOCATION_ID=', 'LISTEN_'],
] as const;

/** What belongs to the runtime and its libraries, and reaches them at no start. */
export const RUNTIME_FAMILIES = [
  ...['BUN_', 'JSC_', 'WTF_', 'NODE_', 'ICU_', 'UV_', 'MIMALLOC_', 'mimalloc_', 'PAS_', 'Malloc', 'MALLOC_'],
  ...['GIGACAGE_', 'OPENSSL_', 'SSLKEYLOGFILE=', 'ASAN_OPTIONS=', 'DO_NOT_TRACK='],
] as const;

/**
 * The runtime's settings. A timer of the garbage collector would wake an idle program every second; allocation starts
 * collections as well. A program that works for a few milliseconds a second is compiled for longer than it runs, so
 * only code that is really hot (tables of thousands of rows) is optimised (bench/remote/agent/polled.bench.ts).
 * Nothing is reported to the runtime's makers when it crashes.
 */
const SETTINGS = [
  'BUN_GC_TIMER_DISABLE=1',
  'BUN_JSC_thresholdForOptimizeAfterWarmUp=20000',
  'BUN_JSC_thresholdForFTLOptimizeAfterWarmUp=1000000',
  'BUN_ENABLE_CRASH_REPORTING=0',
] as const;

export const ENTRY_POLICY: EntryPolicy = {
  keepWhenPrivileged: KEPT_WHEN_PRIVILEGED,
  removeOtherwise: RUNTIME_FAMILIES,
  add: SETTINGS,
};
