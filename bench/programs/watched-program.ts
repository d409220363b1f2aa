import { readdirSync, readFileSync } from 'node:fs';
import { PtyProgram } from '../../bin/testing/pty.ts';

const NANOS_PER_MICRO = 1000;
const BYTES_PER_PAGE = 4096;

/** A monitor on a terminal of its own, and what the operating system says of it. */
export class WatchedProgram {
  readonly pty: PtyProgram;
  readonly startMillis = performance.now();

  constructor(command: readonly string[], home: string) {
    const environment = { HOME: home, XDG_CONFIG_HOME: `${home}/.config`, COLORTERM: 'truecolor' };
    this.pty = new PtyProgram(command, { columns: 200, rows: 60, environment });
  }

  /** User and system time of all its threads that live, microseconds. */
  cpuMicros(): number {
    const tasks = `/proc/${this.pty.process.pid}/task`;
    let nanos = 0;
    for (const tid of readdirSync(tasks)) nanos += firstNumber(`${tasks}/${tid}/schedstat`);
    return nanos / NANOS_PER_MICRO;
  }

  /** Resident memory, bytes. */
  residentBytes(): number {
    const fields = readFileSync(`/proc/${this.pty.process.pid}/statm`, 'utf8').split(' ');
    return Number(fields[1]) * BYTES_PER_PAGE;
  }

  /** Time from its start until a text is on the screen, milliseconds. */
  async untilShown(pattern: RegExp): Promise<number> {
    await this.pty.waitFor(pattern, 20_000);
    return this.pty.shownMillis - this.startMillis;
  }
}

/** 0 for a thread that has just ended. */
function firstNumber(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ESRCH'))
      return 0;
    throw thrown;
  }
}
