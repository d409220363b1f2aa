/** How long a hung disk may hold up the end. */
const CLOSE_WAIT_MILLIS = 2000;

/** Resolves when a file has been closed, or two seconds from now: a hung disk does not hold up the end for longer. */
export async function closedInTime(closing: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_WAIT_MILLIS);
  await Promise.race([closing, promise]);
  clearTimeout(timer);
}
