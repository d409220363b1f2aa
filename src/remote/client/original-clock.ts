/** How far the agent's clock may be from ours over one interval before it is not believed. */
const DRIFT_MILLIS = 1000;

/** Makes a monotonic time of what agents of the original protocol say: wall time, or nothing. */
export class OriginalClock {
  /** Of the last sample, microseconds; grows from sample to sample. */
  micros = 0;
  #sampledMillis: number | undefined;
  #receivedMicros = Number.NaN;

  /**
   * Takes the agent's wall time of a sample (undefined where it says none) and our monotonic time of its arrival.
   * False: it is the sample before once more. A clock that was set is not believed: our own time counts then.
   */
  advance(sampledMillis: number | undefined, receivedMicros: number): boolean {
    const received = receivedMicros - this.#receivedMicros;
    const sampled =
      sampledMillis === undefined || this.#sampledMillis === undefined
        ? undefined
        : sampledMillis - this.#sampledMillis;
    this.#sampledMillis = sampledMillis;
    if (Number.isNaN(received)) this.micros = receivedMicros;
    else if (sampled === 0) return false;
    else {
      const isBelieved =
        sampled !== undefined && sampled > 0 && Math.abs(sampled - received / 1000) <= DRIFT_MILLIS;
      this.micros += isBelieved ? sampled * 1000 : received;
    }
    this.#receivedMicros = receivedMicros;
    return true;
  }
}
