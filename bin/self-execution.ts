/** Where the parts of a compiled executable are. */
const COMPILED_ROOT = '/$bunfs/';
/** What the program reads of its environment, or what it starts does; all else could steer the runtime. */
const KEPT =
  /^(PATH|HOME|LANG|LC_[A-Z]+|TERM|COLORTERM|NO_COLOR|TZ|USER|LOGNAME|XDG_\w+|SOCKTOP_\w+|NOTIFY_SOCKET|INVOCATION_ID|LISTEN_\w+)$/;

/**
 * The garbage collector's timer alone would wake an idle program up every second or so; allocation drives it as well.
 * And a program that works for a millisecond now and then is compiled for longer than it runs: only code that is hot in
 * earnest (tables of thousands of rows) is to be optimised (bench/remote/agent/polled.bench.ts).
 */
const RUNTIME = {
  BUN_GC_TIMER_DISABLE: '1',
  BUN_JSC_thresholdForOptimizeAfterWarmUp: '20000',
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: '1000000',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether this is the executable that people run, not the runtime with the sources. */
export function isCompiled(): boolean {
  return Bun.main.startsWith(COMPILED_ROOT);
}

/** The environment that a program which idles is to have. */
export function idleEnvironment(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = { ...RUNTIME };
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && KEPT.test(name)) kept[name] = value;
  }
  return kept;
}

/** Whether the two hold the same variables. */
export function isSameEnvironment(a: Environment, b: Environment): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Begins anew in this process, under the same name, with another environment. Returns only where that fails. */
export function executeSelf(argv: readonly string[], environment: Readonly<Record<string, string>>): void {
  process.execve?.(process.execPath, [process.argv0, ...argv], environment);
}
