import { beforeAll, describe, expect, test } from 'bun:test';
import { FIXTURES } from './testing/executables.ts';
import type { RefreshReport } from './testing/load.fixture.ts';
import type { NamesReport } from './testing/load-names.fixture.ts';
import type { Spread } from './testing/load-program.fixture.ts';
import type { SoakReport } from './testing/load-soak.fixture.ts';

const INTERVAL_MILLIS = 1000;
/** A frame comes before the next one is due, and a good deal earlier: repaints stay this near to the interval. */
const LATE_MILLIS = INTERVAL_MILLIS / 4;
const ECHO_MILLIS = 50;
const QUIT_MILLIS = 200;
const LOOKUPS_AT_ONCE = 16;
const GROWTH = 1.1;
const WATCHED_SECONDS = 30;
const KEYS = 140;
const SOAK_SECONDS = Number(process.env['SSTOP_SOAK_SECONDS'] ?? 600);
const NAMESPACES = ['unshare', '--net', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc', '--'];

/** Why nothing can be measured here, or undefined. */
function loadObstacle(): string | undefined {
  const missing = ['unshare', 'ip', 'mount', 'gcc'].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return `lacks ${missing.join(', ')}`;
  const tried = Bun.spawnSync([...NAMESPACES, 'ip', 'link', 'set', 'lo', 'up'], { stderr: 'ignore' });
  return tried.success ? undefined : 'may not make network, pid and mount namespaces';
}

const obstacle = loadObstacle();
const reason = obstacle === undefined ? '' : `; here it ${obstacle}`;

/** Runs a mode of the fixture, alone in its namespaces. */
async function measure<T>(...mode: readonly (string | number)[]): Promise<T> {
  // The shell stays: as the first process of its namespace it collects the dead whose parents have gone.
  const script = 'ip link set lo up && "$@"; exit $?';
  const inside = [process.execPath, `${FIXTURES}/load.fixture.ts`, ...mode.map(String)];
  const child = Bun.spawn([...NAMESPACES, 'sh', '-c', script, 'sh', ...inside], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return JSON.parse(text);
}

function say(what: string, figures: Readonly<Record<string, string>>): void {
  const parts = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
  process.stdout.write(`${what}: ${parts.join('; ')}\n`);
}

function millis(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function spreadText({ count, median, p95, max }: Spread): string {
  return `median ${millis(median)}, p95 ${millis(p95)}, max ${millis(max)} of ${count}`;
}

function megabytes(kilobytes: number): string {
  return `${(kilobytes / 1024).toFixed(1)} MB`;
}

/** Idle processes, pairs of sockets, and the processes that hold these. */
const LOADS = [
  ['300 processes and 1,000 sockets', 300, 500, 16],
  ['3,000 processes and 20,000 sockets of 64', 3000, 10_000, 64],
  ['20,000 sockets of 3,000 processes', 0, 10_000, 3000],
] as const;

describe.skipIf(obstacle !== undefined).each(LOADS)(
  `%s (needs root and gcc${reason})`,
  (what, idle, pairs, holders) => {
    let report: RefreshReport;

    beforeAll(async () => {
      report = await measure('refresh', idle, pairs, holders, KEYS, WATCHED_SECONDS);
      say(what, {
        'first name': millis(report.firstName),
        repaints: spreadText(report.gaps),
        'keys at the start': spreadText(report.startKeys),
        'keys later': spreadText(report.keys),
        CPU: `${millis(report.cpuPerSecond)}/s`,
        RSS: megabytes(report.memory.rssKilobytes),
        private: megabytes(report.memory.privateKilobytes),
      });
    }, 180_000);

    test('no frame is later than its interval', () => {
      expect(report.gaps.count).toBe(WATCHED_SECONDS);
      expect(report.gaps.max).toBeLessThan(INTERVAL_MILLIS + LATE_MILLIS);
    });

    test('a key is answered within 50 ms while the first descriptor scan runs', () => {
      expect(report.startKeys.max).toBeLessThanOrEqual(ECHO_MILLIS);
    });

    test('a key is answered within 50 ms at any moment of a refresh', () => {
      expect(report.keys.count).toBe(KEYS);
      expect(report.keys.max).toBeLessThanOrEqual(ECHO_MILLIS);
    });

    test('nothing is said on standard error', () => {
      expect(report.complaints).toBe('');
    });
  },
);

describe.skipIf(obstacle !== undefined)(
  `${SOAK_SECONDS} seconds of use under load (needs root and gcc${reason})`,
  () => {
    let report: SoakReport;

    beforeAll(
      async () => {
        report = await measure('soak', SOAK_SECONDS);
        say(`${report.seconds} s with 200 short connections a second`, {
          RSS: `${megabytes(report.rssBefore)} before, ${megabytes(report.rssAfter)} after, ${megabytes(report.rssMost)} at most`,
          private: `${megabytes(report.privateBefore)} before, ${megabytes(report.privateAfter)} after`,
          descriptors: `${report.descriptorsBefore}, then ${report.descriptorsAfter}`,
          CPU: `${millis(report.cpuPerSecond)}/s`,
          quit: millis(report.quitMillis),
        });
      },
      (SOAK_SECONDS + 120) * 1000,
    );

    test('memory grows by a tenth at most after the first minute', () => {
      expect(report.rssAfter).toBeLessThanOrEqual(report.rssBefore * GROWTH);
    });

    test('no descriptor is left open', () => {
      expect(report.descriptorsAfter).toBeLessThanOrEqual(report.descriptorsBefore);
    });

    test('nothing is said on standard error, and q ends it', () => {
      expect(report.complaints).toBe('');
      expect(report.quitMillis).toBeLessThan(QUIT_MILLIS);
    });
  },
);

describe.skipIf(obstacle !== undefined)(
  `200 hosts and a resolver that never answers (needs root and gcc${reason})`,
  () => {
    let report: NamesReport;

    beforeAll(async () => {
      report = await measure('names');
      say('200 hosts, a silent resolver', {
        repaints: spreadText(report.gaps),
        keys: spreadText(report.keys),
        asked: `${report.namesAsked} names by ${report.questions} questions, ${report.mostAtOnce} at once, ${report.lookupsAtQuit} at the end`,
        quit: millis(report.quitMillis),
      });
    }, 120_000);

    test('no frame is delayed, nor a key', () => {
      expect(report.gaps.max).toBeLessThan(INTERVAL_MILLIS + LATE_MILLIS);
      expect(report.keys.max).toBeLessThanOrEqual(ECHO_MILLIS);
    });

    test('names are asked for, sixteen at a time at most', () => {
      expect(report.namesAsked).toBeGreaterThan(100);
      expect(report.mostAtOnce).toBeLessThanOrEqual(LOOKUPS_AT_ONCE);
    });

    test('q ends the program at once, with look-ups under way', () => {
      expect(report.lookupsAtQuit).toBeGreaterThan(0);
      expect(report.quitMillis).toBeLessThan(QUIT_MILLIS);
      expect(report.complaints).toBe('');
    });
  },
);
