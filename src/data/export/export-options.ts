import type { OwnerFilter } from '../query/filter/filter-context.ts';
import type { Sort } from '../query/process-fields.ts';
import type { Scope } from '../query/scope.ts';

/** What an export is about, and who knows names. Exports keep exited processes, whatever the scope says. */
export interface ExportOptions {
  readonly scope: Scope;
  readonly sort: Sort;
  /** Narrows processes, groups and listening ports; hosts and interfaces stay whole. */
  readonly filter?: OwnerFilter;
  /** Name of a remote address, if it is known by now. */
  readonly hostName?: (address: string) => string | undefined;
  readonly serviceName?: (port: number, protocol: 'tcp' | 'udp') => string | undefined;
  readonly country?: (address: string) => string | undefined;
}
