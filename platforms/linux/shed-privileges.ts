import { OpError } from '../../src/kit/errors/op-error.ts';
import { EffectiveCapabilities } from './effective-capabilities.ts';
import {
  canReadWithoutPrivileges,
  type HandedPrograms,
  handOverPrograms,
  neededAfterwards,
} from './handed-programs.ts';
import { effectiveUserId } from './libc.ts';
import { forbidNewPrivileges, replaceProgram } from './replace-program.ts';

/**
 * Loads what counts in the kernel and starts this program anew without the rights that took: in all of its threads, of
 * which some have been there before any code of ours could give up something. Returns undefined where there is nothing
 * to give up or nothing can be loaded; the programs, where the kernel would not start it anew. The rights are in force
 * when it is called.
 *
 * @param variable of the environment, that names the descriptors to the new program
 */
export function restartWithoutPrivileges(
  executable: string,
  argv: readonly string[],
  variable: string,
): HandedPrograms | undefined {
  const isRoot = effectiveUserId() === 0;
  const capabilities = new EffectiveCapabilities();
  const isWorthIt = canReadWithoutPrivileges() && capabilities.hasBeyond(neededAfterwards(isRoot, true));
  if (!isWorthIt) return undefined;
  const handed = handedOver();
  if (handed === undefined) return undefined;
  const { text, programs } = handed;
  capabilities.keepOnly(neededAfterwards(isRoot, programs.accounting.parts.seeded));
  try {
    forbidNewPrivileges();
    return replaceProgram(executable, [process.argv0, ...argv], { ...process.env, [variable]: text });
  } catch (thrown) {
    if (thrown instanceof OpError) return programs;
    throw thrown;
  }
}

/** Undefined where another tier will do without. */
function handedOver(): ReturnType<typeof handOverPrograms> | undefined {
  try {
    return handOverPrograms();
  } catch (thrown) {
    if (thrown instanceof OpError) return undefined;
    throw thrown;
  }
}
