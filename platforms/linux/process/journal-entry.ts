import type { JournalEntry } from '../../../src/data/schema/journal-section.ts';

/** Longest message kept, in UTF-16 units. */
const MESSAGE_LIMIT = 8192;
const FIELD_LIMIT = 256;
const decoder = new TextDecoder();

/**
 * A line of `journalctl -o json` (systemd's JOURNAL_EXPORT_FORMATS); undefined where it is no entry. A field is a string;
 * an array of numbers where its bytes are no text; an array of those where it was given several times; null where it
 * was too long for journalctl.
 */
export function parseJournalLine(line: string): JournalEntry | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  const realtimeMicros = numberOf(fields['__REALTIME_TIMESTAMP']);
  if (realtimeMicros === undefined) return undefined;
  const priority = numberOf(fields['PRIORITY']);
  return {
    realtimeMicros,
    priority: priority !== undefined && priority <= 7 ? priority : undefined,
    message: textOf(fields['MESSAGE'])?.slice(0, MESSAGE_LIMIT) ?? '',
    unit: shortText(fields['_SYSTEMD_UNIT'] ?? fields['_SYSTEMD_USER_UNIT']),
    identifier: shortText(fields['SYSLOG_IDENTIFIER']),
    pid: numberOf(fields['_PID']),
    comm: shortText(fields['_COMM']),
    uid: numberOf(fields['_UID']),
    gid: numberOf(fields['_GID']),
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const isBytes = value.every((each) => Number.isInteger(each) && each >= 0 && each <= 255);
  return isBytes ? decoder.decode(new Uint8Array(value)) : textOf(value[0]);
}

function shortText(value: unknown): string | undefined {
  return textOf(value)?.slice(0, FIELD_LIMIT);
}

function numberOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
