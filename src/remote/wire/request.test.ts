import { describe, expect, test } from 'bun:test';
import {
  anything,
  array,
  assert,
  boolean,
  constantFrom,
  integer,
  nat,
  option,
  property,
  string,
  subarray,
} from 'fast-check';
import { USAGE_COLUMNS } from '../../data/schema/process-columns.ts';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { type OriginalRequest, parseOriginalRequest, printOriginalRequest } from './original-protocol.ts';
import { printV2Request, readV2Request, V2_REQUESTS, type V2Request } from './v2-request.ts';

describe('requests of the original', () => {
  test('every request and its text', () => {
    const requests: OriginalRequest[] = [
      { request: 'get_metrics' },
      { request: 'get_disks' },
      { request: 'get_processes' },
      { request: 'get_process_metrics', pid: 1 },
      { request: 'get_journal_entries', pid: 4_294_967_295 },
    ];
    const texts = requests.map(printOriginalRequest);
    expect(texts).toEqual([
      ...['get_metrics', 'get_disks', 'get_processes'],
      ...['get_process_metrics:1', 'get_journal_entries:4294967295'],
    ]);
    expect(texts.map(parseOriginalRequest)).toEqual(requests);
  });

  test('pids as the original reads them', () => {
    expect(parseOriginalRequest('get_process_metrics:+007')).toEqual({
      request: 'get_process_metrics',
      pid: 7,
    });
    for (const pid of [
      '',
      ' 1',
      '1 ',
      '-1',
      '1.0',
      '0x1',
      '4294967296',
      '99999999999999',
      '1\n',
      '٣',
      '++1',
    ]) {
      expect(codeOf(() => parseOriginalRequest(`get_process_metrics:${pid}`))).toBe('BAD_REQUEST');
    }
  });

  test('anything else is refused, however long', () => {
    for (const text of [
      '',
      'GET_METRICS',
      'get_metrics ',
      'get_metrics:',
      'get_disks:1',
      'get_process_metrics',
      '{',
    ]) {
      expect(codeOf(() => parseOriginalRequest(text))).toBe('BAD_REQUEST');
    }
    expect(codeOf(() => parseOriginalRequest(`get_process_metrics:${'0'.repeat(5000)}1`))).toBe('TOO_LARGE');
    assert(
      property(string(), (text) =>
        ['BAD_REQUEST', 'nothing thrown'].includes(codeOf(() => parseOriginalRequest(text))),
      ),
    );
  });
});

describe('requests of socktop.v2', () => {
  test('what is printed is read', () => {
    const word = integer({ min: 1, max: 0xffff_ffff });
    const age = option(nat(3_600_000), { nil: undefined });
    assert(
      property(
        word,
        constantFrom(...V2_REQUESTS),
        age,
        word,
        array(word, { maxLength: 256 }),
        subarray([...USAGE_COLUMNS]),
        subarray([...USAGE_COLUMNS]),
        boolean(),
        boolean(),
        option(nat({ max: 1e9 }), { nil: undefined }),
        (...parts) => {
          const [id, request, maxAgeMillis, pid, visiblePids, columns, columnsOfAll, cgroups, isFull, at] =
            parts;
          const place = request === 'get_history' ? at : undefined;
          const needsPid = request === 'get_process_metrics' || request === 'get_journal_entries';
          const sent: V2Request = {
            id,
            request,
            maxAgeMillis,
            pid: needsPid ? pid : undefined,
            visiblePids,
            columns,
            columnsOfAll,
            cgroups,
            isFull,
            ...{ segment: place, from: place, length: place },
            period: request === 'get_totals' ? 'day' : undefined,
            before: request === 'get_totals' && isFull ? '2026-11-28' : undefined,
          };
          expect(readV2Request(printV2Request(sent))).toEqual(sent);
          expect(printV2Request(sent).length).toBeLessThanOrEqual(4096);
        },
      ),
    );
  });

  test('a refusal names the id where there is one', () => {
    const refusals: readonly (readonly [string, number, string])[] = [
      ['', 0, 'BAD_JSON'],
      ['[]', 0, 'BAD_VALUE'],
      ['{"id":7}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_everything"}', 7, 'BAD_REQUEST'],
      ['{"id":0,"request":"get_metrics"}', 0, 'BAD_REQUEST'],
      ['{"id":1.5,"request":"get_metrics"}', 0, 'BAD_REQUEST'],
      ['{"id":4294967296,"request":"get_metrics"}', 0, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_process_metrics"}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_totals"}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_totals","period":"year"}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_totals","period":"day","before":"2026-11"}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_totals","period":"day","before":"2026-11T28"}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_totals","period":"day","before":"../../../x"}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_totals","period":"day","before":7}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_process_metrics","pid":-1}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_metrics","max_age_ms":"1"}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_metrics","max_age_ms":-1}', 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_processes","visible_pids":[1,"2"]}', 7, 'BAD_REQUEST'],
      [`{"id":7,"request":"get_processes","visible_pids":[${'1,'.repeat(256)}1]}`, 7, 'BAD_REQUEST'],
      ['{"id":7,"request":"get_processes","columns":"read_bytes"}', 7, 'BAD_REQUEST'],
      [`{"id":7,"request":"get_processes","columns_of_all":[${'"a",'.repeat(64)}"a"]}`, 7, 'BAD_REQUEST'],
      [`{"id":7,"request":"get_metrics","x":"${'x'.repeat(4096)}"}`, 0, 'TOO_LARGE'],
    ];
    for (const [text, id, code] of refusals) {
      const read = readV2Request(text);
      expect('error' in read ? [text, read.id, read.error.code] : [text, 'read']).toEqual([text, id, code]);
    }
  });

  test('unknown fields are passed over, an age beyond an hour is an hour', () => {
    const read = readV2Request('{"id":7,"request":"get_metrics","max_age_ms":1e300,"colour":"blue"}');
    expect(read).toMatchObject({ id: 7, request: 'get_metrics', maxAgeMillis: 3_600_000, isFull: false });
  });

  test('columns are those of the messages, and unknown ones are ignored', () => {
    const columns = ['colour', 7, 'pid', '__proto__', 'written_bytes'];
    const text = JSON.stringify({ id: 7, request: 'get_processes', columns, columns_of_all: ['read_bytes'] });
    expect(readV2Request(text)).toMatchObject({ columns: ['writtenBytes'], columnsOfAll: ['readBytes'] });
  });

  test('nothing makes it throw', () => {
    assert(
      property(anything(), (value) => typeof readV2Request(JSON.stringify(value) ?? '').id === 'number'),
    );
    assert(property(string(), (text) => typeof readV2Request(text).id === 'number'));
  });
});
