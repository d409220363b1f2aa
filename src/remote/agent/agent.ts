import { HistoryLines } from '../../data/recording/history-line.ts';
import { HistoryRecorder, type RestingMemory } from '../../data/recording/history-recorder.ts';
import type { HistoryWriter } from '../../data/recording/history-writer.ts';
import type { Platform } from '../../data/sample/platform.ts';
import type { PrivateFolder } from '../../kit/files/private-folder.ts';
import { type AlertOptions, AlertWatch } from './alerts/alert-watch.ts';
import { AnswerSource } from './answers/answer-source.ts';
import { OriginalAnswers } from './answers/original-answers.ts';
import { type AgentIdentity, CapabilityAnswers, HistoryAnswers, V2Answers } from './answers/v2-answers.ts';
import { AgentSamples, type SampleOptions } from './samples/agent-samples.ts';
import { HistorySamples } from './samples/history-samples.ts';
import { Access } from './server/access.ts';
import type { AgentLog } from './server/agent-log.ts';
import { AgentServer, type ListenOptions } from './server/agent-server.ts';
import {
  type ByteStream,
  type Connection,
  type ConnectionContext,
  StreamClient,
} from './server/client-connection.ts';
import { RequestTurns, SendBudget } from './server/client-limits.ts';
import { MetricsAnswers } from './server/metrics-answers.ts';

/** What an agent is to be, however it is reached. */
type AnswerSettings = SampleOptions & AgentIdentity;

/** What an agent that listens is to be. */
interface AgentSettings extends AnswerSettings, ListenOptions {
  /** Undefined: no token required. */
  readonly token: string | undefined;
  /** Per-process network on /metrics. */
  readonly networkMetrics: boolean;
  /** Undefined: nothing is watched for, and nothing is sampled between requests. */
  readonly alerts?: AlertOptions | undefined;
  /** Undefined: none is kept. */
  readonly keptHistory?: KeptHistory | undefined;
}

/** A history that another program writes, for the one client of a stream. */
export interface ReadHistory {
  /** Closed by the agent. Undefined: it cannot be read, and why. */
  readonly folder: PrivateFolder | undefined;
  readonly obstacle: string | undefined;
}

/** A history that the agent keeps and serves; all of it belongs to the agent, which closes it. */
export interface KeptHistory {
  readonly writer: HistoryWriter;
  readonly intervalMillis: number;
  /** The same folder, to read. */
  readonly folder: PrivateFolder;
  /** See `HistoryRecorder`. */
  readonly memory?: RestingMemory;
}

/** An agent that listens. */
export interface RunningAgent {
  readonly port: number;
  /** Whether only this machine reaches it. */
  readonly isOnLoopback: boolean;
  /** Tells the clients, and gives everything back. */
  stop(): Promise<void>;
}

/** Starts an agent in this process. OpError with one line if it cannot listen (`EADDRINUSE`, `EACCES`). */
export function startAgent(settings: AgentSettings, platform: Platform, log: AgentLog): RunningAgent {
  const access = new Access(settings.token);
  const { keptHistory } = settings;
  const history = new HistoryAnswers(keptHistory?.folder, access.hasToken);
  const { samples, answers, context } = answersOf(settings, platform, log, {
    keepsHistory: keptHistory !== undefined,
    servesJournals: access.hasToken,
    history,
    ...(keptHistory !== undefined && { historyObstacle: history.obstacle }),
  });
  const connections = new Set<Connection>();
  const recorder = recorderOf(settings, samples);
  // The minute after an alert is on record, a sample every second.
  const onFire = (): void => recorder?.raiseRate('alert');
  const watch = settings.alerts && new AlertWatch(samples, { ...settings.alerts, onFire }, log);
  if (watch !== undefined) answers.watch = () => watch.section;
  const metrics = new MetricsAnswers(samples, {
    version: settings.version,
    isNetworkWanted: settings.networkMetrics,
    clientCount: () => connections.size,
    alerts: () => watch?.alerts ?? [],
    log,
    budget: context.budget,
  });
  const server = new AgentServer(settings, { access, context, metrics }, connections);
  recorder?.start();
  return {
    port: server.port,
    isOnLoopback: server.isOnLoopback,
    async stop() {
      watch?.close();
      await server.stop();
      await recorder?.stop();
      keptHistory?.folder.close();
      samples.close();
    },
  };
}

/** What samples this machine for its history; undefined: there is none. */
function recorderOf({ keptHistory }: AgentSettings, samples: AgentSamples): HistoryRecorder | undefined {
  if (keptHistory === undefined) return undefined;
  const { writer, intervalMillis, memory } = keptHistory;
  const { source } = samples;
  const taken = new HistorySamples(samples, intervalMillis);
  return new HistoryRecorder(writer, new HistoryLines((uid) => source.userName(uid), writer.totals), {
    intervalMillis,
    sample: (lines, needsWhole) => taken.line(lines, needsWhole),
    watchPressure: (onTrouble) => source.watchPressure(onTrouble),
    nowMillis: () => source.nowMicros() / 1000,
    ...(memory && { memory }),
  });
}

/**
 * Serves the one client at the other end of a stream. The login that started this program for him lets him read journals
 * too. Resolves when the stream has ended; true: he ended it, false: he had to be refused.
 */
export async function serveStream(
  settings: AnswerSettings & { readonly readHistory: ReadHistory },
  platform: Platform,
  log: AgentLog,
  stream: ByteStream,
): Promise<boolean> {
  const { folder, obstacle } = settings.readHistory;
  const history = new HistoryAnswers(folder, true, obstacle);
  const served = { keepsHistory: false, servesJournals: true, history };
  const { samples, context } = answersOf(settings, platform, log, served);
  try {
    return await new StreamClient(context, stream).served;
  } finally {
    folder?.close();
    samples.close();
  }
}

/** What is served beside samples. */
interface Served {
  readonly keepsHistory: boolean;
  readonly servesJournals: boolean;
  readonly history: HistoryAnswers;
  /** Why a history that is kept is not served. */
  readonly historyObstacle?: string | undefined;
}

function answersOf(
  settings: AnswerSettings,
  platform: Platform,
  log: AgentLog,
  { keepsHistory, servesJournals, history, historyObstacle }: Served,
): { readonly samples: AgentSamples; readonly answers: AnswerSource; readonly context: ConnectionContext } {
  const samples = new AgentSamples(platform, { ...settings, mayLoadPrograms: keepsHistory });
  const answers = new AnswerSource(samples, servesJournals);
  const capabilities = new CapabilityAnswers(platform, settings, settings, answers, historyObstacle);
  const original = new OriginalAnswers(answers);
  const v2 = new V2Answers(answers, capabilities, history);
  const context = { original, v2, log, budget: new SendBudget(), turns: new RequestTurns() };
  return { samples, answers, context };
}
