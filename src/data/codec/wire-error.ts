import { OpError } from '../../kit/errors/op-error.ts';

/**
 * What is wrong with bytes from the other side:
 *
 *   TOO_LARGE       longer than its limit, as it arrived or inflated
 *   TOO_MANY_ROWS   a list or table beyond its limit
 *   BAD_GZIP        damaged or cut off
 *   BAD_JSON        no JSON, or nested too deep
 *   BAD_PROTOBUF    lengths, tags or types that do not fit the message
 *   BAD_VALUE       a field of the wrong type, or a reply of the wrong kind
 *   BAD_REQUEST     a request that this program does not know
 *   OUT_OF_STEP     a delta that does not follow what the reader has: ask for all rows
 */
type WireErrorCode =
  | 'TOO_LARGE'
  | 'TOO_MANY_ROWS'
  | 'BAD_GZIP'
  | 'BAD_JSON'
  | 'BAD_PROTOBUF'
  | 'BAD_VALUE'
  | 'BAD_REQUEST'
  | 'OUT_OF_STEP';

/** `what` names the place; it never holds text from the other side. */
export function wireError(op: string, code: WireErrorCode, what: string): OpError {
  return new OpError({ op, code, message: `${op}: ${what}` });
}
