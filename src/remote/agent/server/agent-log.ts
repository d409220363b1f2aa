/** What an event says beside its name; undefined fields are left out. Never a token. */
export type AgentLogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Receives events of the agent. The implementation limits the number of lines. */
export interface AgentLog {
  event(level: 'info' | 'warning' | 'error', event: string, fields?: AgentLogFields): void;
}
