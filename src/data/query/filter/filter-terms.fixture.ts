import * as fc from 'fast-check';
import {
  type Alternative,
  type Comparison,
  type FilterTerm,
  type FilterTest,
  parsePrefix,
} from './filter-term.ts';

const comparison = fc.constantFrom<Comparison>('=', '<', '<=', '>', '>=');
const textMatch = fc.constantFrom('contains', 'equals');

/** Small worlds have few ports, so that random filters hit something. */
const port = fc.constantFrom(0, 22, 53, 80, 443, 5000, 65_535);

/** Anything that can be typed, quotes, bars and spaces of all kinds among it. */
export const anyText = fc
  .oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ maxLength: 8, unit: 'binary' }),
    fc.string({
      maxLength: 6,
      unit: fc.constantFrom('"', '\\', '|', '!', ' ', ':', '<', '=', 'a', ',', '/'),
    }),
    fc.constantFrom('curl', 'nginx', '9', 'user-1000', '10.0.0.5', '192.0.2'),
  )
  .map((text) => text.toLowerCase());

function numbers(key: 'port' | 'pid'): fc.Arbitrary<FilterTest> {
  const values = key === 'port' ? port : fc.constantFrom(0, 7, 8, 9, 400, 2 ** 31 - 1);
  return fc.oneof(
    fc
      .array(values, { minLength: 1, maxLength: 3 })
      .map((list) => ({ key, comparison: '=' as const, values: list })),
    fc.record({ key: fc.constant(key), comparison, values: values.map((value) => [value]) }),
  );
}

const rate = fc.oneof(
  fc.constantFrom(0, 1, 100, 1024, 1536, 0.5, 1024 ** 2, Number.MAX_SAFE_INTEGER),
  fc.nat(1_000_000_000),
);

const prefix = fc
  .constantFrom(
    ...['0.0.0.0/0', '10.0.0.0/8', '192.0.2.0/24', '192.0.2.1/32', '192.0.2.2/31', '::/0', '2001:db8::/32'],
    ...['2001:db8::1/128', '2001:db8:0:1::/63', '::ffff:192.0.2.0/120'],
  )
  .map((text) => parsePrefix(text)!);

function texts(key: 'host' | 'group', text: fc.Arbitrary<string>): fc.Arbitrary<FilterTest> {
  return fc.record({ key: fc.constant(key), match: textMatch as fc.Arbitrary<'contains' | 'equals'>, text });
}

function names(key: 'user' | 'svc', text: fc.Arbitrary<string>): fc.Arbitrary<FilterTest> {
  return fc.record({ key: fc.constant(key), match: fc.constant('equals' as const), text });
}

/** Any test that a filter can be made of, its texts drawn from `text`. */
export function filterTest(text: fc.Arbitrary<string>): fc.Arbitrary<FilterTest> {
  return fc.oneof<fc.Arbitrary<FilterTest>[]>(
    fc.record({ key: fc.constant('text' as const), text }),
    numbers('port'),
    numbers('pid'),
    fc.record({ key: fc.constantFrom('up' as const, 'down' as const), comparison, value: rate }),
    fc.record({ key: fc.constant('conns' as const), comparison, value: fc.nat(5) }),
    fc.record({
      key: fc.constant('proto' as const),
      protocols: fc.array(fc.constantFrom('tcp' as const, 'udp' as const), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      key: fc.constant('state' as const),
      states: fc.array(fc.constantFrom('ESTAB', 'LISTEN', 'TIME_WAIT', 'UNCONN', 'CLOSE'), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
    texts('host', text),
    texts('group', text),
    names('user', text),
    names('svc', text),
    fc.record({ key: fc.constant('network' as const), prefix }),
  );
}

/** A filter's terms: alternatives of terms that hold together. */
export function filterTerms(text: fc.Arbitrary<string>): fc.Arbitrary<Alternative[]> {
  const term: fc.Arbitrary<FilterTerm> = fc.record({ isNegated: fc.boolean(), test: filterTest(text) });
  return fc.array(fc.array(term, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
}
