import { system } from '../platforms/index.ts';
import { type Names, openNames } from '../src/data/names/names.ts';
import type { NameLookup } from '../src/views/network/network-list.ts';
import { nameLookup } from './name-lookup.ts';
import type { Settings } from './sstop-settings.ts';

/** Names for network views that may never be opened: nothing is read before they are. */
export class LateNames {
  /** Knows nothing before `open` has resolved. */
  readonly lookup: NameLookup;
  readonly #settings: Pick<Settings, 'dns' | 'geoipPath'>;
  readonly #onChange: () => void;
  #isDnsOn: boolean;
  #names: Names | undefined;
  #known: NameLookup | undefined;
  #opening: Promise<string | undefined> | undefined;

  constructor(settings: Pick<Settings, 'dns' | 'geoipPath'>, onChange: () => void) {
    this.#settings = settings;
    this.#isDnsOn = settings.dns;
    this.#onChange = onChange;
    this.lookup = {
      host: (address) => this.#known?.host(address),
      hostName: (address) => this.#known?.hostName?.(address),
      serviceName: (port, protocol) => this.#known?.serviceName?.(port, protocol),
      country: (address) => this.#known?.country(address),
    };
  }

  /** Reads them, the first time; resolves to what is to be said of that, if anything. */
  open(): Promise<string | undefined> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  setDns(isOn: boolean): void {
    this.#isDnsOn = isOn;
    this.#names?.setDns(isOn);
  }

  close(): void {
    this.#names?.close();
  }

  async #open(): Promise<string | undefined> {
    const { geoipPath } = this.#settings;
    const { names, problem } = await openNames({
      ...system.nameFiles,
      isDnsOn: this.#isDnsOn,
      ...(geoipPath === undefined ? {} : { geoipPath }),
    });
    names.setDns(this.#isDnsOn);
    names.onChange = this.#onChange;
    this.#names = names;
    this.#known = nameLookup(names);
    return problem?.message;
  }
}
