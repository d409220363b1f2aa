import { HTTP_METHODS } from '../first-bytes.ts';
import { type AskedName, MORE, NO_NAME } from './asked-name.ts';
import { hostNameIn } from './host-name-bytes.ts';
import { STREAM_LIMIT_BYTES } from './piece-buffer.ts';

const LONGEST_METHOD = 'OPTIONS '.length;
const CR = 0x0d;
const LF = 0x0a;
const SLASH = 0x2f;
const ASTERISK = 0x2a;
const COLON = 0x3a;
const HOST = 'host';

/**
 * The name in the Host field (RFC 9112, 3.2) of the first request of a connection. None where the target of the request
 * is a whole URL, which only a proxy is sent, and where there are two such fields.
 */
export function nameOfHttpStream(prefix: Uint8Array): AskedName {
  const isLast = prefix.length >= STREAM_LIMIT_BYTES;
  const target = targetAt(prefix);
  if (target < 0) return NO_NAME;
  if (target >= prefix.length) return isLast ? NO_NAME : MORE;
  if (prefix[target] !== SLASH && prefix[target] !== ASTERISK) return NO_NAME;
  let name: string | undefined;
  let start = prefix.indexOf(LF, target) + 1;
  while (start > 0) {
    const end = prefix.indexOf(LF, start);
    if (end < 0) break;
    const last = end > start && prefix[end - 1] === CR ? end - 1 : end;
    if (last === start) return name === undefined ? NO_NAME : found(name);
    if (isHostField(prefix, start, last)) {
      if (name !== undefined) return NO_NAME;
      name = hostIn(prefix, start + HOST.length + 1, last);
      if (name === undefined) return NO_NAME;
    }
    start = end + 1;
  }
  if (!isLast) return MORE;
  return name === undefined ? NO_NAME : found(name);
}

function found(name: string): AskedName {
  return { kind: 'found', name, basis: 'http', alpn: '' };
}

/** Where the target of the request starts; the length of the prefix or more: that is still to come; -1: no request. */
function targetAt(prefix: Uint8Array): number {
  const head = String.fromCharCode(...prefix.subarray(0, LONGEST_METHOD));
  for (const method of HTTP_METHODS) {
    if (head.startsWith(`${method} `)) return method.length + 1;
    if (`${method} `.startsWith(head)) return prefix.length;
  }
  return -1;
}

function isHostField(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < HOST.length + 1 || bytes[start + HOST.length] !== COLON) return false;
  for (let i = 0; i < HOST.length; i++) {
    if ((bytes[start + i]! | 0x20) !== HOST.charCodeAt(i)) return false;
  }
  return true;
}

/** `  example.org:8080 `: without the blanks around and the port behind. */
function hostIn(bytes: Uint8Array, start: number, end: number): string | undefined {
  let [first, last] = [start, end];
  while (first < last && isBlank(bytes[first]!)) first++;
  while (last > first && isBlank(bytes[last - 1]!)) last--;
  const colon = bytes.subarray(first, last).indexOf(COLON);
  return hostNameIn(bytes, first, colon < 0 ? last : first + colon);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}
