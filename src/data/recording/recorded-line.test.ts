import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { OpError } from '../../kit/errors/op-error.ts';
import { NETWORK_TABLE_NAMES, toldNetworkTable } from '../codec/told-table.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { LineAssembler, type RecordedLine } from './recorded-line.ts';
import { RecordedTables } from './recorded-tables.ts';
import { RecordingParts } from './recording-parts.ts';
import { RecordedWorld } from './recording-world.fixture.ts';

const NEVER = { due: () => false, rest: () => Promise.resolve() };

/** The parts of a true line as objects, to be spoilt. */
async function trueParts(): Promise<Record<string, unknown>[]> {
  const { header, network } = new RecordedWorld().next();
  const facts = { header, errors: [], unrecordedCount: 0 };
  const parts = await new RecordingParts().encode(network!, facts, NEVER);
  return parts.map((part) => JSON.parse(Buffer.from(part).toString()));
}

function lineOf(parts: readonly unknown[]): Buffer {
  const texts = parts.map((part) => JSON.stringify(part));
  const lengths = texts.map((text) => Buffer.byteLength(text)).join(',');
  return Buffer.from(
    `{"sstop_recording":1,"lengths":[${lengths}],"snapshot":[${texts.join(',')}],"schema":1}\n`,
  );
}

function assemble(bytes: Uint8Array, step = bytes.length): RecordedLine[] {
  const assembler = new LineAssembler();
  const lines: RecordedLine[] = [];
  for (let at = 0; at < bytes.length; at += step) assembler.push(bytes.subarray(at, at + step), lines);
  return lines;
}

async function codeOf(parts: readonly unknown[], tables = new RecordedTables()): Promise<string> {
  try {
    for (const line of assemble(lineOf(parts))) await tables.apply(line, NEVER);
    return 'taken';
  } catch (thrown) {
    if (!(thrown instanceof OpError)) throw thrown;
    expect(thrown.message).not.toContain('\n');
    return thrown.code;
  }
}

describe('text becomes lines', () => {
  test('however it is cut into pieces', async () => {
    const bytes = Buffer.concat([lineOf(await trueParts()), lineOf(await trueParts()), Buffer.from('{"sst')]);
    const whole = assemble(bytes);
    expect(whole).toHaveLength(2);
    for (const step of [1, 2, 7, 100, 1000]) expect(assemble(bytes, step)).toEqual(whole);
  });

  test('or an OpError, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (text, kept) => {
        const start = '{"sstop_recording":1,"lengths":[2,12],"snapshot":[{},{"a":1}'.slice(0, kept);
        try {
          assemble(Buffer.from(`${start}${text}\n`));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(OpError);
        }
      }),
    );
  });

  test('and a line without an end takes no memory', async () => {
    const assembler = new LineAssembler();
    const lines: RecordedLine[] = [];
    assembler.push(lineOf(await trueParts()).subarray(0, -1), lines);
    const piece = Buffer.alloc(1 << 20, 'x');
    const push = (): void => {
      for (let i = 0; i < 513; i++) assembler.push(piece, lines);
    };
    expect(push).toThrow('the length of a line');
    expect(lines).toEqual([]);
  });
});

