import type { Names } from '../../data/names/names.ts';
import type { NameFiles } from '../../data/sample/platform.ts';
import type { NameLookup } from '../../views/network/network-list.ts';
import type { Settings } from './settings.ts';

/** Name lookups of the network views; empty before names are loaded. */
export function nameLookup(known: () => Names | undefined): NameLookup {
  return {
    host: (address) => known()?.host(address),
    // For filters and sorting over all hosts: cached names only, without thousands of lookups.
    hostName: (address) => known()?.knownHost(address),
    serviceName: (port, protocol) => known()?.service(port, protocol),
    country: (address) => known()?.country(address),
    areShown: () => known()?.isDnsOn ?? true,
  };
}

/** Names for network views, loaded only when one is opened. */
export class DeferredNames {
  /** Empty until `open` has resolved. */
  readonly lookup: NameLookup;
  readonly #settings: Pick<Settings, 'dns' | 'geoipPath'>;
  readonly #nameFiles: NameFiles;
  readonly #onChange: () => void;
  #isDnsOn: boolean;
  #names: Names | undefined;
  #opening: Promise<string | undefined> | undefined;

  constructor(settings: Pick<Settings, 'dns' | 'geoipPath'>, nameFiles: NameFiles, onChange: () => void) {
    this.#settings = settings;
    this.#nameFiles = nameFiles;
    this.#isDnsOn = settings.dns;
    this.#onChange = onChange;
    this.lookup = nameLookup(() => this.#names);
  }

  /** Loads the names once; resolves to a problem to report, if any. */
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
    const { openNames } = await import('../../data/names/names.ts');
    const { names, problem } = await openNames({
      ...this.#nameFiles,
      isDnsOn: this.#isDnsOn,
      geoipPath: this.#settings.geoipPath,
    });
    names.setDns(this.#isDnsOn);
    names.onChange = this.#onChange;
    this.#names = names;
    return problem?.message;
  }
}
