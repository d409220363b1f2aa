import { decodeText } from '../proc/text-scanner.ts';

/** A power of two. */
const LINES = 512;
const FACTOR = 31;

/** Names read lately, by a hash of their bytes: processes with the same name share one text. */
const names: string[] = new Array(LINES).fill('');

/** The name of a process in these bytes. One in ASCII is decoded only where it was not read lately. */
export function processName(bytes: Uint8Array, start: number, end: number): string {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, FACTOR) + bytes[i]!) | 0;
  const line = hash & (LINES - 1);
  if (isSameAscii(names[line]!, bytes, start, end)) return names[line]!;
  const name = decodeText(bytes.subarray(start, end));
  names[line] = name;
  return name;
}

/** Whether these bytes are the text, and all of it ASCII. */
export function isSameAscii(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80 || byte !== text.charCodeAt(i - start)) return false;
  }
  return true;
}
