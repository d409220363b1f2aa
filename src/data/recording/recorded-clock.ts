/** Speeds that playback can have, times the recorded one. */
const PLAYBACK_SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16];
/** Nobody looked for longer: the program was stopped, and playback waits for it. */
const LONGEST_STEP_MICROS = 15e6;

/** Where playback is, in time since the start of the recording: runs with a clock, at a speed, unless paused. */
export class PlaybackClock {
  readonly #monotonicMicros: () => number;
  #positionMillis = 0;
  #lastMicros: number;
  #speed = 1;
  #isPaused = false;

  constructor(monotonicMicros: () => number) {
    this.#monotonicMicros = monotonicMicros;
    this.#lastMicros = monotonicMicros();
  }

  get positionMillis(): number {
    this.#settle();
    return this.#positionMillis;
  }

  /** Runs on from there, from now. */
  set positionMillis(positionMillis: number) {
    this.#settle();
    this.#positionMillis = positionMillis;
  }

  get speed(): number {
    return this.#speed;
  }

  /** The next higher speed, or lower one (-1); the same at the end. */
  changeSpeed(direction: 1 | -1): void {
    this.#settle();
    this.#speed = PLAYBACK_SPEEDS[PLAYBACK_SPEEDS.indexOf(this.#speed) + direction] ?? this.#speed;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  set isPaused(isPaused: boolean) {
    this.#settle();
    this.#isPaused = isPaused;
  }

  /** Adds the time since the last look, as it ran until now. */
  #settle(): void {
    const now = this.#monotonicMicros();
    const micros = Math.min(Math.max(0, now - this.#lastMicros), LONGEST_STEP_MICROS);
    this.#lastMicros = now;
    if (!this.#isPaused) this.#positionMillis += (micros / 1000) * this.#speed;
  }
}
