import { InvalidArgumentError, Option } from 'commander';
import { MOMENT_HINT, parseMoment, similarMoment } from '../../kit/text/moment.ts';
import { parseAgeMillis, parseSize } from '../../kit/text/units.ts';
import type { RawHistoryOptions, RawLookBack } from './options.ts';

/** `purpose`: describes the folder in the help of this program. */
export function historyOptions(purpose: string): Option[] {
  return [
    new Option('--history <folder>', purpose).argParser(folderPath),
    new Option('--history-size <size>', 'maximum size of the history on disk (default: 256M)').argParser(
      within(parseSize, '1M', '1T', '256M or 2G'),
    ),
    new Option('--history-age <time>', 'delete samples older than this (default: 7d)').argParser(
      within(parseAgeMillis, '1m', '3650d', '12h or 7d'),
    ),
    new Option('--history-interval <time>', 'time between samples of the history (default: 10s)').argParser(
      within(parseAgeMillis, '1s', '1h', '10s or 1m'),
    ),
  ];
}

/** Returns one line if a limit is given without a history; otherwise undefined. */
export function historyMisuse(raw: RawHistoryOptions): string | undefined {
  const idle = raw.history === undefined ? boundOf(raw) : undefined;
  return idle === undefined ? undefined : `${idle} needs --history`;
}

/** The first bound of a history to write that is given. */
function boundOf({ historySize, historyAge, historyInterval }: RawHistoryOptions): string | undefined {
  if (historySize !== undefined) return '--history-size';
  if (historyAge !== undefined) return '--history-age';
  return historyInterval === undefined ? undefined : '--history-interval';
}

function within(
  parse: (text: string) => number | undefined,
  least: string,
  most: string,
  examples: string,
): (text: string) => number {
  return (text) => {
    const value = parse(text) ?? Number.NaN;
    if (value >= parse(least)! && value <= parse(most)!) return value;
    throw new InvalidArgumentError(`Accepted: ${least} to ${most}, such as ${examples}.`);
  };
}

function folderPath(text: string): string {
  if (text === '') throw new InvalidArgumentError('Accepted: the path of a folder.');
  return text;
}

/** Live data and recordings have no past to look back in. */
const NOT_WITH = ['record', 'playback'];

export function lookBackOptions(): Option[] {
  return [
    new Option('--at <time>', "show a time of the history, such as 03:12 or '3 minutes ago'")
      .argParser(moment)
      .conflicts(NOT_WITH),
    new Option('--until <time>', 'with --at: print the history up to this time').argParser(moment),
    new Option(
      '--top',
      'with --at: print the processes that used most CPU, disk, network and memory, until --until or now',
    ).conflicts([...NOT_WITH, 'csv', 'once']),
  ];
}

/** One line about options that exclude each other. `canKeep`: this machine is monitored; `agents`: how many. */
export function historyProblem(
  raw: RawHistoryOptions & RawLookBack & { readonly json?: true; readonly csv?: true; readonly once?: true },
  canKeep: boolean,
  agents: number,
): string | undefined {
  const { at, until, top, history } = raw;
  const misuse = historyMisuse(raw);
  if (misuse !== undefined) return misuse;
  if (at === undefined && until !== undefined) return '--until needs --at';
  if (at === undefined && top === true) return '--top needs --at';
  if (at !== undefined && until !== undefined && until <= at) return '--until is not later than --at';
  const isPrinted = raw.json === true || raw.csv === true || top === true;
  if (until !== undefined && !isPrinted) return '--until needs --json, --csv or --top';
  if (at !== undefined && history === undefined && agents === 0) {
    return '--at needs a history: add --history <folder>, or the URL of an agent that keeps one';
  }
  if (at !== undefined && agents > 1) return '--at works with one agent';
  const bound = boundOf(raw);
  if (bound !== undefined && agents > 0) return `${bound} is for a history of this machine: remove it`;
  if (history !== undefined && at === undefined && !canKeep && agents === 0) {
    return '--history needs --local to keep a history, or --at to look back in one';
  }
  return undefined;
}

function moment(text: string): number {
  const now = Date.now();
  const found = parseMoment(text, now);
  const similar = found === undefined ? similarMoment(text) : undefined;
  if (similar !== undefined)
    throw new InvalidArgumentError(`Did you mean '${similar}'? Accepted: ${MOMENT_HINT}.`);
  if (found === undefined) throw new InvalidArgumentError(`Accepted: ${MOMENT_HINT}.`);
  if (found > now) throw new InvalidArgumentError('The time is in the future.');
  return found;
}
