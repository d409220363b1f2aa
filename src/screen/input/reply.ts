import type { TerminalReply } from './event.ts';

/** What of a terminal's name is kept. */
const MAX_NAME_LENGTH = 64;
const COLOR = /^1([01]);rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})(?:\/[0-9a-f]{1,4})?$/i;

/** The reply in an operating system command's text (`11;rgb:1a1a/1b1b/2626`), undefined where it is none of ours. */
export function operatingSystemReply(text: string): TerminalReply | undefined {
  const match = COLOR.exec(text);
  if (match === null) return undefined;
  const rgb = (channel(match[2]!) << 16) | (channel(match[3]!) << 8) | channel(match[4]!);
  return { kind: 'reply', reply: 'color', which: match[1] === '0' ? 'foreground' : 'background', rgb };
}

/** The reply in a device control string (`>|kitty(0.32.2)`), undefined where it is none of ours. */
export function deviceControlReply(text: string): TerminalReply | undefined {
  if (!text.startsWith('>|')) return undefined;
  const name = text.slice(2, 2 + MAX_NAME_LENGTH).replace(/[^\x20-\x7e]/g, '');
  return { kind: 'reply', reply: 'version', name };
}

/** X11's channel of 1 to 4 hexadecimal digits, as 8 bits: `f`, `ff` and `ffff` are all full. */
function channel(digits: string): number {
  return Math.round((Number.parseInt(digits, 16) * 255) / (16 ** digits.length - 1));
}
