/**
 * Ends a process whose kill overlay is open in sstop and starts another one under the same PID, then sends. Prints
 * one JSON object. To be started as root of private network, pid and mount namespaces.
 *
 *   recycled-pid.fixture.ts SSTOP
 */
import { existsSync, writeFileSync } from 'node:fs';
import { FIXTURES } from './executables.ts';
import { PtyProgram } from './pty.ts';
import { linesOf } from './traffic.ts';

/** What came of it. */
export interface RecycledReport {
  readonly pid: number;
  /** The line of the overlay that says so. */
  readonly said: string;
  readonly isNewcomerAlive: boolean;
}

type Listener = Bun.Subprocess<'ignore', 'pipe', 'inherit'>;

const PID = 4000;
const TRIES = 100;
const NAME = 'recycled';
const [sstop = ''] = process.argv.slice(2);

/** A listener with that very PID: threads that start meanwhile may take it first. */
async function listenAs(pid: number): Promise<Listener> {
  const command = [process.execPath, `${FIXTURES}/named-listener.fixture.ts`, Buffer.from(NAME).toHex()];
  for (let i = 0; i < TRIES; i++) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const listener = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
    if (listener.pid === pid) {
      await linesOf(listener.stdout).next();
      return listener;
    }
    listener.kill('SIGKILL');
    await listener.exited;
  }
  throw new RangeError(`PID ${pid} is never free`);
}

const first = await listenAs(PID);
const screen = new PtyProgram([sstop, '--loopback', '--no-dns', '--filter', NAME, '--sort', 'pid'], {
  columns: 100,
  rows: 24,
});
await screen.waitFor(new RegExp(`${PID} .*${NAME}`), 20_000);
screen.key('gK');
await screen.waitFor(new RegExp(`Kill ${PID} ${NAME}`));
first.kill('SIGKILL');
await first.exited;
const second = await listenAs(PID);
screen.key('\r');
const text = await screen.waitFor(/the PID was reused|SIGTERM sent|has exited/i);
const said = /│ *([^│\n]*(?:PID|sent|gone)[^│\n]*?) *│/i.exec(text)?.[1] ?? text;
const report: RecycledReport = { pid: second.pid, said, isNewcomerAlive: existsSync(`/proc/${second.pid}`) };
await screen.close();
second.kill('SIGKILL');
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0);
