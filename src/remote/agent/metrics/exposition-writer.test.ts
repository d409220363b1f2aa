import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseExposition } from './exposition-parser.fixture.ts';
import {
  counter,
  ExpositionWriter,
  encodeLabels,
  gauge,
  info,
  LabelledRows,
  labelText,
  NO_LABELS,
} from './exposition-writer.ts';
import type { MetricsFormat } from './negotiate.ts';

const REQUESTS = counter('http_request_seconds_total', 'Time spent.', 'seconds');
const LEVEL = gauge('level', 'A level.');
const BUILD = info('build_info', 'What was built.');

function written(format: MetricsFormat, write: (writer: ExpositionWriter) => void): string {
  const writer = new ExpositionWriter();
  writer.begin(format);
  write(writer);
  return new TextDecoder().decode(writer.finish());
}

function three(writer: ExpositionWriter): void {
  writer.scaled(REQUESTS, encodeLabels('code', '200'), 1_027_500, 3);
  writer.scaled(REQUESTS, encodeLabels('code', '400'), 3, 3);
  writer.sample(LEVEL, NO_LABELS, -0.25);
  writer.sample(BUILD, encodeLabels('path', 'C:\\DIR\\FILE.TXT', 'error', 'Cannot find:\n"FILE"'), 1);
}

test('the text format, to the letter (exposition_formats, version 0.0.4)', () => {
  expect(written('text', three)).toBe(`# HELP http_request_seconds_total Time spent.
# TYPE http_request_seconds_total counter
http_request_seconds_total{code="200"} 1027.5
http_request_seconds_total{code="400"} 0.003
# HELP level A level.
# TYPE level gauge
level -0.25
# HELP build_info What was built.
# TYPE build_info gauge
build_info{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find:\\n\\"FILE\\""} 1
`);
});

test('OpenMetrics, to the letter (version 1.0)', () => {
  expect(written('openmetrics', three)).toBe(`# TYPE http_request_seconds counter
# UNIT http_request_seconds seconds
# HELP http_request_seconds Time spent.
http_request_seconds_total{code="200"} 1027.5
http_request_seconds_total{code="400"} 0.003
# TYPE level gauge
# HELP level A level.
level -0.25
# TYPE build info
# HELP build What was built.
build_info{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find:\\n\\"FILE\\""} 1
# EOF
`);
});

test('a page without samples has no families', () => {
  const missing = (writer: ExpositionWriter): void => {
    writer.sample(LEVEL, NO_LABELS, Number.NaN);
    writer.sample(LEVEL, NO_LABELS, undefined);
    writer.sample(LEVEL, NO_LABELS, Number.POSITIVE_INFINITY);
    writer.scaled(REQUESTS, NO_LABELS, Number.NaN, 3);
    writer.scaled(REQUESTS, NO_LABELS, undefined, 3);
  };
  expect(written('text', missing)).toBe('');
  expect(written('openmetrics', missing)).toBe('# EOF\n');
});

describe('numbers', () => {
  const number = (write: (writer: ExpositionWriter) => void): string =>
    written('text', write).split('\n')[2]!.slice('level '.length);
  const sampled = (value: number): string => number((writer) => writer.sample(LEVEL, NO_LABELS, value));
  const scaled = (units: number, decimals: number): string =>
    number((writer) => writer.scaled(LEVEL, NO_LABELS, units, decimals));

  test.each([
    ...([
      [0, '0'],
      [-0, '0'],
      [7, '7'],
      [-7, '-7'],
      [2 ** 31, '2147483648'],
    ] as const),
    ...([
      [Number.MAX_SAFE_INTEGER, '9007199254740991'],
      [1e21, '1e+21'],
      [0.1, '0.1'],
      [5e-324, '5e-324'],
    ] as const),
  ])('%p', (value, text) => expect(sampled(value)).toBe(text));

  test.each([
    ...([
      [0, 2, '0'],
      [5, 2, '0.05'],
      [50, 2, '0.5'],
      [100, 2, '1'],
      [-5, 2, '-0.05'],
      [1010, 2, '10.1'],
    ] as const),
    ...([
      [1, 9, '0.000000001'],
      [Number.MAX_SAFE_INTEGER, 9, '9007199.254740991'],
      [12, 0, '12'],
    ] as const),
  ])('%p with %p decimals', (units, decimals, text) => expect(scaled(units, decimals)).toBe(text));

  test('come back as they were', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(finite, (value) => expect(Number(sampled(value))).toBe(value === 0 ? 0 : value)));
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => expect(Number(sampled(value))).toBe(value)));
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 9 }), (units, decimals) => {
        // Exact digits: as an integer with the point put in by hand.
        const digits = String(Math.abs(units)).padStart(decimals + 1, '0');
        const point = digits.length - decimals;
        const whole = `${units < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
        expect(scaled(units, decimals)).toBe(whole.replace(/\.?0*$/, '') || '0');
      }),
    );
  });
});

describe('labels', () => {
  test('carry any text, made valid and no more', () => {
    const valid = (text: string): string => text.replace(/(?!\n)\p{Cc}|\p{Surrogate}/gu, '\ufffd');
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const hostile = fc.oneof(
      text,
      fc.string({ unit: fc.constantFrom('\\', '"', '\n', '\0', '\ud800', '}', ',') }),
    );
    fc.assert(
      fc.property(hostile, hostile, (first, second) => {
        const page = written('text', (writer) =>
          writer.sample(LEVEL, encodeLabels('a', first, 'b', second), 1),
        );
        const [sample] = parseExposition(new TextEncoder().encode(page), 'text').get('level')!.samples;
        expect(sample!.labels).toEqual({ a: valid(first), b: valid(second) });
      }),
    );
  });

  test('that are missing are left out', () => {
    expect(labelText(['a', undefined, 'b', '1', 'c', undefined])).toBe('{b="1"}');
    expect(labelText(['a', undefined])).toBe('');
  });

  test('that come to the same are taken once, and past the limit none', () => {
    const rows = new LabelledRows<number>(2);
    expect([
      rows.add(1, 'a', '\0'),
      rows.add(2, 'a', '\x01'),
      rows.add(3, 'a', 'x'),
      rows.add(4, 'a', 'y'),
    ]).toEqual([true, false, true, false]);
    expect(rows.rows).toEqual([1, 3]);
    expect(rows.leftOut).toBe(2);
  });
});

test('a family whose name would break a format cannot be defined', () => {
  expect(() => counter('requests', 'Requests.')).toThrow('requests');
  expect(() => gauge('speed', 'Speed.', 'bytes')).toThrow('speed');
  expect(() => gauge('bad-name', 'Bad.')).toThrow('bad-name');
  expect(() => gauge('level', 'Two\nlines.')).toThrow('level');
});
