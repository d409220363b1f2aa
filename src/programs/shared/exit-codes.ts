import { constants } from 'node:os';

export const EXIT_OK = 0;
/** Something failed while running. */
export const EXIT_FAILURE = 1;
/** Usage error. */
export const EXIT_USAGE = 2;

/** As shells report it: 128 and the signal's number. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
