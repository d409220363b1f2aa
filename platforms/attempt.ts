import type { SectionError } from '../src/data/schema/section-facts.ts';
import { type OpError, toOpError } from '../src/kit/errors/op-error.ts';

/** Runs one part of a collection. What goes wrong joins `errors` and is returned; the other parts go on. */
export async function attempt(
  op: string,
  errors: SectionError[],
  part: () => Promise<void> | void,
): Promise<OpError | undefined> {
  try {
    await part();
    return undefined;
  } catch (thrown) {
    const error = toOpError(op, thrown);
    errors.push({ op, code: error.code, message: error.message });
    return error;
  }
}
