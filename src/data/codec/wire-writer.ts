import { PbfWriter } from 'pbf';

const SURROGATE = /[\ud800-\udfff]/;
const encoder = new TextEncoder();

/**
 * pbf's writer, but for texts beyond the basic plane: pbf 5.1.2 joins the halves of a pair with `|` where it must add,
 * so that U+20000 comes out as U+10000.
 */
export class WireWriter extends PbfWriter {
  override writeString(text: string): void {
    if (SURROGATE.test(text)) this.writeBytes(encoder.encode(text));
    else super.writeString(text);
  }
}
