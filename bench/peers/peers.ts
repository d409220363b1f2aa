import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { buildFloors, type Load, startLoad } from '../build-floors.ts';
import { quantile } from '../harness.ts';
import { type Monitor, monitorsHere, namesOnScreen } from './monitors.ts';
import { oneStart, type StartFigures, USUAL } from './one-start.ts';
import { inOwnNetwork } from './own-network.ts';
import { barPlot, figure, markdown } from './plot.ts';

const SELF = fileURLToPath(import.meta.url);
const RESULTS = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));
/** Sockets of a connection over loopback. */
const PAIR = 2;
const SOCKETS_PER_PROCESS = 20;
/** Longer than a round; the most that loads last. */
const LOAD_SECONDS = 900;
const SHORT_BYTES = 1000;
const SENDER_CONNECTIONS = 8;
/** What all are compared with. */
const REFERENCE = 'btop';
const BARE = 'bare runtime';

interface Options {
  readonly processes: number;
  readonly sockets: number;
  /** Connections over loopback that are opened and closed again, a second. */
  readonly short: number;
  /** Sent over loopback a second by eight connections, MB. */
  readonly megabytes: number;
  readonly runs: number;
  readonly seconds: number;
  /** Both cores are kept busy by others. */
  readonly isBusy: boolean;
  /** The second minute, all side by side, and not the start by turns. */
  readonly isAfterMinute: boolean;
  /** File of the plot. */
  readonly plot: string;
}

type Figures = readonly (readonly [key: keyof StartFigures, title: string])[];

const FIGURES: Figures = [
  ['firstByteMillis', 'first byte, ms'],
  ['firstNameMillis', 'first process name, ms'],
  ['earlyCpuMillis', 'CPU of the first 1.3 s, ms'],
  ['laterCpuMillis', 'CPU from 1.3 s to the end, ms'],
  ['residentMegabytes', 'resident at the end, MB'],
  ['privateMegabytes', 'private at the end, MB'],
  ['terminalBytes', 'bytes to the terminal'],
];

const MINUTE_MILLIS = 60_000;
const AFTER_MINUTE: Figures = [
  ['earlyCpuMillis', 'CPU of the first minute, ms'],
  ['laterCpuMillis', 'CPU of the second, ms'],
  ['residentMegabytes', 'resident after one, MB'],
  ['privateMegabytes', 'private after one, MB'],
];

const HELP = `bench:peers [options]: our programs beside the peers that are installed, by turns

  --processes N   idle processes to be made (default 300)
  --sockets N     sockets of idle connections to be made (default 100)
  --short N       connections a second that are opened and closed again (default 0)
  --megabytes N   MB a second that eight connections carry (default 0)
  --runs N        rounds, 1 to 50 (default 7)
  --seconds N     how long each program runs, 2 to 120 (default 13)
  --busy          two processes keep the processors busy
  --after-minute  two minutes side by side in each round: what they cost and keep after the first
  --plot FILE     where the plot goes (default .cache/bench/peers.svg)
`;

