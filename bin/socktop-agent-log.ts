import type { AgentLog, AgentLogFields } from '../src/remote/agent/server/agent-log.ts';
import { LineBudget, type LogLevel, logLine } from './sstop-log-line.ts';

/** The agent's events on standard error, one line each; each kind of event has its own bound, so none hides another. */
export class StandardErrorLog implements AgentLog {
  /** By event: the agent has a dozen kinds. */
  readonly #budgets = new Map<string, LineBudget>();

  event(level: LogLevel, event: string, fields: AgentLogFields = {}): void {
    const budget = this.#budgets.get(event) ?? new LineBudget();
    this.#budgets.set(event, budget);
    if (!budget.take(performance.now())) return;
    const leftOut = budget.takeRefusedCount();
    const counted = leftOut === 0 ? fields : { ...fields, left_out: leftOut };
    process.stderr.write(logLine(Date.now(), level, event, counted));
  }
}
