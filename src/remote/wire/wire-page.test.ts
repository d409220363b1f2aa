import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withUnderscores } from '../../data/codec/json-values.ts';
import type { MessageShape } from '../../data/codec/protobuf.ts';
import { jsonNameOf } from '../../data/codec/record-json.ts';
import { jsonColumnsOf } from '../../data/codec/table-json.ts';
import { MACHINE } from '../../data/sample/machine-section.ts';
import { PROCESS_DETAIL } from '../../data/sample/process-detail-section.ts';
import { CONTROL_GROUPS } from '../../data/schema/control-groups-section.ts';
import { DISKS } from '../../data/schema/disks-section.ts';
import { JOURNAL } from '../../data/schema/process-detail.ts';
import type { Shape } from '../../data/schema/record.ts';
import { SECTION, SNAPSHOT_HEADER } from '../../data/schema/section-facts.ts';
import { PROCESSES_SHAPE } from './processes.generated.ts';
import { NETWORK_REPLY_SHAPE, PROCESSES_REPLY_SHAPE } from './socktop-v2.generated.ts';
import { CAPABILITIES } from './v2-reply.ts';
import { V2_REQUESTS } from './v2-request.ts';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/WIRE.md', import.meta.url)), 'utf8');
const ORIGINAL_MESSAGES = ['original-metrics', 'error-reply'];
const RECORDS = [
  SNAPSHOT_HEADER,
  SECTION,
  CAPABILITIES,
  MACHINE,
  DISKS,
  CONTROL_GROUPS,
  PROCESS_DETAIL,
  JOURNAL,
];
function protobufFields({ fields }: MessageShape): string[] {
  return fields.flatMap(({ name, message }) => [
    name,
    ...(message === undefined ? [] : protobufFields(message)),
  ]);
}

/** The names that a codec's source gives to the fields of its messages, as they are on the wire. */
function jsonFields(file: string): string[] {
  const source = readFileSync(`${HERE}${file}.ts`, 'utf8');
  const fields = /^ {2,4}(?:readonly )?([a-z_]+): (?!string)[a-z]\w*[ ,(]/gm;
  const names = [...source.matchAll(fields)].map(([, name = '']) => name);
  return names.filter((name) => name !== 'read' && name !== 'write');
}

/** The names that declared fields have on the wire. */
function declaredFields(shape: Shape): string[] {
  switch (shape.kind) {
    case 'optional':
      return declaredFields(shape.field.shape);
    case 'list':
      return declaredFields(shape.item.shape);
    case 'record':
      return Object.entries(shape.fields).flatMap(([name, { shape, internal }]) =>
        internal === undefined ? [jsonNameOf(name, shape), ...declaredFields(shape)] : [],
      );
    case 'columns':
      return Object.keys(shape.columns).map(withUnderscores);
    case 'rows':
      return jsonColumnsOf(shape).map(({ onWire }) => onWire);
    default:
      return [];
  }
}

const isMissing = (name: string): boolean => !PAGE.includes(`\`${name}\``);

test('docs/WIRE.md names every field of every message, and every request', () => {
  const binary = [PROCESSES_SHAPE, PROCESSES_REPLY_SHAPE, NETWORK_REPLY_SHAPE].flatMap(protobufFields);
  const wordOf = (name: string): string => (/^key[0-3]$/.test(name) ? 'key0' : name);
  expect(binary.map(wordOf).filter(isMissing)).toEqual([]);
  const declared = RECORDS.flatMap(({ shape }) => declaredFields(shape));
  expect(declared.length).toBeGreaterThan(150);
  const json = [...ORIGINAL_MESSAGES.flatMap(jsonFields), ...declared];
  expect(json.length).toBeGreaterThan(200);
  expect(json.filter(isMissing)).toEqual([]);
  expect(V2_REQUESTS.filter(isMissing)).toEqual([]);
});
