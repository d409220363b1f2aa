import type { OpError } from '../../kit/errors/op-error.ts';
import {
  Countries,
  countryDatabasePaths,
  type FoundCountryDatabase,
  findCountryDatabase,
  openCountryDatabase,
} from './country.ts';
import { readHosts } from './hosts-file.ts';
import { ReverseDns, type ReverseResolver } from './reverse-dns.ts';
import { readServiceNames, type ServiceNames, type ServiceProtocol } from './services.ts';

/** What names are drawn from. Every file may be missing but the one of `geoipPath`. */
interface NamesOptions {
  /** Whether remote hosts are asked for by name from the start. */
  readonly isDnsOn: boolean;
  /** A country database that must be usable; without it those in `countryFolders` are tried. */
  readonly geoipPath?: string | undefined;
  readonly countryFolders: readonly string[];
  /** services(5). */
  readonly servicesPath: string;
  /** hosts(5). */
  readonly hostsPath: string;
  readonly resolver?: ReverseResolver;
}

/** Parts of `Names` that the caller has already read. */
interface NamesParts {
  readonly isDnsOn: boolean;
  readonly services: ServiceNames;
  readonly countries: Countries;
  readonly hosts?: ReadonlyMap<string, string>;
  readonly resolver?: ReverseResolver;
}

/** Names for numbers, from what is known by now. Only `host` asks the outside, and `onChange` says when it knows. */
export class Names {
  /** Called when host names have come or gone, at most once in 100 ms. */
  onChange: (() => void) | undefined;
  readonly #services: ServiceNames;
  readonly #countries: Countries;
  readonly #dns: ReverseDns;

  constructor(parts: NamesParts) {
    this.#services = parts.services;
    this.#countries = parts.countries;
    this.#dns = new ReverseDns({
      isEnabled: parts.isDnsOn,
      onChange: () => this.onChange?.(),
      ...(parts.hosts === undefined ? {} : { hosts: parts.hosts }),
      ...(parts.resolver === undefined ? {} : { resolver: parts.resolver }),
    });
  }

  get isDnsOn(): boolean {
    return this.#dns.isEnabled;
  }

  setDns(isOn: boolean): void {
    this.#dns.setEnabled(isOn);
  }

  /** Name of a port (services(5)): `https`, `quic`. */
  service(port: number, protocol: ServiceProtocol): string | undefined {
    return this.#services.name(port, protocol);
  }

  /** Name of an address (as `addressText` writes it); undefined while it is not known, and always while DNS is off. */
  host(address: string): string | undefined {
    return this.#dns.isEnabled ? this.#dns.nameOf(address) : undefined;
  }

  /** Like `host`, but only from the cache: starts no lookup. */
  knownHost(address: string): string | undefined {
    return this.#dns.isEnabled ? this.#dns.knownName(address) : undefined;
  }

  /** ISO 3166-1 code, or `private`, `loopback`, `multicast` and the like (AddressRange). */
  country(address: string): string | undefined {
    return this.#countries.country(address);
  }

  /** Ends look-ups and timers at once; what is known stays. */
  close(): void {
    this.#dns.close();
  }
}

/** Names, and why a country database that was found could not be used. */
interface NamesResult {
  readonly names: Names;
  readonly problem?: OpError;
}

/** Reads the tables and the database; an OpError that names the file where `geoipPath` cannot be used. */
export async function openNames(options: NamesOptions): Promise<NamesResult> {
  const [services, hosts, { database, problem }] = await Promise.all([
    readServiceNames(options.servicesPath),
    readHosts(options.hostsPath),
    countryDatabase(options),
  ]);
  const { isDnsOn, resolver } = options;
  const parts = { isDnsOn, services, hosts, countries: new Countries(database) };
  const names = new Names(resolver === undefined ? parts : { ...parts, resolver });
  return problem === undefined ? { names } : { names, problem };
}

async function countryDatabase({ geoipPath, countryFolders }: NamesOptions): Promise<FoundCountryDatabase> {
  if (geoipPath === undefined) return await findCountryDatabase(countryDatabasePaths(countryFolders));
  return { database: await openCountryDatabase(geoipPath) };
}
