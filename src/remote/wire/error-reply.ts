import { TEXT_LIMIT } from '../../data/schema/column.ts';
import { count, type JsonCodec, object, optionalText, text, type ValueOf } from './json-codec.ts';

/** A request that could not be answered, `{error, request, pid, code}`; what is undefined is left out. */
export const errorReply = object({
  /** One line for people. */
  error: text(TEXT_LIMIT.line),
  /** What was asked, by its name on the wire; undefined where it could not be read. */
  request: leftOut(optionalText(TEXT_LIMIT.name)),
  pid: leftOut(count()),
  /** A word for programs, upper case; only ours say it. */
  code: leftOut(optionalText(TEXT_LIMIT.name)),
});
export type ErrorReply = ValueOf<typeof errorReply>;

/** Whether a JSON reply is an error: no other reply has a field of that name. */
export function isErrorReply(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'error' in value && !Array.isArray(value);
}

function leftOut<T>(codec: JsonCodec<T | undefined>): JsonCodec<T | undefined> {
  return {
    read: codec.read,
    write: (value) => (value === undefined ? undefined : codec.write(value)),
  };
}
