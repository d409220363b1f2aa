import { afterEach, describe, expect, test } from 'bun:test';
import { SOCKTOP, SSTOP } from './testing/executables.ts';
import { type LimitedGroup, makeLimitedGroup } from './testing/limited-group.ts';
import { PtyProgram } from './testing/pty.ts';

/** A fifth of one core, as a small board or a container has it. */

const FIRST_FRAME_MILLIS = 5000;
const FIRST_ROWS_MILLIS = 15_000;
/** The compilation of what runs each second is over; until then it takes its share of the quota. */
const SETTLED_MILLIS = 15_000;
const WATCHED_SECONDS = 10;
const KEYS = 12;
/** The rest of a period without quota, the frame itself, and another period. */
const KEY_MILLIS = 250;
const CLOCK = /\b(\d\d):(\d\d):(\d\d)\b/;

const probe = makeLimitedGroup();
probe?.remove();

let program: PtyProgram | undefined;
let group: LimitedGroup | undefined;

afterEach(async () => {
  await program?.close();
  program = undefined;
  group?.remove();
  group = undefined;
});

/** Seconds of the day in the header: when the sample on the screen was taken. */
function shownSecond(pty: PtyProgram): number {
  const [, hours, minutes, seconds] = CLOCK.exec(pty.line(0)) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function startLimited(command: readonly string[]): PtyProgram {
  group = makeLimitedGroup();
  const joining = `echo $$ > ${group?.folder}/cgroup.procs && exec "$0" "$@"`;
  program = new PtyProgram(['sh', '-c', joining, ...command], {
    ...{ columns: 120, rows: 40, environment: { COLORTERM: 'truecolor' } },
  });
  return program;
}

describe.skipIf(probe === undefined)(
  'with a fifth of a core (needs root and a control group of its own)',
  () => {
    test.each([
      ['sstop, netlink', [SSTOP, '--loopback', '--backend', 'netlink']],
      ['sstop, the best tier', [SSTOP, '--loopback']],
      ['socktop', [SOCKTOP, '--local', '--metrics-interval-ms', '1000']],
    ])(
      '%s paints, answers keys and skips no refresh',
      async (name, command) => {
        const from = performance.now();
        const pty = startLimited(command);
        await pty.waitFor(/PID/, FIRST_FRAME_MILLIS);
        const firstMillis = pty.shownMillis - from;
        await pty.waitUntil(() => CLOCK.test(pty.line(0)), 'a first sample', FIRST_ROWS_MILLIS);
        const sampledMillis = pty.shownMillis - from;
        await Bun.sleep(SETTLED_MILLIS);

        const seconds: number[] = [];
        const until = performance.now() + WATCHED_SECONDS * 1000;
        while (performance.now() < until) {
          const before = shownSecond(pty);
          seconds.push(before);
          await pty.waitUntil(() => shownSecond(pty) !== before, 'the next sample', 5000);
        }
        const gaps = seconds.slice(1).map((second, at) => second - seconds[at]!);

        const answers: number[] = [];
        for (let key = 0; key < KEYS; key++) {
          const isHelp = key % 2 === 0;
          const pressed = performance.now();
          pty.key(isHelp ? '?' : '\x1b');
          await pty.waitUntil(() => /Mouse/.test(pty.text()) === isHelp, 'the help to open or close', 5000);
          answers.push(performance.now() - pressed);
        }
        answers.sort((a, b) => a - b);
        const median = answers[KEYS / 2]!;
        process.stdout.write(
          `${name}: first frame ${firstMillis.toFixed(0)} ms, first sample ${sampledMillis.toFixed(0)} ms, keys median ${median.toFixed(0)} ms, longest ${answers.at(-1)?.toFixed(0)} ms, refreshes ${seconds.length - 1} in ${WATCHED_SECONDS} s\n`,
        );
        // The first names may come within the quota, but not all that follows.
        expect(group?.throttledCount()).toBeGreaterThan(0);
        expect(median).toBeLessThan(KEY_MILLIS);
        // By the second hand a refresh every second may jump over one when it comes right at its turn.
        expect(Math.max(...gaps)).toBeLessThanOrEqual(2);
        expect(seconds.length - 1).toBeGreaterThanOrEqual(WATCHED_SECONDS - 1);
      },
      90_000,
    );
  },
);
