import type { FilterExpression } from '../src/data/query/filter/filter-expression.ts';
import { parseFilter } from '../src/data/query/filter/parse-filter.ts';
import { complain } from './messages.ts';
import type { SstopInput } from './sstop-input.ts';
import type { Settings } from './sstop-settings.ts';

/** The filter of the command line; undefined: it cannot be read, and why has been said. */
export function readFilterOption(
  { filter }: Pick<Settings, 'filter'>,
  { names }: Pick<SstopInput, 'names'>,
): FilterExpression | undefined {
  const parsed = parseFilter(filter, {
    hostName: (address) => names.host(address),
    serviceName: (port, protocol) => names.service(port, protocol),
  });
  if (!('error' in parsed)) return parsed.filter;
  complain('sstop', `option '--filter <expression>': ${parsed.error.message}`);
  return undefined;
}
