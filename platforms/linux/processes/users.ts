import { OpError } from '../../../src/kit/errors/op-error.ts';
import { outputOf } from '../../child-output.ts';
import { parsePasswd } from '../../user-names.ts';
import { startChild } from '../child-program.ts';

/** Candidates for the program, absolute: never looked for in PATH. */
const PROGRAMS: readonly string[] = ['/usr/bin/getent', '/bin/getent', '/run/current-system/sw/bin/getent'];
/** Timeout of a lookup: a directory server may be down. */
const DEADLINE_MILLIS = 5000;
const OUTPUT_LIMIT_BYTES = 256 * 1024;

/**
 * Asks the services that nsswitch.conf(5) names (LDAP, SSSD, systemd) by getent(1), which runs beside and is killed at
 * a deadline; what it has said until then counts. Never rejects.
 */
export async function lookUpUsers(
  uids: readonly number[],
  start = startChild,
): Promise<ReadonlyMap<number, string> | undefined> {
  try {
    const child = start(PROGRAMS, ['passwd', ...uids.map(String)]);
    const limits = { deadlineMillis: DEADLINE_MILLIS, limit: OUTPUT_LIMIT_BYTES, complaintLimit: 0 };
    return parsePasswd((await outputOf(child, limits)).text);
  } catch (thrown) {
    return thrown instanceof OpError && thrown.code === 'ENOENT' ? undefined : new Map();
  }
}
