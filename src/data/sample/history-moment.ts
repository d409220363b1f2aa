/** What a history says of one of its samples without being read; NaN unknown. */
export interface Figures {
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  /** Share of the time in which tasks waited for the resource that they waited for most. */
  readonly pressurePercent: number;
  /** Both directions of all uplinks. */
  readonly networkBytesPerSecond: number;
}

export interface HistoryMoment extends Figures {
  /** In the recording that the history is. */
  readonly positionMillis: number;
  readonly wallMillis: number;
}
