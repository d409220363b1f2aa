import { OpError } from '../../src/kit/errors/op-error.ts';

/**
 * The name under which the runtime looks in PATH for a program that sends its report of a crash to its makers. It does so
 * where BUN_CRASH_REPORT_URL or BUN_ENABLE_CRASH_REPORTING says so, and on some systems unasked: a program with privileges
 * would start what a user put in his PATH. As a constant it is padded to eight bytes; another "curl" of the image stands
 * among the C strings and belongs to something else.
 * That is so in the images for Linux; those for other systems are laid out otherwise.
 */
const SENDER = 'curl';
const PADDED = `\0${SENDER}\0\0\0\0`;

/**
 * Makes a crash of the runtime start no other program: the first byte of the name becomes NUL, and the empty name is found
 * nowhere. The image is changed in place. There must be exactly one such place, else it is not the image that this was made
 * for (`RUNTIME_IMAGE`).
 */
export function disableCrashReport(image: Uint8Array): void {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const at = bytes.indexOf(PADDED, 0, 'latin1');
  const isOnly = at >= 0 && bytes.indexOf(PADDED, at + 1, 'latin1') < 0;
  if (!isOnly) {
    throw new OpError({
      op: 'disable crash report',
      code: 'RUNTIME_IMAGE',
      message: `the runtime does not hold "${SENDER}" exactly once as a constant: look again at how it reports crashes`,
    });
  }
  bytes[at + 1] = 0;
}
