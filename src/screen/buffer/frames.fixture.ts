import fc from 'fast-check';
import { hsl, INHERIT_COLOR, rgb, style } from '../style/style.ts';
import type { Buffer } from './buffer.ts';

/** Something that a view does to a buffer. */
export type Stroke = (buffer: Buffer) => void;

const COLORS = [
  0,
  INHERIT_COLOR,
  rgb(0x1a1b26),
  rgb(0xa9b1d6),
  rgb(0xff0000),
  hsl(96, 0.6, 0.5),
  rgb(0x101010),
];
const PIECES = [
  ...[
    'a',
    'Zz',
    '  ',
    '        ',
    '~',
    'é',
    'ß',
    '│',
    '▁█',
    '⣿',
    '▲',
    'Ω',
    '日本',
    '漢',
    '한글',
    'テスト',
    'ﾊﾞ',
    '／',
  ],
  ...[
    'e\u0301',
    'q\u0323\u0307',
    'क्षि',
    'กำ',
    '❤️',
    '✖',
    '🙂',
    '👩‍👩‍👧',
    '👋🏽',
    '🇫🇷',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    '1️⃣',
    '⌚',
    '𠀀',
    '🏽',
  ],
  ...[
    '\n',
    '\x1b[31m',
    '\x9b2J',
    '\u202e',
    '\u2028',
    '\ud83d',
    '\u0301',
    '\u200d',
    '\u200b',
    '\u0903',
    '\u1161',
    '\u0600',
  ],
];

export const anyText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((parts) => parts.join('')),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);

const anyColor = fc.constantFrom(...COLORS);
const anyStyle = fc
  .tuple(anyColor, anyColor, fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 63 })))
  .map(([foreground, background, attributes]) => style(foreground, background, attributes));

/** Strokes on a buffer of about that size, some of them past its edges. */
export function strokes(width: number, height: number, maxLength: number): fc.Arbitrary<Stroke[]> {
  const x = fc.integer({ min: -3, max: width + 1 });
  const y = fc.integer({ min: -1, max: height });
  const area = fc.record({
    x,
    y,
    width: fc.integer({ min: 0, max: width }),
    height: fc.integer({ min: 0, max: 3 }),
  });
  const columns = fc.option(fc.integer({ min: -1, max: width }), { nil: undefined });
  const fills = fc.constantFrom(0x20, 0x20, 0x20, 0x2588, 0x41, 0x65e5, 0x1b);
  const put = fc.tuple(x, y, anyText, anyStyle, columns).map(
    ([left, top, text, look, limit]): Stroke =>
      (buffer) =>
        void buffer.put(left, top, text, look, limit),
  );
  const fill = fc.tuple(area, anyStyle, fills).map(
    ([place, look, code]): Stroke =>
      (buffer) =>
        buffer.fill(place, look, code),
  );
  const restyle = fc.tuple(area, anyStyle).map(
    ([place, look]): Stroke =>
      (buffer) =>
        buffer.restyle(place, look),
  );
  const one = fc.oneof(
    { weight: 5, arbitrary: put },
    { weight: 2, arbitrary: fill },
    { weight: 2, arbitrary: restyle },
  );
  return fc.array(one, { maxLength });
}
