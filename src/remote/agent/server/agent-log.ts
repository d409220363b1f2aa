/** What an event says beside its name; undefined fields are left out. Never a token. */
export type AgentLogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the agent tells of its events; whoever implements it bounds how many lines come of them. */
export interface AgentLog {
  event(level: 'info' | 'warning' | 'error', event: string, fields?: AgentLogFields): void;
}
