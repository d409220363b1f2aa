import { OpError } from '../../kit/errors/op-error.ts';

/** setTimeout takes 32 bits. */
const LONGEST_MILLIS = 0x7fff_ffff;

/** The promise, or past the moment of `nowMicros` a rejection with the OpError `DEADLINE`; it itself goes on. */
export async function withinDeadline<T>(
  promise: Promise<T>,
  deadlineMicros: number,
  nowMicros: () => number,
): Promise<T> {
  if (deadlineMicros === Number.POSITIVE_INFINITY) return promise;
  const leftMillis = Math.max(0, (deadlineMicros - nowMicros()) / 1000);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const late = (): void => reject(new OpError({ op: 'sample', code: 'DEADLINE' }));
    timer = setTimeout(late, Math.min(leftMillis, LONGEST_MILLIS));
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
