import { csvField } from './csv.ts';

/** A field of a view's file, as those of the streams. */
export function viewCsvField(value: string | number | null): string {
  return csvField(value);
}
