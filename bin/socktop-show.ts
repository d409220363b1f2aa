import { basename } from 'node:path';
import {
  ignoreUnnamedSignals,
  lowerPrivileges,
  raisePrivileges,
  secondsEastOfUtc,
  system,
  terminalControl,
} from '../platforms/index.ts';
import type { RecordedSource } from '../src/data/recording/recorded-source.ts';
import type { Source } from '../src/data/source/source.ts';
import { EventLog } from '../src/programs/shared/event-log.ts';
import { EXIT_FAILURE, EXIT_OK } from '../src/programs/shared/messages.ts';
import { goBack, type HistoryPlace, historyIn, TimeTravel } from '../src/programs/shared/past.ts';
import type { SocktopHost } from '../src/programs/socktop/socktop-host.ts';
import type { SocktopSettings } from '../src/programs/socktop/socktop-settings.ts';
import { VERSION } from './executable.ts';
import { giveBackStartMemory } from './start-memory.ts';

/**
 * Shows machines as requested, on the screen or as a stream; resolves to the exit code. The hosts stay open.
 * `isCollectedHere`: this process collects, so it keeps the privileges that it was given.
 */
export async function show(
  settings: SocktopSettings,
  hosts: readonly SocktopHost[],
  isCollectedHere: boolean,
): Promise<number> {
  const [host] = hosts;
  const { recordPath } = settings;
  if (recordPath === undefined || host === undefined) return run(settings, hosts);
  const [{ RecordedHost }, { MachineSectionWriter }] = await Promise.all([
    import('../src/programs/socktop/socktop-host.ts'),
    import('../src/data/recording/section-recording.ts'),
  ]);
  const sections = new MachineSectionWriter((uid) => host.userName?.(uid));
  // The user's own rights make the file that the user names, whatever collecting needs.
  lowerPrivileges();
  const recorded = await RecordedHost.open(recordPath, host, sections, settings.output === 'screen');
  if (isCollectedHere) raisePrivileges();
  let code: number;
  try {
    code = await run(settings, [recorded.host]);
  } catch (thrown) {
    await recorded.close();
    throw thrown;
  }
  const isRecorded = await recorded.close();
  return isRecorded || code !== EXIT_OK ? code : EXIT_FAILURE;
}

/**
 * A machine that can be sent back in time, or a history alone (`live` undefined). Rejects with an OpError of one line
 * where the command line asks for a time of it and it cannot be opened.
 */
export async function withPast(
  host: Omit<SocktopHost, 'source' | 'travel'>,
  live: Source | undefined,
  history: HistoryPlace,
  { lookBack }: SocktopSettings,
): Promise<SocktopHost> {
  const past = lookBack === undefined ? undefined : await history.open();
  const travel = new TimeTravel({ live, history, ...(past && { past }) });
  if (lookBack !== undefined) await goBack(travel, lookBack.atMillis, 'socktop');
  return { ...host, source: travel, travel };
}

/** Shows the history in a folder. Rejects with an OpError of one line if there is none. */
export async function showHistory(settings: SocktopSettings, folder: string): Promise<number> {
  const facts = { name: basename(folder), link: undefined, signaller: undefined };
  const host = await withPast(facts, undefined, historyIn(folder), settings);
  try {
    return await run(settings, [host]);
  } finally {
    host.source.close();
  }
}

/** Shows a recording. Rejects with an OpError of one line where it cannot be read. */
export async function showRecording(settings: SocktopSettings, path: string): Promise<number> {
  const [{ RecordedSource }, { MachineSectionReader }] = await Promise.all([
    import('../src/data/recording/recorded-source.ts'),
    import('../src/data/recording/section-recording.ts'),
  ]);
  const source = await RecordedSource.open(path, {
    monotonicMicros: () => performance.now() * 1000,
    sections: new MachineSectionReader(),
  });
  try {
    const host = { name: basename(path), source, link: undefined, signaller: undefined };
    return await run(settings, [host], source);
  } finally {
    source.close();
  }
}

async function run(
  settings: SocktopSettings,
  hosts: readonly SocktopHost[],
  playback?: RecordedSource,
): Promise<number> {
  const [host] = hosts;
  const { lookBack } = settings;
  const past = host?.travel?.playback;
  if (lookBack?.top === true && past !== undefined) {
    const { printTop } = await import('../src/programs/sstop/history-reports.ts');
    return printTop(past, lookBack, settings.output === 'json');
  }
  if (settings.output === 'screen' || host === undefined) {
    const { runSocktopScreen } = await import('../src/programs/socktop/socktop-screen.ts');
    const keepStartMemory = giveBackStartMemory(EventLog.none());
    const outside = { system, terminalControl, secondsEastOfUtc, ignoreUnnamedSignals, version: VERSION };
    const code = await runSocktopScreen(settings, hosts, playback, outside);
    keepStartMemory();
    return code;
  }
  const { runSocktopStream } = await import('../src/programs/socktop/machine-stream.ts');
  return runSocktopStream(settings, host, playback ?? past);
}