describe('every field is checked', () => {
  const wrong: readonly unknown[] = [
    undefined,
    null,
    'x',
    [],
    {},
    -5e9,
    1e300,
    0.5,
    true,
    [1],
    ['x'],
    [null],
  ];

  /** What may stand there though it is not what stood there. */
  function isAllowed(
    section: NetworkSection,
    part: Record<string, unknown>,
    field: string,
    value: unknown,
  ): boolean {
    if (['part', 'rows', 'network'].includes(field)) return false;
    if (part['part'] === 'header') {
      if (field === 'hostName' || field === 'bootId') return value === 'x';
      if (field === 'errors') return Array.isArray(value) && value.length === 0;
      if (field === 'bootWallMillis' && value === null) return true;
      return value === 0.5 || (field === 'epoch' && value === 1e300);
    }
    const name = NETWORK_TABLE_NAMES.find((known) => known === part['part'])!;
    const { format, numbers, texts } = toldNetworkTable(section, name);
    if (Array.isArray(value))
      return part['rows'] === 1 && value.every((one) => isAllowed(section, part, field, one));
    const text = texts.find((column) => column.format.name === field);
    if (text !== undefined) {
      return value === 'x' || value === undefined || (value === null && text.format.isOptional);
    }
    const column = numbers.find((known) => known.format.name === field)?.format;
    // A column that the recorder did not know; what a row is found by has to be there.
    if (value === undefined) return column !== undefined && !format.keyColumns.includes(column);
    return column?.isDouble === true ? value === null || value === 0.5 || value === 1 : value === 1;
  }

  test('of every part: a wrong value is refused and leaves the tables as they were', async () => {
    const parts = await trueParts();
    const tables = new RecordedTables();
    expect(await codeOf(parts, tables)).toBe('taken');
    const before = await tables.apply(assemble(lineOf(parts))[0]!, NEVER);
    const counts = (): number[] => [
      before.owners.slots.count,
      before.sockets.slots.count,
      before.traffic.slots.count,
    ];
    const expected = counts();
    for (const [at, part] of parts.entries()) {
      for (const field of Object.keys(part)) {
        for (const value of wrong) {
          const spoilt = parts.with(at, { ...part, [field]: value });
          const code = await codeOf(spoilt, tables);
          const allowed = isAllowed(before, part, field, value) ? 'taken' : 'BAD_VALUE';
          expect([part['part'], field, value, code]).toEqual([part['part'], field, value, allowed]);
          expect(counts()).toEqual(expected);
        }
      }
    }
  });

  test('parts in a wrong order, unknown ones, too many rows and references to rows that are not there', async () => {
    const parts = await trueParts();
    expect(await codeOf([...parts.slice(0, 1), ...parts.slice(1).reverse()])).toBe('BAD_VALUE');
    expect(await codeOf([...parts, { part: 'constructor', rows: 1 }])).toBe('BAD_VALUE');
    expect(await codeOf([parts[0], { ...parts[1], rows: 1e6 }])).toBe('BAD_VALUE');
    const traffic = parts.findIndex(({ part }) => part === 'traffic');
    expect(await codeOf(parts.with(traffic, { ...parts[traffic], subject: 99_999 }))).toBe('BAD_VALUE');
    expect(await codeOf(parts.with(traffic, { ...parts[traffic], subject: -1 }))).toBe('BAD_VALUE');
    expect(await codeOf([parts[0]])).toBe('taken');
  });

  test('nesting that no parser survives, and names that objects have', async () => {
    const [header] = await trueParts();
    const deep = `${'['.repeat(1_000_000)}`;
    const bytes = Buffer.from(
      `{"sstop_recording":1,"lengths":[${deep.length}],"snapshot":[${deep}],"a":1}\n`,
    );
    expect(() => assemble(bytes)).toThrow(OpError);
    expect(await codeOf([{ ...header, hostName: ['__proto__'] }])).toBe('BAD_VALUE');
    expect(await codeOf([JSON.parse('{"__proto__":{"part":"header"}}')])).toBe('BAD_VALUE');
  });

  test('a key that is there twice is one row', async () => {
    const parts = await trueParts();
    const hosts = parts.findIndex(({ part }) => part === 'hosts');
    const same = {
      part: 'hosts',
      rows: 3,
      serial: [1, 2, 2],
      connectionCount: 1,
      key0: 1,
      key1: 0,
      key2: 0,
      key3: 0,
    };
    const spoilt = [...parts.slice(0, hosts), same];
    const section = await new RecordedTables().apply(assemble(lineOf(spoilt))[0]!, NEVER);
    expect(section.hosts.slots.count).toBe(1);
  });
});
