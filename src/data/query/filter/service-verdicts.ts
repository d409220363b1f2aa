import { PROTOCOL_UDP } from '../../sample/socket-table.ts';
import type { FilterNames } from './filter-context.ts';

const PORT_VALUES = 2 ** 16;
const UNKNOWN = 0;
const NO = 1;
const YES = 2;

/** Whether a port's service has a name; names of ports do not change, so each port is asked about once. */
export class ServiceVerdicts {
  readonly #verdicts = new Uint8Array(PORT_VALUES * 2);
  readonly #text: string;
  readonly #names: FilterNames;

  constructor(text: string, names: FilterNames) {
    this.#text = text;
    this.#names = names;
  }

  holds(port: number, protocol: number): boolean {
    const isUdp = protocol === PROTOCOL_UDP;
    const at = isUdp ? port + PORT_VALUES : port;
    if (this.#verdicts[at] === UNKNOWN) {
      const name = this.#names.serviceName?.(port, isUdp ? 'udp' : 'tcp');
      this.#verdicts[at] = name?.toLowerCase() === this.#text ? YES : NO;
    }
    return this.#verdicts[at] === YES;
  }
}
