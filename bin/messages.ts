import { readdirSync, writeSync } from 'node:fs';
import { sanitizeLine } from '../src/kit/text/sanitize.ts';

const OUT_OF_DESCRIPTORS = /\bEMFILE\b/;
const LIMIT_ADVICE = 'more files are open than the limit allows; raise it (ulimit -n)';

/** One line on standard error, without anything that a terminal would obey: arguments and names may be in it. */
export function complain(program: string, message: string): void {
  const advice = OUT_OF_DESCRIPTORS.test(message) ? `: ${LIMIT_ADVICE}` : '';
  const line = `${program}: ${sanitizeLine(message)}${advice}\n`;
  // The runtime's stream waits for no reader, but it needs a descriptor of its own, and without one says nothing.
  if (hasFreeDescriptor()) process.stderr.write(line);
  else writeSync(2, line);
}

function hasFreeDescriptor(): boolean {
  try {
    return readdirSync('/').length >= 0;
  } catch {
    return false;
  }
}
