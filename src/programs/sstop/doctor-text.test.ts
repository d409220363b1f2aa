import { expect, test } from 'bun:test';
import fc from 'fast-check';
import stringWidth from '../../kit/text/testdata/string-width-9.0.0/index.js';
import { doctorText } from './doctor-text.ts';

test('labels line up, long texts are wrapped under themselves, commands are not', () => {
  const command = `sudo setcap cap_sys_ptrace,cap_dac_read_search+ep /a/${'long/'.repeat(20)}sstop`;
  const text = doctorText('heading', [
    {
      title: 'Tiers',
      entries: [
        { label: 'ebpf', mark: 'lacking', text: 'Cannot run.' },
        { label: 'netlink', mark: 'good', text: `${'word '.repeat(20)}end`, commands: [command] },
        { label: 'x', mark: 'note', text: '' },
      ],
    },
  ]);
  expect(text).toBe(
    [
      ...['heading', '', 'Tiers', '  - ebpf     Cannot run.'],
      `  + netlink  ${'word '.repeat(13).trim()}`,
      `             ${'word '.repeat(7)}end`,
      ...[`        ${command}`, '    x', ''],
    ].join('\n'),
  );
});

test('no text steers the terminal or leaves its columns', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('a', ' ', '\n', '\x1b[31m', '\x9b', '\u202e', '漢', 'é', '🙂'),
  });
  const entry = fc.record({
    label: fc.string({ unit: fc.constantFrom('a', '\r', '漢'), maxLength: 12 }),
    mark: fc.constantFrom('good' as const, 'lacking' as const, 'note' as const),
    text: hostile,
    commands: fc.array(hostile, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.string(), fc.array(entry, { maxLength: 4 }), (title, entries) => {
      const rows = doctorText(title, [{ title, entries }]).split('\n');
      const commands = entries.reduce((sum, { commands: shown }) => sum + shown.length, 0);
      expect(rows.length).toBeGreaterThanOrEqual(4 + entries.length + commands);
      for (const row of rows) expect(row).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
      const long = rows.filter((row) => stringWidth(row) > 80 && row.trim().includes(' '));
      expect(long.length).toBeLessThanOrEqual(commands + 2 + entries.length);
    }),
  );
});
