import { HistoryLines } from '../../data/recording/history-line.ts';
import { HistoryRecorder } from '../../data/recording/history-recorder.ts';
import type { HistoryWriter } from '../../data/recording/history-writer.ts';
import type { Platform } from '../../data/sample/platform.ts';
import type { PrivateFolder } from '../../kit/files/private-folder.ts';
import { AnswerSource } from './answers/answer-source.ts';
import { type AgentIdentity, CapabilityAnswers } from './answers/capability-answers.ts';
import { HistoryAnswers } from './answers/history-answers.ts';
import { OriginalAnswers } from './answers/original-answers.ts';
import { V2Answers } from './answers/v2-answers.ts';
import { AgentSamples, type SampleOptions } from './samples/agent-samples.ts';
import { HistorySamples } from './samples/history-samples.ts';
import { Access } from './server/access.ts';
import type { AgentLog } from './server/agent-log.ts';
import { AgentServer, type ListenOptions } from './server/agent-server.ts';
import type { Connection } from './server/client-connection.ts';
import { RequestTurns, SendBudget } from './server/client-limits.ts';
import { MetricsAnswers } from './server/metrics-answers.ts';

/** What an agent is to be. */
interface AgentSettings extends SampleOptions, ListenOptions, AgentIdentity {
  /** Undefined: no token required. */
  readonly token: string | undefined;
  /** Per-process network on /metrics. */
  readonly networkMetrics: boolean;
  /** Undefined: none is kept. */
  readonly keptHistory?: KeptHistory | undefined;
}

/** A history that the agent keeps and serves; all of it belongs to the agent, which closes it. */
export interface KeptHistory {
  readonly writer: HistoryWriter;
  readonly intervalMillis: number;
  /** The same folder, to read. */
  readonly folder: PrivateFolder;
}

/** An agent that listens. */
export interface RunningAgent {
  readonly port: number;
  /** Whether only this machine reaches it. */
  readonly isOnLoopback: boolean;
  /** Tells the clients, and gives everything back. */
  stop(): Promise<void>;
}

/**
 * Starts an agent in this process. It samples only on request. Throws OpError whose message says in one
 * line why it cannot listen (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`).
 */
export function startAgent(settings: AgentSettings, platform: Platform, log: AgentLog): RunningAgent {
  const samples = new AgentSamples(platform, settings);
  const access = new Access(settings.token);
  const answers = new AnswerSource(samples, access.hasToken);
  const { keptHistory } = settings;
  const history = new HistoryAnswers(keptHistory?.folder, access.hasToken);
  const capabilities = new CapabilityAnswers(
    platform,
    settings,
    settings,
    answers,
    keptHistory && history.obstacle,
  );
  const connections = new Set<Connection>();
  const budget = new SendBudget();
  const context = {
    original: new OriginalAnswers(answers),
    v2: new V2Answers(answers, capabilities, history),
    log,
    budget,
    turns: new RequestTurns(),
  };
  const metrics = new MetricsAnswers(samples, {
    version: settings.version,
    isNetworkWanted: settings.networkMetrics,
    clientCount: () => connections.size,
    log,
    budget,
  });
  const server = new AgentServer(settings, { access, context, metrics }, connections);
  const recorder = recorderOf(settings, samples);
  recorder?.start();
  return {
    port: server.port,
    isOnLoopback: server.isOnLoopback,
    async stop() {
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
  const { writer, intervalMillis } = keptHistory;
  const { source } = samples;
  const taken = new HistorySamples(samples, intervalMillis);
  return new HistoryRecorder(writer, new HistoryLines((uid) => source.userName(uid)), {
    intervalMillis,
    sample: (lines, needsWhole) => taken.line(lines, needsWhole),
    watchPressure: (onTrouble) => source.watchPressure(onTrouble),
    nowMillis: () => source.nowMicros() / 1000,
  });
}
