/**
 * The output of `ps -axww -o pid= -o ppid= -o uid= -o state= -o nice= -o rss= -o vsz= -o time= -o lstart= -o comm=`
 * in the C locale and UTC: one process a line, no header. `comm` is the path of the executable, the only column that
 * may have spaces, and so the last.
 *
 *     560     1   501 S     0 180740 5376996   2:56.43 Mon Jun 22 07:34:39 2020     /Applications/Sublime Text.app/...
 */
const COLUMNS = ['pid', 'ppid', 'uid', 'state', 'nice', 'rss', 'vsz', 'time', 'lstart', 'comm'] as const;
const LINE = new RegExp(
  [
    String.raw`^\s*(\d{1,10})\s+(\d{1,10})\s+(-?\d{1,10})\s+(\S+)\s+(-?\d{1,3}|-)\s+(\d{1,15})\s+(\d{1,18})`,
    String.raw`\s+([\d:.-]+)\s+\w{3}\s+(\w{3})\s+(\d{1,2})\s+(\d\d):(\d\d):(\d\d)\s+(\d{4})\s+(.+)$`,
  ].join(''),
);
export const PS_ARGUMENTS: readonly string[] = ['-axww', ...COLUMNS.flatMap((name) => ['-o', `${name}=`])];

const PID_MAX = 0x7fffffff;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const KIB = 1024;

/** One process as ps tells it. */
export type PsRow = Readonly<NonNullable<ReturnType<typeof rowOf>>>;

/** The processes of the output, each pid once; a cut last line and lines that are none are passed over. */
export function parsePs(text: string): Map<number, PsRow> {
  const rows = new Map<number, PsRow>();
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const row = rowOf(line);
    if (row !== undefined) rows.set(row.pid, row);
  }
  return rows;
}

function rowOf(line: string) {
  const cells = LINE.exec(line);
  if (cells === null) return undefined;
  const [, pid, ppid, uid, state, nice, rss, vsz, time, month, ...started] = cells as unknown as string[];
  const [day, hour, minute, second, year, command] = started;
  const monthNumber = MONTHS.indexOf(month!);
  if (monthNumber < 0 || Number(pid) > PID_MAX || Number(ppid) > PID_MAX) return undefined;
  return {
    pid: Number(pid),
    ppid: Number(ppid),
    uid: Number(uid) | 0,
    /** One ASCII letter with the meaning that it has on Linux. */
    state: stateLetter(state!),
    nice: nice === '-' ? undefined : Number(nice),
    rssBytes: Number(rss) * KIB,
    virtualBytes: Number(vsz) * KIB,
    /** User and system time of all threads, in hundredths of a second; NaN unknown. */
    cpuNanos: parseCpuTime(time!) * 1e9,
    /** When it was started, by the wall clock, in whole seconds since 1970. */
    startSeconds:
      Date.UTC(Number(year), monthNumber, Number(day), Number(hour), Number(minute), Number(second)) / 1000,
    /** Path of the executable, or what a process that has ended is called, in parentheses. */
    command: command!.trim(),
  };
}

/** ps(1), "state": I is idle (asleep for 20 s and more), U waits uninterruptibly; the rest as on Linux. */
function stateLetter(state: string): number {
  const letter = state[0]!;
  const meant = letter === 'I' ? 'S' : letter === 'U' ? 'D' : /^[RSTZ]$/.test(letter) ? letter : '?';
  return meant.charCodeAt(0);
}

/** `minutes:seconds.hundredths`, as much as there is of `days-hours:minutes:seconds`, in seconds; NaN: none of it. */
export function parseCpuTime(text: string): number {
  const parts = /^(?:(\d{1,6})-)?(?:(\d{1,6}):)?(\d{1,9}):(\d\d(?:\.\d{1,2})?)$/.exec(text);
  if (parts === null) return Number.NaN;
  const [, days = '0', hours = '0', minutes, seconds] = parts;
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** What a process is called: the last part of its path, without the parentheses of one that has ended. */
export function nameOf(command: string): string {
  const base = command.startsWith('/') ? command.slice(command.lastIndexOf('/') + 1) : command;
  return /^\((.+)\)$/.exec(base)?.[1] ?? base;
}

/** `pid text` lines, as of `ps -axww -o pid= -o args=`; with uids, as of `-o uid= -o user=`. */
export function parseNumberedTexts(text: string): Map<number, string> {
  const texts = new Map<number, string>();
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const [, number, words] = /^\s*(-?\d{1,10})\s+(.*\S)\s*$/.exec(line) ?? [];
    if (number !== undefined && words !== undefined) texts.set(Number(number), words);
  }
  return texts;
}