function parseOptions(args: readonly string[]): Options {
  const number = (name: string, usual: number, least: number, most: number): number => {
    const at = args.indexOf(`--${name}`);
    if (at < 0) return usual;
    const value = Number(args[at + 1]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new OpError({
      op: 'bench',
      code: 'USAGE',
      message: `--${name} takes a number from ${least} to ${most}, not '${args[at + 1] ?? ''}'`,
    });
  };
  const known = /^(?:--(?:processes|sockets|short|megabytes|runs|seconds|plot|busy|after-minute)|[^-].*)$/;
  const unknown = args.find((arg) => !known.test(arg));
  if (unknown !== undefined) {
    throw new OpError({ op: 'bench', code: 'USAGE', message: `unknown option '${unknown}'\n${HELP}` });
  }
  const plotAt = args.indexOf('--plot');
  return {
    processes: number('processes', 300, 0, 10_000),
    sockets: number('sockets', 100, 0, 40_000),
    short: number('short', 0, 0, 10_000),
    megabytes: number('megabytes', 0, 0, 1000),
    runs: number('runs', 7, 1, 50),
    seconds: number('seconds', 13, 2, 120),
    isBusy: args.includes('--busy'),
    isAfterMinute: args.includes('--after-minute'),
    plot: plotAt < 0 ? `${RESULTS}peers.svg` : (args[plotAt + 1] ?? ''),
  };
}

type Results = ReadonlyMap<Monitor, readonly StartFigures[]>;

async function measure(options: Options, monitors: readonly Monitor[]): Promise<Results> {
  const home = mkdtempSync(`${tmpdir()}/bench-peers-`);
  mkdirSync(`${home}/.config/btop`, { recursive: true });
  writeFileSync(`${home}/.config/btop/btop.conf`, 'update_ms = 1000\n');
  const hogs = Array.from({ length: options.isBusy ? 2 : 0 }, () =>
    Bun.spawn(['sh', '-c', 'while :; do :; done'], { stdout: 'ignore' }),
  );
  // Pages of an executable that was just built count as private until they are on the disk.
  Bun.spawnSync(['sync']);
  const results = new Map<Monitor, StartFigures[]>(monitors.map((monitor) => [monitor, []]));
  try {
    // The first round is not counted: files are read, and root's cache is made.
    for (let run = -1; run < options.runs; run++) {
      const round =
        options.isAfterMinute && run >= 0
          ? twoMinutes(home, monitors)
          : starts(options, home, monitors, run < 0);
      for (const [monitor, found] of await withLoads(options, round))
        if (run >= 0) results.get(monitor)!.push(found);
      process.stderr.write(`round ${run + 2} of ${options.runs + 1}\n`);
    }
  } finally {
    for (const hog of hogs) hog.kill();
    rmSync(home, { recursive: true, force: true });
  }
  return results;
}

type Round = () => Promise<readonly (readonly [Monitor, StartFigures])[]>;

/** Each round has its own, because they end by themselves after a quarter of an hour. */
async function withLoads(options: Options, round: Round): ReturnType<Round> {
  const loads: Load[] = [];
  try {
    const pairs = Math.ceil(options.sockets / PAIR);
    loads.push(await startLoad('idle-processes', [options.processes]));
    const owners = Math.max(1, Math.ceil(options.sockets / SOCKETS_PER_PROCESS));
    loads.push(await startLoad('tcp-pairs', [pairs, owners]));
    if (options.short > 0) {
      loads.push(await startLoad('churner', [options.short, LOAD_SECONDS, 0, SHORT_BYTES]));
    }
    if (options.megabytes > 0) {
      const rate = options.megabytes * 1e6;
      loads.push(await startLoad('paced-sender', [SENDER_CONNECTIONS, rate, rate * LOAD_SECONDS, 0]));
    }
    return await round();
  } finally {
    for (const load of loads) await load.close();
  }
}

/** One after the other. */
function starts(options: Options, home: string, monitors: readonly Monitor[], isFirst: boolean): Round {
  return async () => {
    const found: [Monitor, StartFigures][] = [];
    for (const monitor of monitors) {
      const millis = monitor.isShort ? 0 : (isFirst ? 5 : options.seconds) * 1000;
      found.push([monitor, await oneStart(monitor.command, home, namesOnScreen(), millis)]);
    }
    return found;
  };
}

/** Side by side, as by turns it would take hours. */
function twoMinutes(home: string, monitors: readonly Monitor[]): Round {
  const start = { ...USUAL, earlyMillis: MINUTE_MILLIS, isMemoryEarly: true };
  return () =>
    Promise.all(
      monitors
        .filter(({ isShort }) => !isShort)
        .map(
          async (monitor) =>
            [monitor, await oneStart(monitor.command, home, /$^/, 2 * MINUTE_MILLIS, start)] as const,
        ),
    );
}

function medianOf(figures: readonly StartFigures[], key: keyof StartFigures): number {
  return quantile(
    figures.map((one) => one[key]).filter((value) => !Number.isNaN(value)),
    0.5,
  );
}

/** The median of the ratios of each round. */
function ratioOf(
  ours: readonly StartFigures[],
  theirs: readonly StartFigures[],
  key: keyof StartFigures,
): number {
  const ratios = ours.map((one, run) => one[key] / (theirs[run]?.[key] ?? Number.NaN));
  return quantile(
    ratios.filter((value) => !Number.isNaN(value)),
    0.5,
  );
}

/** A table in Markdown: figures, and below those of each program as a multiple of the references. */
function tableOf(results: Results, shown: Figures): string {
  const titles = shown.map(([, title]) => title);
  const all = [...results].filter(([, figures]) => figures.length > 0);
  const of = (name: string) => all.find(([monitor]) => monitor.name === name)?.[1];
  const rows = all.map(([{ name }, figures]) => [
    name,
    ...shown.map(([key]) => figure(medianOf(figures, key))),
  ]);
  const ratios = all
    .filter(([{ isOurs }]) => isOurs)
    .map(([{ name }, figures]) => [
      `${name} / ${REFERENCE}`,
      ...shown.map(([key]) => {
        const isFirst = key === 'firstByteMillis';
        const other = of(isFirst ? BARE : REFERENCE);
        const ratio = other === undefined ? '-' : figure(ratioOf(figures, other, key));
        return isFirst && ratio !== '-' ? `${ratio} of the bare runtime` : ratio;
      }),
    ]);
  return markdown([['', ...titles], ...rows, ...ratios]);
}

function plotOf(results: Results, shown: Figures): string {
  return barPlot(
    'Our programs beside their peers, medians',
    shown.map(([key, title]) => ({
      title,
      bars: [...results]
        .filter(([, figures]) => figures.length > 0)
        .map(([{ name, isOurs }, figures]) => ({
          name,
          isOurs,
          value: medianOf(figures, key),
        })),
    })),
  );
}

async function runInside(options: Options): Promise<void> {
  buildFloors();
  const monitors = monitorsHere();
  const here = monitors.filter(({ obstacle }) => obstacle === undefined);
  const missing = monitors.filter(({ obstacle }) => obstacle !== undefined);
  const [before] = loadavg();
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  const results = await measure(options, here);
  const [processor] = cpus();
  const shown = options.isAfterMinute ? AFTER_MINUTE : FIGURES;
  const seconds = options.isAfterMinute ? (2 * MINUTE_MILLIS) / 1000 : options.seconds;
  process.stdout.write(
    [
      `${processor?.model.trim()}, ${cpus().length} cores, linux ${release()}, 200x60, ${options.runs} rounds of ${seconds} s, medians`,
      `${options.processes} idle processes beside ${others} others, ${options.sockets} sockets, ${options.short} short connections and ${options.megabytes} MB a second; load ${before?.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after${options.isBusy ? '; both cores kept busy' : ''}`,
      ...missing.map(({ name, obstacle }) => `${name}: ${obstacle}`),
      '',
      tableOf(results, shown),
    ].join('\n'),
  );
  mkdirSync(RESULTS, { recursive: true });
  const record = [...results].map(([{ name }, figures]) => ({ name, figures }));
  writeFileSync(`${RESULTS}peers.json`, `${JSON.stringify({ ...options, record }, null, 2)}\n`);
  writeFileSync(options.plot, plotOf(results, shown));
}

const args = process.argv.slice(2);
try {
  if (args.includes('--help')) process.stdout.write(HELP);
  else if (args[0] === '--inside') await runInside(parseOptions(args.slice(1)));
  else {
    parseOptions(args);
    process.exitCode = await inOwnNetwork(SELF, args);
  }
} catch (thrown) {
  process.stderr.write(`${toOpError('bench', thrown).message}\n`);
  process.exitCode = 1;
}
