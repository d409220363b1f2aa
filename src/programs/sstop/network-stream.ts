import { snapshotCsvHeader, snapshotToCsv } from '../../data/export/network-csv.ts';
import { type ExportOptions, snapshotToJson } from '../../data/export/network-json.ts';
import { tableText } from '../../data/export/table-text.ts';
import type { FilterExpression } from '../../data/query/filter/filter-expression.ts';
import { interfaceNamed, movedScope, type Scope } from '../../data/query/scope.ts';
import { NetworkRates } from '../../data/rates/network-rates.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import { EXIT_USAGE } from '../shared/messages.ts';
import { readFilterOption, type Settings } from '../shared/settings.ts';
import { runStream, type StreamContent } from '../shared/stream.ts';
import type { SstopInput } from './sstop-input.ts';

/** Matches no row: neither an interface here nor one of another network namespace. */
const NO_INTERFACE = -2;

/** Streams the network to standard output, or prints it once; resolves to the exit code. */
export async function runSstopStream(settings: Settings, input: SstopInput): Promise<number> {
  const filter = readFilterOption(settings, {
    hostName: (address) => input.names.host(address),
    serviceName: (port, protocol) => input.names.service(port, protocol),
  });
  if (filter === undefined) return EXIT_USAGE;
  const { link, log } = input;
  const playback = input.playback ?? input.travel?.playback;
  return runStream({ ...settings, playback, link, log }, new NetworkStream(settings, input, filter));
}

class NetworkStream implements StreamContent {
  readonly program = 'sstop';
  readonly nothing = 'no network data';
  readonly skipsFirst = true;
  readonly #settings: Settings;
  readonly #input: SstopInput;
  readonly #filter: FilterExpression;
  readonly #rates = new NetworkRates();
  /** Scope with the current index of the interface. */
  #scope: Scope;
  /** Of the last snapshot; borrowed. */
  #taken: { readonly section: NetworkSection; readonly header: SnapshotHeader } | undefined;

  constructor(settings: Settings, input: SstopInput, filter: FilterExpression) {
    this.#settings = settings;
    const interfaceIndex = settings.interfaceName === undefined ? undefined : NO_INTERFACE;
    this.#scope = { interfaceIndex, includeLoopback: settings.loopback };
    this.#input = input;
    this.#filter = filter;
    input.playback?.observe((snapshot) => void this.take(snapshot));
  }

  ask(): Promise<Snapshot> {
    return this.#input.source.sample({ network: true }, Number.POSITIVE_INFINITY);
  }

  take({ network: section, header }: Snapshot): boolean {
    if (section === undefined) return false;
    this.#rates.update(section, header);
    this.#taken = { section, header };
    return true;
  }

  refusal(): string | undefined {
    const { interfaceName } = this.#settings;
    const interfaces = this.#taken?.section.interfaces;
    if (interfaceName === undefined || interfaces === undefined) return undefined;
    if (interfaceNamed(interfaces, interfaceName) !== undefined) return undefined;
    const { slots, names } = interfaces;
    const known = Array.from(slots.rows.subarray(0, slots.count), (slot) => names[slot]).join(', ');
    return `option '--interface <name>': no interface '${interfaceName}'. Accepted: ${known}`;
  }

  isWhole(): boolean {
    return true;
  }

  text(isFirst: boolean): string {
    if (this.#taken === undefined) return '';
    const { section, header } = this.#taken;
    const options = this.#exportOptions(section);
    switch (this.#settings.output) {
      case 'csv': {
        const rows = snapshotToCsv(section, this.#rates, header, options);
        return isFirst ? snapshotCsvHeader(options) + rows : rows;
      }
      case 'table':
        return tableText(section, this.#rates, header, options);
      default:
        return `${snapshotToJson(section, this.#rates, header, options)}\n`;
    }
  }

  #exportOptions(section: NetworkSection): ExportOptions {
    const { sort, groupBy, interfaceName } = this.#settings;
    const { names } = this.#input;
    if (interfaceName !== undefined) {
      // While the interface is gone, its last index stays.
      this.#scope = movedScope(this.#scope, interfaceNamed(section.interfaces, interfaceName));
    }
    return {
      ...{ sort: { key: sort, isReversed: false }, groupBy },
      scope: this.#scope,
      filter: this.#filter,
      hostName: (address) => names.host(address),
      serviceName: (port, protocol) => names.service(port, protocol),
      country: (address) => names.country(address),
    };
  }
}
