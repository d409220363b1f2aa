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
 * Variables that the programs read and the runtime reads too, each with the reason why it may be kept at a privileged
 * start.
 */
export const JUDGED_VARIABLES = {
  PATH: 'searched for ssh alone, which gets none of our privileges; other children are started by absolute paths',
  HOME: 'the folder of bunfig.toml, which is compiled out; our configuration is read with the rights of the user',
  XDG_CONFIG_HOME: 'as HOME',
  TERM: 'chooses colours',
  COLORTERM: 'chooses colours',
  NO_COLOR: 'chooses colours',
  TZ: 'the name of a time zone: the C library opens only zones below the folder of the system at a privileged start',
  LANG: 'chooses a language; the C library opens locales below the folder of the system only',
  LC_ALL: 'as LANG',
  LC_CTYPE: 'as LANG',
} as const;

/** Variables that the programs read and the runtime does not know. A name without `=` is the beginning of names. */
const OWN_VARIABLES = ['SOCKTOP_', 'SSTOP_', 'XDG_STATE_HOME=', 'NOTIFY_SOCKET=', 'SSH_AUTH_SOCK='] as const;

/** Beginnings of the names that belong to the runtime and its libraries. They reach them at no start. */
export const RUNTIME_FAMILIES = [
  ...['BUN_', 'JSC_', 'WTF_', 'NODE_', 'ICU_', 'UV_', 'LSQUIC_', 'SIMDUTF_', 'JSIMD_', 'OPENSSL_'],
  ...['MIMALLOC_', 'mimalloc_', 'Malloc', 'WebKit', 'JavaScriptCore', 'SSLKEYLOGFILE'],
] as const;

/**
 * The runtime's settings. A timer of the garbage collector would wake an idle program every second; allocation starts
 * collections as well. A program that works for a few milliseconds a second is compiled for longer than it runs, so
 * code is compiled late, only what is really hot (tables of thousands of rows) is optimised
 * (bench/remote/agent/polled.bench.ts), and nothing is optimised twice. It is compiled where it runs, and garbage is
 * collected there: threads for it cost more than what they do, in CPU and in memory that each keeps to itself
 * (docs/decisions/0016-memory-and-start-of-screens.md). The engine's own timers for garbage would collect in the first
 * second, when there is hardly any: their share of CPU is so small that they never come due. No thread prepares memory
 * for the heap, and none looks for memory to give back: the allocator does that where memory is freed, at most once a
 * second. Crashes are not reported.
 */
const SETTINGS = [
  'BUN_GC_TIMER_DISABLE=1',
  'BUN_JSC_useConcurrentGC=0',
  'BUN_JSC_numberOfGCMarkers=1',
  'BUN_JSC_useConcurrentJIT=0',
  'BUN_JSC_useWarmUpMarkedBlocks=0',
  'BUN_JSC_thresholdForJITAfterWarmUp=50000',
  'BUN_JSC_thresholdForJITSoon=10000',
  'BUN_JSC_percentCPUPerMBForEdenTimer=0.000001',
  'BUN_JSC_percentCPUPerMBForFullTimer=0.000001',
  'BUN_JSC_thresholdForOptimizeAfterWarmUp=20000',
  'BUN_JSC_useFTLJIT=0',
  'MIMALLOC_SCAVENGER=0',
  'MIMALLOC_PURGE_DELAY=1000',
  'BUN_ENABLE_CRASH_REPORTING=0',
] as const;

/** The rules that every executable for Linux is sealed with. */
export const ENTRY_POLICY: EntryPolicy = {
  keepWhenPrivileged: [...Object.keys(JUDGED_VARIABLES).map((name) => `${name}=`), ...OWN_VARIABLES],
  removeOtherwise: RUNTIME_FAMILIES,
  add: SETTINGS,
};
