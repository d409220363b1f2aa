import { SlotTable } from '../../kit/table/slot-table.ts';
import { isIpv4 } from '../sample/address.ts';
import { addressText } from '../sample/address-text.ts';

const ADDRESSES_LIMIT = 1 << 13;
const ENDPOINTS_LIMIT = 1 << 13;

/**
 * Texts of addresses and endpoints, made once: frames ask for the same few again and again. When it holds 8192 it
 * starts anew.
 */
export class EndpointTexts {
  /** Key: the four address words. */
  readonly #addresses = new SlotTable(64, ADDRESSES_LIMIT, () => undefined);
  readonly #addressTexts: string[] = [];
  /** Key: slot of the address, port. */
  readonly #endpoints = new SlotTable(64, ENDPOINTS_LIMIT, () => undefined);
  readonly #endpointTexts: string[] = [];

  /** As `addressText`. */
  address(words: Uint32Array, at: number): string {
    return this.#addressTexts[this.#addressSlot(words, at)]!;
  }

  /** `10.0.0.5:443`, `[2001:db8::1]:443` (RFC 5952, 6). */
  endpoint(words: Uint32Array, at: number, port: number): string {
    const address = this.#addressSlot(words, at);
    const known = this.#endpoints.find(address, port, 0, 0);
    if (known >= 0) return this.#endpointTexts[known]!;
    if (this.#endpoints.count === ENDPOINTS_LIMIT) this.#endpoints.clear();
    const slot = this.#endpoints.add(address, port, 0, 0);
    const text = this.#addressTexts[address]!;
    this.#endpointTexts[slot] = isIpv4(words, at) ? `${text}:${port}` : `[${text}]:${port}`;
    return this.#endpointTexts[slot]!;
  }

  #addressSlot(words: Uint32Array, at: number): number {
    const a = words[at]!;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    const known = this.#addresses.find(a, b, c, d);
    if (known >= 0) return known;
    if (this.#addresses.count === ADDRESSES_LIMIT) {
      this.#addresses.clear();
      this.#endpoints.clear();
    }
    const slot = this.#addresses.add(a, b, c, d);
    this.#addressTexts[slot] = addressText(words, at);
    return slot;
  }
}
