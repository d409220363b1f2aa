import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MessageShape } from '../../data/codec/protobuf.ts';
import { PROCESSES_SHAPE } from './processes.generated.ts';
import { NETWORK_REPLY_SHAPE, PROCESSES_REPLY_SHAPE } from './socktop-v2.generated.ts';
import { V2_REQUESTS } from './v2-request.ts';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/WIRE.md', import.meta.url)), 'utf8');
const JSON_MESSAGES = [
  ...['original-metrics', 'original-process-detail', 'machine-message', 'disks-message', 'process-message'],
  ...['agent-capabilities', 'section-json', 'error-reply'],
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
  const names = [...source.matchAll(/^ {2}readonly (\w+): /gm)].map(([, name = '']) => name);
  return names.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

const isMissing = (name: string): boolean => !PAGE.includes(`\`${name}\``);

test('docs/WIRE.md names every field of every message, and every request', () => {
  const binary = [PROCESSES_SHAPE, PROCESSES_REPLY_SHAPE, NETWORK_REPLY_SHAPE].flatMap(protobufFields);
  const wordOf = (name: string): string => (/^key[0-3]$/.test(name) ? 'key0' : name);
  expect(binary.map(wordOf).filter(isMissing)).toEqual([]);
  const json = JSON_MESSAGES.flatMap(jsonFields);
  expect(json.length).toBeGreaterThan(150);
  expect(json.filter(isMissing)).toEqual([]);
  expect(V2_REQUESTS.filter(isMissing)).toEqual([]);
});
