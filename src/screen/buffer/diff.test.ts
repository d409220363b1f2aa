import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Attribute, type ColorDepth, PLAIN_STYLE, rgb, style } from '../style/style.ts';
import { Buffer } from './buffer.ts';
import { textAt } from './buffer-look.fixture.ts';
import {
  CELL_WORDS,
  ClusterTable,
  CONTENT_MASK,
  RIGHT_HALF,
  UNCERTAIN_FLAG,
  WIDTH_MASK,
  WIDTH_TWO,
} from './cell.ts';
import { FrameDiff } from './diff.ts';
import { Emulator } from './emulator.fixture.ts';
import { type Stroke, strokes } from './frames.fixture.ts';

const WIDTH = 24;
const HEIGHT = 4;
const RED = style(rgb(0xff0000));

/** A screen as the terminal's owner drives it: two buffers that change places. */
class Screen {
  readonly clusters = new ClusterTable();
  readonly diff: FrameDiff;
  shown: Buffer;
  next: Buffer;

  constructor(width: number, height: number, depth: ColorDepth = 'truecolor') {
    this.diff = new FrameDiff(depth);
    this.shown = new Buffer(width, height, this.clusters);
    this.next = new Buffer(width, height, this.clusters);
  }

  /** The bytes of a frame of these strokes, on an empty screen or on what the last frame showed. */
  draw(paint: readonly Stroke[], keepsLast = false, isFull = false): Uint8Array {
    this.next.clear();
    if (keepsLast) this.next.cells.set(this.shown.cells);
    for (const stroke of paint) stroke(this.next);
    if (isFull) this.diff.invalidate();
    const length = this.diff.encode(this.shown, this.next);
    [this.shown, this.next] = [this.next, this.shown];
    return this.diff.bytes.slice(0, length);
  }

