const ENCODER = new TextEncoder();

/** The label set without labels. */
export const NO_LABELS = new Uint8Array(0);

/** Control characters but for the line feed, which has an escape, and surrogates without their other half. */
const REFUSED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/gu;
const ESCAPED = /[\\"\n]/g;

/** A label's value as both formats can carry it: what is no character or a control becomes U+FFFD. */
export function labelValue(text: string): string {
  return text.replace(REFUSED, '\ufffd');
}

/** Names and values in turn; the value of a label that is undefined leaves the label out. */
type LabelPairs = readonly (string | undefined)[];

/** `{device="sda",mode="idle"}`, values made valid and escaped; names are to be valid and differ. */
export function labelText(pairs: LabelPairs): string {
  let text = '';
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const value = pairs[i + 1];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}${pairs[i]}="${escaped(labelValue(value))}"`;
  }
  return text === '' ? '' : `${text}}`;
}

/** As `labelText`, in bytes. */
export function encodeLabels(...pairs: LabelPairs): Uint8Array {
  return ENCODER.encode(labelText(pairs));
}

function escaped(value: string): string {
  return value.replace(ESCAPED, (found) => (found === '\n' ? '\\n' : `\\${found}`));
}

/**
 * Rows with the label sets that they have in common in all families of their table, each set once: of two rows that
 * come to the same labels the first stays, and past `limit` none is taken.
 */
export class LabelledRows<Row> {
  readonly rows: Row[] = [];
  readonly labels: Uint8Array[] = [];
  /** Rows that were not taken. */
  leftOut = 0;
  readonly #limit: number;
  readonly #known = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False: not taken. */
  add(row: Row, ...pairs: LabelPairs): boolean {
    const text = labelText(pairs);
    if (this.rows.length >= this.#limit || this.#known.has(text)) {
      this.leftOut++;
      return false;
    }
    this.#known.add(text);
    this.rows.push(row);
    this.labels.push(ENCODER.encode(text));
    return true;
  }

  /** Calls `write` for each row with its labels. */
  each(write: (row: Row, labels: Uint8Array) => void): void {
    for (let i = 0; i < this.rows.length; i++) write(this.rows[i]!, this.labels[i]!);
  }
}
