import type { Names } from '../../data/names/names.ts';
import type { NameFiles } from '../../data/sample/operating-system.ts';
import type { NameLookup } from '../../views/network/network-list.ts';
import type { Settings } from './settings.ts';

/** What is known of names, as the network views ask for it; nothing before there are names. */
export function nameLookup(known: () => Names | undefined): NameLookup {
  return {
    host: (address) => known()?.host(address),
    // For filters and orders over all hosts: what is known, without asking for thousands of names.
    hostName: (address) => known()?.knownHost(address),
    serviceName: (port, protocol) => known()?.service(port, protocol),
    country: (address) => known()?.country(address),
    areShown: () => known()?.isDnsOn ?? true,
  };
}

/** Names for network views that may never be opened: nothing is read before they are. */
export class DeferredNames {
  /** Knows nothing before `open` has resolved. */
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
    const { openNames } = await import('../../data/names/names.ts');
    const { names, problem } = await openNames({
      ...this.#nameFiles,
      isDnsOn: this.#isDnsOn,
      ...(geoipPath === undefined ? {} : { geoipPath }),
    });
    names.setDns(this.#isDnsOn);
    names.onChange = this.#onChange;
    this.#names = names;
    return problem?.message;
  }
}
