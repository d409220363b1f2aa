import { expect, test } from 'bun:test';
import { dirname } from 'node:path';
import { SSTOP } from './testing/executables.ts';
import { OLD_RECORDINGS, play, playings } from './testing/old-recordings.ts';

/** Columns of socktop's processes that came after 0.1: the last ones, unknown in its recordings. */
const NEWER_COLUMNS = [
  { json: 'context_switch_rate', csv: 'context_switches_per_s' },
  { json: 'run_delay_rate', csv: 'run_delay_ms_per_s' },
  { json: 'block_delay_rate', csv: 'block_delay_ms_per_s' },
  { json: 'major_fault_rate', csv: 'major_faults_per_s' },
  { json: 'io_call_rate', csv: 'io_calls_per_s' },
  { json: 'memory_delay_rate', csv: 'memory_delay_ms_per_s' },
];

/** Health of a process or a host, of a connection, and of a listener, unknown: some have names that others had before. */
const HEALTH = [
  ...[
    'rtt_us',
    'rtt_min_us',
    'rtt_p95_us',
    'connect_us',
    'retransmitted_ratio',
    'retransmits',
    'data_segments',
  ],
  ...['reorderings', 'refused', 'timed_out', 'resets', 'drops', 'receive_queue', 'send_queue'],
];
const CONNECTION_HEALTH = [
  ...['rtt_min_us', 'retransmitted_ratio', 'data_segments', 'reorderings', 'receive_queue', 'send_queue'],
];
const unknown = (names: readonly string[]): string => names.map((name) => `"${name}":null`).join(',');

/** Members of sstop's JSON that came after 0.1, as they are where they are unknown. */
const NEWER_MEMBERS = [
  ...[unknown(HEALTH), unknown(CONNECTION_HEALTH), unknown(['accept_queue', 'accept_queue_limit', 'drops'])],
  '"troubles":[]',
  ...['"container_name":null', '"network_namespace":null', '"name_basis":null', '"alpn":null'],
  ...['"names":[]', '"names":"none"'],
];

/** What is played, without the columns that 0.1 did not have; they have to be there. Unknown numbers as 0.1 had them. */
function withoutNewer(played: string, expected: string): string {
  if (expected.endsWith('.sstop.json')) {
    return NEWER_MEMBERS.reduce((text, member) => text.replaceAll(`,${member}`, ''), played);
  }
  if (!expected.includes('.socktop.')) return played;
  // 0.1 said 0 where there was no list.
  if (expected.endsWith('.txt')) return played.replace('  - processes  ', '  0 processes  ');
  return NEWER_COLUMNS.reduceRight((text, { json, csv }) => {
    if (expected.endsWith('.json')) return text.replaceAll(`,"${json}":null}`, '}');
    return expected.endsWith('.csv') ? text.replace(`,${csv}\n`, ',\n').replaceAll(',\n', '\n') : text;
  }, played);
}

test.each(playings())(
  'a recording of version 0.1 plays back as 0.1 played it: $expected',
  async (playing) => {
    const expected = await Bun.file(`${OLD_RECORDINGS}/${playing.expected}`).text();
    expect(expected).not.toBe('');
    const played = await play(dirname(SSTOP), playing);
    expect(withoutNewer(played, playing.expected)).toBe(expected);
  },
);
