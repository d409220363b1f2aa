/** How a source on another machine stands with it. */
type RemotePhase = 'connecting' | 'live' | 'lost';

/** What is known of the way to another machine; for display. */
export interface RemoteStatus {
  readonly phase: RemotePhase;
  /** Host of the URL, as the user wrote it. */
  readonly hostName: string;
  readonly isEncrypted: boolean;
  /** Reached by ssh; undefined: by a WebSocket. */
  readonly isSsh?: boolean;
  readonly hasToken: boolean;
  /** Time from the last request to its reply; undefined before the first. */
  readonly latencyMicros: number | undefined;
  /** `original`: that of the original agent; `shell`: a shell without agent; undefined before the first connection. */
  readonly protocol: 'socktop.v2' | 'original' | 'shell' | undefined;
  /** What this agent cannot tell, or which end should be updated, one line; undefined: nothing to say. */
  readonly notice?: string | undefined;
  /** Wall time of the last reply; undefined before the first. */
  readonly answeredMillis: number | undefined;
  /** Wall time of the next try; undefined while live, while trying, and where trying again is of no use. */
  readonly nextTryMillis: number | undefined;
  /** Why it is lost, one line; undefined while live. */
  readonly reason: string | undefined;
}
