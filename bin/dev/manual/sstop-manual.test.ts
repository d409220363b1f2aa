import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { TIERS_OF } from '../../../src/data/sample/network-sample.ts';
import { sstopCommand } from '../../../src/programs/cli/sstop-command.ts';
import { manualPage } from './manual-page.ts';
import { sstopManual } from './sstop-manual.ts';

const VOCABULARY = {
  version: '1.2.3',
  themeNames: ['dusk', 'dawn'],
  tiers: TIERS_OF.linux,
  sortKeys: ['rate', 'name'],
  filterKeys: [],
};
const KEYS = [{ title: 'Views', lines: [{ keys: "' / ` / \\ / .", description: 'Remote hosts' }] }];
const HEAD = { name: 'tool', section: 1, source: 'tool 1', book: 'Tests' };
const groff = Bun.which('groff');
const mandoc = Bun.which('mandoc');

interface Formatted {
  readonly text: string;
  readonly complaints: string;
}

/** The page as a terminal of `columns` shows it, without its fonts; groff's words about it. */
function formatted(page: string, columns: number): Formatted {
  const command = [groff ?? '', '-man', '-Tutf8', '-ww', `-rLL=${columns}n`, '-P-cbou'];
  const run = Bun.spawnSync(command, { stdin: Buffer.from(page) });
  return { text: run.stdout.toString(), complaints: run.stderr.toString() };
}

test('every option is there, with its choices and defaults, and every key that was handed in', () => {
  const page = sstopManual(VOCABULARY, KEYS);
  for (const option of sstopCommand(VOCABULARY).options) {
    expect(page).toContain(`\\fB${(option.long ?? '').replaceAll('-', '\\-')}\\fR`);
  }
  expect(page).toContain('\\(dqdusk\\(dq, \\(dqdawn\\(dq');
  expect(page).toContain('Remote hosts.');
  expect(page).toStartWith('.TH "SSTOP" "1" "" "sstop 1.2.3" "User Commands"\n');
});

test('nothing that stands in a text becomes a request or an escape', () => {
  const text = '.SH NOT\n\'br\n\\fBnot bold\\fR a-b "q" ^~ `.TH` <value>';
  const page = manualPage(HEAD, [
    {
      title: 'S',
      blocks: [
        { kind: 'paragraph', text },
        { kind: 'lines', lines: ['.x', "'y"] },
      ],
    },
  ]);
  expect(page.split('\n').slice(3)).toEqual([
    '.SH "S"',
    '\\&.SH NOT',
    '\\(aqbr',
    '\\efBnot bold\\efR a\\-b \\(dqq\\(dq \\(ha\\(ti \\fB.TH\\fR \\fIvalue\\fR',
    ...['.PP', '.RS 4', '.nf', '\\&.x', '\\(aqy', '.fi', '.RE', ''],
  ]);
});

describe('groff', () => {
  test.skipIf(groff === null)('has nothing to say about the page, narrow or wide (needs groff)', () => {
    for (const columns of [78, 80, 160]) {
      const { text, complaints } = formatted(sstopManual(VOCABULARY, KEYS), columns);
      expect(complaints).toBe('');
      expect(text).toContain('--interval duration');
      expect(text).toContain("' / ' / \\ / .");
      expect(text).toContain('cap_sys_ptrace,cap_dac_read_search+ep');
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  test.skipIf(groff === null)('shows any ASCII line as it is (needs groff)', () => {
    const line = fc.stringMatching(/^[!-~]([ -~]{0,60}[!-~])?$/);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), (shown) => {
        const page = manualPage(HEAD, [{ title: 'S', blocks: [{ kind: 'lines', lines: shown }] }]);
        const { text, complaints } = formatted(page, 100);
        expect(complaints).toBe('');
        const body = text.split('\n').filter((row) => row.startsWith('           '));
        expect(body.map((row) => row.slice(11))).toEqual(shown);
      }),
      { numRuns: 10 },
    );
  });
});

test.skipIf(mandoc === null)(
  'mandoc has no warning about the page but its missing date (needs mandoc)',
  () => {
    const run = Bun.spawnSync([mandoc ?? '', '-T', 'lint', '-W', 'warning'], {
      stdin: Buffer.from(sstopManual(VOCABULARY, KEYS)),
    });
    const warnings = run.stdout.toString().split('\n').slice(0, -1);
    expect(warnings.filter((warning) => !warning.includes('missing date'))).toEqual([]);
  },
);
