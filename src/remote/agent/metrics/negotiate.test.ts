import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { contentTypeOf, negotiate } from './negotiate.ts';

describe('what asks for OpenMetrics', () => {
  test.each([
    'application/openmetrics-text',
    'application/openmetrics-text; version=1.0.0',
    'APPLICATION/OpenMetrics-Text;VERSION="1.0.0";charset=utf-8',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    // Prometheus 2.42.
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'text/plain;q=0.9, application/openmetrics-text',
    'application/*;q=0.7, text/*;q=0.5',
    // Named beside a range that matches anything: of two alike the one named more closely.
    'application/openmetrics-text, */*',
    'text/plain;q=0, */*',
  ])('%s', (accept) => expect(negotiate(accept)).toBe('openmetrics'));
});

describe('what gets the text format', () => {
  test.each([
    null,
    '',
    '*/*',
    'text/plain',
    'text/html, */*;q=0.8',
    'text/plain;version=0.0.4;q=0.5, application/openmetrics-text;q=0.4',
    'text/plain, application/openmetrics-text',
    'application/openmetrics-text;q=0, */*;q=0.1',
    // A version that is not served, and q-values that are none.
    'application/openmetrics-text;version=2.0.0, text/plain;q=0.1',
    'application/openmetrics-text;version=0.0.1',
    'application/openmetrics-text;q=9, text/plain;q=0.1',
    'application/openmetrics-text;q=1.5',
    'application/json',
    'openmetrics-text',
    'x;y="application/openmetrics-text, application/openmetrics-text"',
    `application/openmetrics-text,${' '.repeat(5000)}`,
  ])('%s', (accept) => expect(negotiate(accept)).toBe('text'));
});

test('a header of any text ends in one of the two', () => {
  const pieces = fc.constantFrom(
    ...['application/openmetrics-text', 'text/plain', '*/*', ';', ',', 'q=', '0.5'],
  );
  const header = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }).map((each) => each.join(''));
  fc.assert(fc.property(header, (accept) => ['text', 'openmetrics'].includes(negotiate(accept))));
});

test('the content types of both', () => {
  expect(contentTypeOf('text')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(contentTypeOf('openmetrics')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
});
