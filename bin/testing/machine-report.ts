import type { RowSum, Verdict } from './veth-verdict.ts';

/** What the guest's lines begin with; all else on the console is the kernel's or a program's own. */
export const MARK = '@machine ';

/** Who runs sstop and the traffic. */
export type Who = 'root' | 'nobody';
/** Kernel modules: before any was loaded, and with those that sstop uses; then in a PID namespace of its own. */
export type Stage = 'bare' | 'ready' | 'contained';

/** Excerpt of `sstop --doctor --json`. */
export interface Examination {
  readonly tier: string;
  readonly tiers: readonly { readonly tier: string; readonly available: boolean; readonly detail: string }[];
  /** Parts that are loaded into the kernel or opened, each `ok`, a way, or why not. */
  readonly programs: Readonly<Record<string, string | boolean | null>>;
  readonly modules: Readonly<Record<string, string>>;
  readonly closings: { readonly announced: string };
  readonly kernel: { readonly release: string; readonly btf_bytes: number | null };
  readonly advice: { readonly commands: readonly string[]; readonly warnings: readonly string[] };
  readonly cgroup2: readonly string[];
}

export interface ExaminationLine {
  readonly kind: 'examination';
  readonly stage: Stage;
  readonly who: Who;
  readonly examination: Examination;
}

/** Traffic of known size on one tier; numbers that are NaN arrive as null. */
export interface AccuracyLine {
  readonly kind: 'accuracy';
  readonly tier: string;
  readonly who: Who;
  readonly where: 'loopback' | 'veth';
  readonly verdicts: readonly Verdict[];
  readonly rowSum: RowSum | null;
  readonly segmentsPerFrame: number | null;
  readonly remarks: readonly string[];
  readonly elapsedMillis: number;
}

/** A step that threw. */
export interface FailureLine {
  readonly kind: 'failure';
  readonly step: string;
  readonly message: string;
}

/** One JSON object a line, from the guest to the test. */
export type MachineLine =
  | { readonly kind: 'started'; readonly release: string; readonly upMillis: number }
  | ExaminationLine
  | AccuracyLine
  | FailureLine
  | { readonly kind: 'finished'; readonly upMillis: number };

/** The guest's line in a line of the console, or undefined. */
export function parseMachineLine(text: string): MachineLine | undefined {
  const start = text.indexOf(MARK);
  return start < 0 ? undefined : JSON.parse(text.slice(start + MARK.length));
}
