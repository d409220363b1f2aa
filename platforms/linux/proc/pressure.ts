import type { Pressure, Stall } from '../../../src/data/schema/cpu-sample.ts';
import { ascii, scanDecimal, TextScanner } from './text-scanner.ts';

const SOME = ascii('some ');
const FULL = ascii('full ');
const AVG10 = ascii('avg10=');
const AVG60 = ascii('avg60=');
const AVG300 = ascii('avg300=');
const TOTAL = ascii('total=');
const scanner = new TextScanner();

/**
 * A file of /proc/pressure (kernel/sched/psi.c); undefined where it has neither line.
 *
 *   some avg10=0.00 avg60=0.16 avg300=0.49 total=18577411
 *   full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 */
export function parsePressure(bytes: Uint8Array, length: number): Pressure | undefined {
  scanner.reset(bytes, 0, length);
  let some: Stall | undefined;
  let full: Stall | undefined;
  do {
    if (scanner.accept(SOME)) some = parseStall();
    else if (scanner.accept(FULL)) full = parseStall();
  } while (scanner.nextLine());
  return some === undefined && full === undefined ? undefined : { some, full };
}

function parseStall(): Stall | undefined {
  const avg10 = parseField(AVG10);
  const avg60 = parseField(AVG60);
  const avg300 = parseField(AVG300);
  const totalMicros = parseField(TOTAL);
  const isWhole = avg10 + avg60 + avg300 + totalMicros >= 0 && scanner.at < scanner.end;
  return isWhole ? { avg10, avg60, avg300, totalMicros } : undefined;
}

function parseField(name: Uint8Array): number {
  scanner.skipBlanks();
  return scanner.accept(name) ? scanDecimal(scanner) : Number.NaN;
}
