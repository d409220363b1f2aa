import { ascii, TextScanner } from './text-scanner.ts';

/** Of /proc/PID/io what reached storage, in bytes. */
export interface PidIo {
  readBytes: number;
  writtenBytes: number;
}

const READ = ascii('read_bytes: ');
const WRITTEN = ascii('write_bytes: ');
const scanner = new TextScanner();

/** /proc/PID/io (fs/proc/base.c, do_io_accounting) into `into`; false where either line is missing or cut short. */
export function parsePidIo(bytes: Uint8Array, length: number, into: PidIo): boolean {
  scanner.reset(bytes, 0, length);
  into.readBytes = Number.NaN;
  into.writtenBytes = Number.NaN;
  do {
    if (scanner.accept(READ)) into.readBytes = scanner.terminatedUnsigned();
    else if (scanner.accept(WRITTEN)) into.writtenBytes = scanner.terminatedUnsigned();
  } while (scanner.nextLine());
  return into.readBytes + into.writtenBytes >= 0;
}
