import { count, type JsonCodec, object, optionalText, text } from './json-codec.ts';
import { TEXT_LIMIT } from './limits.ts';

/** A request that could not be answered. */
export interface ErrorReply {
  /** One line for people. */
  readonly error: string;
  /** Name of the request on the wire; undefined: invalid request. */
  readonly request: string | undefined;
  readonly pid: number | undefined;
  /** A word for programs, upper case; only ours say it. */
  readonly code: string | undefined;
}

/** `{error, request, pid, code}`; what is undefined is left out. */
export const errorReply: JsonCodec<ErrorReply> = object<ErrorReply>({
  error: text(TEXT_LIMIT.line),
  request: leftOut(optionalText(TEXT_LIMIT.name)),
  pid: leftOut(count()),
  code: leftOut(optionalText(TEXT_LIMIT.name)),
});

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
