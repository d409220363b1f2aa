import type { Slice } from '../../../src/data/sample/slice.ts';
import { emptyPidStat, type PidStat, parsePidStat } from '../proc/pid-stat.ts';

/** A shell on another machine that answers lines of `SHELL_LOOP`. */
export interface Shell {
  /** What each line printed, in their order. Rejects with OpError where the connection is gone. */
  ask(lines: readonly string[]): Promise<readonly Uint8Array[]>;
}

/** Placeholder of the text that ends each reply; other users of that machine cannot predict it. */
export const MARK_PLACE = '%MARK%';

/**
 * What a POSIX sh on another machine reads: a loop that does what lines of standard input say until that ends. It
 * writes no file, and starts one program for a line, or none. Words of a line are expanded as names of files below
 * /proc. Behind each answer stands a line with the mark, and the first one when the loop has been read whole: what comes
 * sooner, a shell that reads ahead takes for more of the script.
 *
 *   g FILES   grep: each line of the files, behind the file's name and a colon
 *   c FILES   cat
 *   n FILES   numbers of owner and group, by ls
 *   l FILES   where links lead, by ls
 *   e WORDS   the words
 *   f PATHS   df: KiB of file systems
 *   s         ss: sockets and their processes; a   addresses, by ip
 *   t         times: CPU time of the shell and of what it started
 */
export const SHELL_LOOP = `LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/sbin:/sbin:/usr/bin:/bin"; cd /proc || exit 3; r=
if [ -c /dev/null ]; then exec 2>/dev/null; else exec 2>&-; fi
while { [ "$r" ] || { r=1; echo; echo ${MARK_PLACE}; }; read -r w a; }; do
case $w in
g) grep -Hs "" $a;;
c) cat $a;;
n) ls -ldn $a;;
l) ls -ld $a;;
e) echo $a;;
f) df -Pk $a;;
s) ss -tuanpieH exclude time-wait;;
a) ip -o addr;;
t) times;;
esac
echo; echo ${MARK_PLACE}
done
`;

/** Text as one character a byte, so that nothing is lost. */
export function latinOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** The files in an answer to `g`, by their names as the line had them: all lines of each, with their ends. */
export function filesOf(answer: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const lines = new Map<string, string[]>();
  for (const line of latinOf(answer).split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    const known = lines.get(name);
    if (known === undefined) lines.set(name, [line.slice(colon + 1)]);
    else known.push(line.slice(colon + 1));
  }
  const bytes = new Map<string, Uint8Array>();
  for (const [name, each] of lines) bytes.set(name, Buffer.from(`${each.join('\n')}\n`, 'latin1'));
  return bytes;
}

const NEWLINE = 0x0a;
const OPEN = 0x28;
const SPACE = 0x20;
/** A task's name has no more bytes (fs/proc/array.c), so no more of its newlines are passed over. */
const NAME_LIMIT = 64;
const ROWS_BETWEEN_RESTS = 64;

/**
 * The texts of /proc/PID/stat behind one another, as `cat` prints them. A name may hold newlines and look like a line
 * of its own, but it is too short for all the fields: the first newline behind a whole line ends it. `visit` gets the
 * line, whose bytes the name's places refer to.
 */
export async function forEachStat(
  text: Uint8Array,
  slice: Slice,
  visit: (stat: PidStat, line: Uint8Array) => void,
): Promise<void> {
  const stat = emptyPidStat();
  let rows = 0;
  for (let start = 0; start < text.length; ) {
    const end = endOfStat(text, start, stat);
    if (end < 0) {
      const newline = text.indexOf(NEWLINE, start);
      if (newline < 0) return;
      start = newline + 1;
      continue;
    }
    visit(stat, text.subarray(start, end));
    start = end;
    if (++rows % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
  }
}

/** Behind the newline that ends the line at `start`, which is then in `stat`; -1: there is none. */
function endOfStat(text: Uint8Array, start: number, stat: PidStat): number {
  const open = text.indexOf(OPEN, start);
  if (open < 0 || text[open - 1] !== SPACE) return -1;
  for (let from = open; ; ) {
    const newline = text.indexOf(NEWLINE, from);
    if (newline < 0) return -1;
    const line = text.subarray(start, newline + 1);
    if (parsePidStat(line, line.length, stat)) return newline + 1;
    if (newline > open + NAME_LIMIT) return -1;
    from = newline + 1;
  }
}
