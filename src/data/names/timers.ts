/** Time as the name work sees it; tests hand in a clock of their own. */
export interface Timers {
  /** Monotonic milliseconds. */
  nowMillis(): number;
  /** Calls `run` once, `millis` from now, unless the function returned is called before. */
  after(millis: number, run: () => void): () => void;
}

/** The system's clock. Its timers never keep the process alive: names are not worth waiting for. */
export const SYSTEM_TIMERS: Timers = {
  nowMillis: () => performance.now(),
  after(millis, run) {
    const timer = setTimeout(run, millis);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
