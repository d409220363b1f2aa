import { wireError } from '../../data/codec/wire-error.ts';
import { REQUEST_LIMIT_BYTES } from './limits.ts';

/** What a peer of the original protocol may ask, by the names on the wire. */
export type OriginalRequest =
  | { readonly request: 'get_metrics' | 'get_disks' | 'get_processes' }
  | { readonly request: 'get_process_metrics' | 'get_journal_entries'; readonly pid: number };

const PID_PATTERN = /^\+?0*(\d{1,10})$/;
const LARGEST_PID = 0xffff_ffff;

/**
 * Reads a text frame of the original protocol. OpError `TOO_LARGE` or `BAD_REQUEST`; the original agent passes over
 * what it does not know, and its clients wait for an answer in vain.
 */
export function parseOriginalRequest(text: string): OriginalRequest {
  if (text.length > REQUEST_LIMIT_BYTES) throw wireError('request', 'TOO_LARGE', 'too long');
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  switch (name) {
    case 'get_metrics':
    case 'get_disks':
    case 'get_processes':
      if (colon < 0) return { request: name };
      break;
    case 'get_process_metrics':
    case 'get_journal_entries': {
      const pid = colon < 0 ? undefined : readPid(text.slice(colon + 1));
      if (pid !== undefined) return { request: name, pid };
      break;
    }
    default:
  }
  throw wireError('request', 'BAD_REQUEST', 'not a request of this protocol');
}

/** Encodes a request as a text frame. */
export function printOriginalRequest(request: OriginalRequest): string {
  return 'pid' in request ? `${request.request}:${request.pid}` : request.request;
}

/** An unsigned 32-bit number as the original agent reads it: an optional plus, any zeros, decimal digits. */
function readPid(text: string): number | undefined {
  const digits = PID_PATTERN.exec(text)?.[1];
  const pid = digits === undefined ? undefined : Number(digits);
  return pid !== undefined && pid <= LARGEST_PID ? pid : undefined;
}
