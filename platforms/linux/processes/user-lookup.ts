import { OpError } from '../../../src/kit/errors/op-error.ts';
import { BoundedOutput } from '../bounded-output.ts';
import { startChild } from '../child-program.ts';
import { parsePasswd } from '../etc/passwd.ts';

/** Candidates for the program, absolute: never looked for in PATH. */
const PROGRAMS: readonly string[] = ['/usr/bin/getent', '/bin/getent', '/run/current-system/sw/bin/getent'];
/** A directory server may be gone; nobody waits for it. */
const DEADLINE_MILLIS = 5000;
const OUTPUT_LIMIT_BYTES = 256 * 1024;

/** Names by uid of those users among the given that are known; undefined: there is nobody to ask, and never will be. */
export type UserLookup = (uids: readonly number[]) => Promise<ReadonlyMap<number, string> | undefined>;

/**
 * Asks the services that nsswitch.conf(5) names (LDAP, SSSD, systemd) by getent(1), which runs beside and is killed at
 * a deadline; what it has said until then counts. Never rejects.
 */
export async function lookUpUsers(
  uids: readonly number[],
  start = startChild,
): Promise<ReadonlyMap<number, string> | undefined> {
  let child: ReturnType<typeof startChild>;
  try {
    child = start(PROGRAMS, ['passwd', ...uids.map(String)]);
  } catch (thrown) {
    if (thrown instanceof OpError && thrown.code === 'ENOENT') return undefined;
    return new Map();
  }
  const output = new BoundedOutput(child.stdout, OUTPUT_LIMIT_BYTES);
  void child.stderr.cancel();
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    output.stop();
  }, DEADLINE_MILLIS);
  timer.unref();
  try {
    await output.read();
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
  return parsePasswd(output.text);
}