  resize(width: number, height: number): void {
    this.shown = new Buffer(width, height, this.clusters);
    this.next = new Buffer(width, height, this.clusters);
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function put(x: number, y: number, content: string, look = PLAIN_STYLE): Stroke {
  return (buffer) => void buffer.put(x, y, content, look);
}

/** What a repaint of the shown buffer looks like in a terminal that has seen nothing else. */
async function repaint(screen: Screen, depth: ColorDepth, emulator: Emulator): Promise<string[]> {
  const { shown } = screen;
  const diff = new FrameDiff(depth);
  const length = diff.encode(shown, shown);
  await emulator.write(diff.bytes.slice(0, length));
  return emulator.looks(shown.width, shown.height);
}

/** Where two screens of that width differ: empty when they look the same. */
function differences(seen: readonly string[], wanted: readonly string[], width: number): string[] {
  return seen.flatMap((look, i) =>
    look === wanted[i] ? [] : [`${i % width},${Math.floor(i / width)}: ${look} for ${wanted[i]}`],
  );
}

/** The glyphs of which the width is certain must be where the buffer has them, whatever stands beside them. */
function misplaced(buffer: Buffer, emulator: Emulator): string[] {
  const found: string[] = [];
  for (let y = 0; y < buffer.height; y++) {
    for (let x = 0; x < buffer.width; x++) {
      const content = buffer.cells[(y * buffer.width + x) * CELL_WORDS]! & CONTENT_MASK;
      if (content === RIGHT_HALF || (content & UNCERTAIN_FLAG) !== 0) continue;
      const seen = emulator.text(x, y) || ' ';
      if (seen !== textAt(buffer, x, y)) found.push(`${x},${y}: "${seen}" for "${textAt(buffer, x, y)}"`);
    }
  }
  return found;
}

describe('a frame on a terminal emulator', () => {
  const depths = fc.constantFrom<ColorDepth>('truecolor', 'truecolor', '256', '16', 'never');
  const frames = fc.array(fc.tuple(strokes(WIDTH, HEIGHT, 6), fc.boolean()), { minLength: 1, maxLength: 4 });

  test('looks the same whether it came by differences or by a repaint', async () => {
    const whole = new Emulator(WIDTH, HEIGHT);
    await fc.assert(
      fc.asyncProperty(frames, depths, async (sequence, depth) => {
        const screen = new Screen(WIDTH, HEIGHT, depth);
        const emulator = new Emulator(WIDTH, HEIGHT);
        for (const [paint, keepsLast] of sequence) {
          await emulator.write(screen.draw(paint, keepsLast));
          expect(
            differences(emulator.looks(WIDTH, HEIGHT), await repaint(screen, depth, whole), WIDTH),
          ).toEqual([]);
          expect(misplaced(screen.shown, emulator)).toEqual([]);
          expect(screen.draw([], true).length).toBe(0);
        }
      }),
      { numRuns: 250 },
    );
  }, 60_000);

  test('is right again after a repaint over anything, and after a resize', async () => {
    const whole = new Emulator(WIDTH, HEIGHT);
    const sizes = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 6 }));
    await fc.assert(
      fc.asyncProperty(
        frames,
        fc.string({ unit: 'binary' }),
        sizes,
        async (sequence, garbage, [width, height]) => {
          const screen = new Screen(WIDTH, HEIGHT);
          const emulator = new Emulator(WIDTH, HEIGHT);
          for (const [paint] of sequence) await emulator.write(screen.draw(paint));
          await emulator.write(`\x1b[H\x1b[44;7m${garbage.replace(/\p{C}/gu, '#')}`);
          await emulator.write(screen.draw([], true, true));
          whole.resize(WIDTH, HEIGHT);
          expect(
            differences(emulator.looks(WIDTH, HEIGHT), await repaint(screen, 'truecolor', whole), WIDTH),
          ).toEqual([]);
          screen.resize(width, height);
          screen.diff.invalidate();
          emulator.resize(width, height);
          whole.resize(width, height);
          for (const [paint] of sequence) await emulator.write(screen.draw(paint));
          expect(
            differences(emulator.looks(width, height), await repaint(screen, 'truecolor', whole), width),
          ).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  test('lets nothing through that is not a glyph or a command of its own', () => {
    const allowed =
      /^(?:\x1b\[[\d;]*[ABCDGHJKXm]|[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069])*$/u;
    fc.assert(
      fc.property(strokes(WIDTH, HEIGHT, 8), (paint) => {
        const bytes = new Screen(WIDTH, HEIGHT).draw(paint);
        expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toMatch(allowed);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the bytes of a frame', () => {
  function bytesAfter(before: readonly Stroke[], after: readonly Stroke[], depth: ColorDepth = 'truecolor') {
    const screen = new Screen(80, 5, depth);
    screen.draw(before);
    return text(screen.draw(after));
  }

  test('are none for a frame drawn anew', () => {
    expect(bytesAfter([put(0, 0, 'abc', RED)], [put(0, 0, 'abc', RED)])).toBe('');
  });

  test('are one move and one glyph for one changed cell', () => {
    expect(bytesAfter([put(3, 2, 'abc')], [put(3, 2, 'abd')])).toBe('\x1b[3;6Hd');
  });

  test('bridge a short gap by writing it again, a long one by a jump', () => {
    expect(bytesAfter([put(0, 0, 'a--b')], [put(0, 0, 'x--y')])).toBe('\x1b[Hx--y');
    expect(bytesAfter([put(0, 0, 'a------b')], [put(0, 0, 'x------y')])).toBe('\x1b[Hx\x1b[6Cy');
  });

  test('name only the attributes that change', () => {
    const bold = style(rgb(0xff0000), 0, Attribute.BOLD);
    const both = style(rgb(0xff0000), 0, Attribute.BOLD | Attribute.UNDERLINE);
    expect(
      bytesAfter([], [put(0, 0, 'a', RED), put(1, 0, 'b', bold), put(2, 0, 'c', both), put(3, 0, 'd', RED)]),
    ).toBe('\x1b[H\x1b[38;2;255;0;0ma\x1b[1mb\x1b[4mc\x1b[22;24md');
  });

  test('turn everything off in three bytes where nothing is to stay', () => {
    expect(bytesAfter([], [put(0, 0, 'a', style(rgb(0x00ff00), 0, 63)), put(1, 0, 'b')])).toEndWith(
      'a\x1b[mb',
    );
  });

  test('erase to the end of the row, and in its middle, only on the default background', () => {
    const line = '#'.repeat(80);
    expect(bytesAfter([put(0, 0, line)], [put(0, 0, '#')])).toBe('\x1b[1;2H\x1b[K'.replace('1;2', ';2'));
    const middle = bytesAfter([put(0, 0, line)], [put(0, 0, line), put(20, 0, ' '.repeat(40))]);
    expect(middle).toBe('\x1b[;21H\x1b[40X');
    const onBlue: Stroke = (buffer) => buffer.fill(buffer.area, style(0, rgb(0x0000ff)));
    expect(bytesAfter([onBlue, put(0, 0, line, style(0))], [onBlue])).toEndWith(' '.repeat(80));
  });

  test('write both cells of a wide glyph that gives way', () => {
    expect(bytesAfter([put(0, 0, '日')], [put(0, 0, 'a')])).toBe('\x1b[Ha ');
  });

  test('move absolutely after a glyph of uncertain width, and after the last column', () => {
    expect(bytesAfter([], [put(0, 0, '🙂x')])).toBe('\x1b[H  \x1b[G🙂\x1b[3Gx');
    expect(bytesAfter([], [put(79, 0, 'x'), put(79, 1, 'y')])).toBe('\x1b[;80Hx\x1b[2;80Hy');
  });

  test('have colours of the terminal’s depth', () => {
    const frame = [put(0, 0, 'a', style(rgb(0x7aa2f7), rgb(0x1a1b26)))];
    expect(bytesAfter([], frame, '256')).toBe('\x1b[H\x1b[38;5;111;48;5;234ma');
    expect(bytesAfter([], frame, '16')).toBe('\x1b[H\x1b[94;40ma');
    expect(bytesAfter([], frame, 'never')).toBe('\x1b[Ha');
  });

  test('repaint when the cluster table has been emptied', async () => {
    const screen = new Screen(80, 5);
    const emulator = new Emulator(80, 5);
    for (let frame = 0; frame < 30; frame++) {
      const paint = Array.from({ length: 5 }, (_, y) =>
        put(
          0,
          y,
          Array.from(
            { length: 80 },
            (_, x) =>
              `e${String.fromCharCode(0x300 + ((frame * 5 + y) % 80))}${String.fromCharCode(0x300 + x)}`,
          ).join(''),
        ),
      );
      await emulator.write(screen.draw(paint));
    }
    expect(screen.clusters.epoch).toBeGreaterThan(1);
    expect(screen.clusters.size).toBeLessThan(4096 + 400);
    expect(emulator.text(3, 2)).toBe(textAt(screen.shown, 3, 2));
    expect(emulator.text(3, 2).length).toBe(3);
  });
});

test('no buffer keeps half a glyph', () => {
  fc.assert(
    fc.property(strokes(WIDTH, HEIGHT, 12), (paint) => {
      const buffer = new Buffer(WIDTH, HEIGHT);
      for (const stroke of paint) stroke(buffer);
      for (let cell = 0; cell < WIDTH * HEIGHT; cell++) {
        const at = cell * CELL_WORDS;
        const isLead = (buffer.cells[at]! & WIDTH_MASK) === WIDTH_TWO;
        const isFollowed =
          cell % WIDTH < WIDTH - 1 && (buffer.cells[at + CELL_WORDS]! & CONTENT_MASK) === RIGHT_HALF;
        expect(isLead).toBe(isFollowed);
        if (isLead) {
          expect((buffer.cells[at]! ^ buffer.cells[at + CELL_WORDS]!) & ~CONTENT_MASK).toBe(0);
          expect(buffer.cells[at + 1]).toBe(buffer.cells[at + CELL_WORDS + 1]);
        }
      }
      expect(buffer.cells.every((word) => word < 0x80000000)).toBe(true);
    }),
  );
});
