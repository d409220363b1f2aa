import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  cellWidth,
  charClass,
  classOf,
  clusterWidth,
  forEachCluster,
  MAX_CLUSTER_UNITS,
  NARROW,
  WIDE,
} from './cell-width.ts';
import stringWidth from './testdata/string-width-9.0.0/index.js';

const SAMPLES = [
  ...[
    '',
    'plain ASCII, with punctuation!',
    '❤🏽\u200d⌚',
    '©\u200d⌚🏽',
    'é à ñ ø ß',
    'Ελληνικά',
    'Кириллица',
    'עברית',
    'العربية',
    'ไทย กำ',
    'हिन्दी क्षि',
  ],
  ...[
    '日本語テキスト',
    '中文',
    '한국어',
    'ﾊﾟﾋﾟ',
    'ｆｕｌｌ　ｗｉｄｔｈ',
    '│┃╭▁▂▃▄▅▆▇█',
    '⣀⣤⣶⣿',
    '▲▼●▸▾✖✔',
    '…–—“”',
  ],
  ...[
    'e\u0301a\u0323\u0307',
    'Z\u0351\u036b\u0343a',
    '❤',
    '❤️',
    '☝🏽',
    '👍',
    '👍🏽',
    '👩‍👩‍👧‍👦',
    '🏳️‍🌈',
    '🇫🇷🇩🇪',
    '🇫',
    '1️⃣#️⃣',
    '⌚',
    '⌚\ufe0e',
  ],
  ...[
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    '𠀀𠀁',
    '𝒳',
    '\u1112\u1161\u11ab',
    '\u200b',
    'a\u200db',
    '\u00ad',
    '\ufeff',
    '\u0600१',
    '𐍈',
    '🏽',
    'nginx: 工作进程 🙂',
  ],
];

const LARGE_BLOCKS = [
  [0x3400, 0x9fff],
  [0xac00, 0xd7a3],
  [0xe000, 0xf8ff],
  [0x12000, 0x15000],
  [0x17000, 0x18c00],
  [0x20000, 0x10fff0],
] as const;

/** Characters whose neighbours decide what they are. */
const JOINERS = [
  ...[
    '\u200d',
    '\ufe0f',
    '\ufe0e',
    '🏽',
    '👩',
    '❤',
    '☝',
    '🇫',
    '🇷',
    '1',
    '#',
    '\u20e3',
    '\u0301',
    'क',
    '\u094d',
    'ष',
  ],
  ...[
    '\u093f',
    '\u1100',
    '\u1161',
    '\u11a8',
    '가',
    'ﾊ',
    'ﾞ',
    '\u0e33',
    'ก',
    '\u0600',
    '\u06dd',
    '日',
    'a',
    '\u115f',
  ],
  ...['©', '⌚', '👋', '🏴', '\u{e0067}', '\u{e007f}', '\u200b', '\u3099', '\u0903', ' '],
];

describe('cellWidth', () => {
  test('is what string-width says, of every character alone', () => {
    const wrong: string[] = [];
    for (let code = 0xa0; code < 0x110000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      // The large blocks of one kind need no more than samples.
      if (LARGE_BLOCKS.some(([first, last]) => code > first && code < last) && code % 61 !== 0) continue;
      const text = String.fromCodePoint(code);
      if (clusterWidth(text) !== stringWidth(text)) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  test.each(SAMPLES)('is what string-width says: %j', (sample) => {
    expect(cellWidth(sample)).toBe(stringWidth(sample));
    expect(cellWidth(`ab${sample}cd`)).toBe(stringWidth(`ab${sample}cd`));
  });

  test('is what string-width says, of random graphemes and of whatever joins', () => {
    const graphemes = fc.string({ unit: 'grapheme', maxLength: 12 });
    const joined = fc.array(fc.constantFrom(...JOINERS), { maxLength: 7 }).map((parts) => parts.join(''));
    const noControls = fc
      .oneof(graphemes, joined)
      .filter((text) => !/[\p{Cc}\u061c\u200e\u200f]/u.test(text));
    fc.assert(
      fc.property(noControls, (text) => cellWidth(text) === stringWidth(text)),
      { numRuns: 5000 },
    );
  });

  test('counts a control as the one column of what replaces it', () => {
    expect(cellWidth('a\x1b[31mb\r\n\u202ec')).toBe(11);
    expect(cellWidth('日\n🙂')).toBe(5);
    expect(cellWidth('\ud83d')).toBe(1);
  });
});

describe('forEachCluster', () => {
  test('visits all of the text, in glyphs of two columns at most that add up to its width', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.array(fc.constantFrom(...JOINERS), { maxLength: 60 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        let joined = '';
        let columns = 0;
        const wrong: string[] = [];
        forEachCluster(text, (cluster, width) => {
          if (width < 0 || width > 2 || cluster.length > MAX_CLUSTER_UNITS) wrong.push(cluster);
          joined += cluster;
          columns += width;
        });
        expect(joined.length).toBe(text.length);
        expect(columns).toBe(cellWidth(text));
        expect(wrong).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('takes no longer than its text for marks piled up without end', () => {
    let count = 0;
    forEachCluster(`a${'\u0301'.repeat(100_000)}`, () => count++);
    expect(count).toBe(Math.ceil(100_001 / MAX_CLUSTER_UNITS));
  });
});

test('what is known beforehand is what the rules say', () => {
  const wrong: string[] = [];
  for (let unit = 0; unit < 0x10000; unit++) {
    if (charClass(unit) !== classOf(unit)) wrong.push(unit.toString(16));
  }
  expect(wrong).toEqual([]);
});

test('what graphs and Asian names are made of needs no segmentation', () => {
  for (const unit of 'aé│▁█⣿▲▼●Ω') expect(charClass(unit.charCodeAt(0))).toBe(NARROW);
  for (const unit of '日語한テあ，') expect(charClass(unit.charCodeAt(0))).toBe(WIDE);
});
