import { csvField } from './csv.ts';

/** A field of a view's file, as those of the streams; lists are joined by `;`. */
export function viewCsvField(value: unknown): string {
  return csvField(Array.isArray(value) ? value.join(';') : value);
}
