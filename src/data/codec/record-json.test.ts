import { describe, expect, test } from 'bun:test';
import { assert, constantFrom, integer, jsonValue, oneof, property } from 'fast-check';
import { EveryColumn } from '../../every-column-seed.fixture.ts';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { MACHINE } from '../sample/machine-section.ts';
import { PROCESS_DETAIL } from '../sample/process-detail-section.ts';
import { DISKS } from '../schema/disks-section.ts';
import { JOURNAL } from '../schema/process-detail.ts';
import {
  amount,
  count,
  divisor,
  flag,
  list,
  optional,
  record,
  reference,
  seldom,
  text,
  time,
  unknownRecord,
  word,
} from '../schema/record.ts';
import { RecordCodec, SectionCodec } from './record-json.ts';

const ITEM = record({ name: text(), size: count('bytes') });
const SAMPLE = record({
  total: count('bytes', Number.NaN),
  load: amount(),
  ticks: divisor('ticks a second', 100),
  atMicros: time('microseconds'),
  label: text(),
  model: optional(text()),
  isOn: flag(),
  isTurning: optional(flag()),
  kind: word(['a', 'b'], 'b'),
  silence: seldom(word(['late'])),
  items: list(ITEM, 3),
  first: reference('items', ITEM),
});
const codec = new RecordCodec(SAMPLE);
const read = (json: unknown) => codec.read(json, 'sample');

describe('a declared record in JSON', () => {
  test('has what is known under names with underscores, and comes back', () => {
    const items = [
      { name: 'one', size: 1 },
      { name: 'two', size: undefined },
    ];
    const sample = {
      ...{ total: 7, load: -1.5, ticks: 250, atMicros: 1.25, label: 'x', model: '', isOn: true, items },
      ...{ isTurning: false, kind: 'a' as const, silence: 'late' as const, first: items[1] },
    };
    const json = codec.write(sample);
    expect(json).toEqual({
      ...{ total: 7, load: -1.5, ticks: 250, at_micros: 1.25, label: 'x', model: '', is_on: true },
      ...{
        is_turning: false,
        kind: 'a',
        silence: 'late',
        items: [{ name: 'one', size: 1 }, { name: 'two' }],
      },
      first_name: 'two',
    });
    const again = read(JSON.parse(JSON.stringify(json)));
    expect(again).toEqual(sample);
    expect(again.first).toBe(again.items[1]);
  });

  test('has nothing of what is unknown, and what is missing or null is unknown', () => {
    expect(codec.write(unknownRecord(SAMPLE))).toEqual({ ticks: 100, at_micros: 0, is_on: false, kind: 'b' });
    const nothing = { ...unknownRecord(SAMPLE), silence: undefined };
    expect(read({})).toEqual(nothing);
    expect(read({ total: null, model: null, items: null, kind: null, first_name: null })).toEqual(nothing);
  });

  test('numbers that cannot be are unknown, and what is too long is cut or refused', () => {
    const wrong = read(JSON.parse('{"total":-1,"load":1e999,"ticks":0,"at_micros":9e15,"kind":"c"}'));
    expect(wrong).toMatchObject({ total: Number.NaN, load: undefined, ticks: 100, atMicros: 0, kind: 'b' });
    expect(read({ total: 2 ** 64 }).total).toBe(2 ** 64);
    expect(read({ total: 2 ** 65 }).total).toBeNaN();
    expect(read({ total: 1.9 }).total).toBe(1);
    expect(read({ label: `\u001b${'a'.repeat(300)}` }).label).toBe(`·${'a'.repeat(255)}`);
    const many = Array.from({ length: 4 }, () => ({}));
    expect(codeOf(() => read({ items: many }))).toBe('TOO_MANY_ROWS');
    const written = codec.write({
      ...unknownRecord(SAMPLE),
      items: many.map(() => ({ name: 'x', size: 1 })),
    });
    expect(written).toMatchObject({ items: [{}, {}, {}] });
  });

  test('another type is refused', () => {
    const wrong = [[], 5, null, { total: '1' }, { label: 1 }, { is_on: 1 }, { items: {} }, { items: [1] }];
    for (const json of [...wrong, { kind: 1 }, { items: [{ name: 1 }] }, { first_name: 1 }]) {
      expect([json, codeOf(() => read(json))]).toEqual([json, 'BAD_VALUE']);
    }
  });
});

/** Values that JSON can hold and no machine would tell. */
const nonsense = oneof(
  jsonValue(),
  constantFrom(-1, 1e308, -1e308, 2 ** 53, 2 ** 64, 0.5, '', '\u001b[2J', null, true, [], {}, [[[]]]),
);

/** The message with the value at the n-th place of its tree replaced. */
function spoilt(message: unknown, place: number, value: unknown): unknown {
  let at = 0;
  const walk = (node: unknown): unknown => {
    if (at++ === place) return value;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, walk(child)]));
  };
  return walk(message);
}

describe('every section, wrong at any one place', () => {
  const seed = new EveryColumn(100);
  const header = seed.header();
  const [machine, disks, detail, journal] = [seed.machine(), seed.disks(), seed.detail(), seed.journal()];
  const codecs = {
    machine: [new SectionCodec(MACHINE), new SectionCodec(MACHINE).write({ header, section: machine })],
    disks: [new SectionCodec(DISKS), new SectionCodec(DISKS).write({ header, section: disks })],
    detail: [
      new SectionCodec(PROCESS_DETAIL),
      new SectionCodec(PROCESS_DETAIL).write({ header, section: detail }),
    ],
    journal: [new SectionCodec(JOURNAL), new SectionCodec(JOURNAL).write({ header, section: journal })],
  } as const;

  test.each(['machine', 'disks', 'detail', 'journal'] as const)(
    'is read or refused, and a whole one is read after it as before: %s',
    (name) => {
      const [codec, json] = codecs[name];
      let places = 0;
      JSON.stringify(json, (_, value) => {
        places++;
        return value;
      });
      assert(
        property(integer({ min: 0, max: places }), nonsense, (place, value) => {
          const code = codeOf(() => codec.read(spoilt(json, place, value)));
          expect(['nothing thrown', 'BAD_VALUE', 'TOO_MANY_ROWS']).toContain(code);
        }),
        { numRuns: 1500 },
      );
      expect(inOrder(codec.write(codec.read(json) as never))).toEqual(inOrder(json));
    },
  );
});

/** Rows that went and came again stand elsewhere: lists of rows are put in order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(inOrder);
    return typeof items[0] === 'object'
      ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, inOrder(field)]));
}
