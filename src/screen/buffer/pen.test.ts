import { describe, expect, test } from 'bun:test';
import { ansi, type Color, type ColorDepth, DEFAULT_COLOR, rgb } from '../style/style.ts';
import { themeNamed } from '../style/theme.ts';
import { Buffer } from './buffer.ts';
import { ByteWriter } from './byte-writer.ts';
import { ClusterTable } from './cell.ts';
import { FrameDiff } from './diff.ts';
import { Emulator } from './emulator.fixture.ts';
import { ColorBytes } from './pen.ts';

const DEPTHS: readonly ColorDepth[] = ['truecolor', '256', '16'];

function parametersOf(color: Color, depth: ColorDepth, isBackground: boolean): string {
  const colors = new ColorBytes(depth, isBackground);
  const out = new ByteWriter(16);
  colors.writeTo(out, colors.slotOf(color));
  return new TextDecoder().decode(out.bytes.subarray(0, out.length));
}

describe.each(DEPTHS)('with %s', (depth) => {
  test('the sixteen stay themselves, and no other colour passes for one of them', () => {
    const colors = new ColorBytes(depth, false);
    const codes = new Set<number>();
    for (let index = 0; index < 16; index++) {
      const offset = index < 8 ? index : 60 + index - 8;
      expect(parametersOf(ansi(index), depth, false)).toBe(String(30 + offset));
      expect(parametersOf(ansi(index), depth, true)).toBe(String(40 + offset));
      codes.add(colors.codeAt(colors.slotOf(ansi(index))));
    }
    expect(codes.size).toBe(16);
    if (depth === '16') return;
    for (const color of [DEFAULT_COLOR, rgb(0), rgb(1), rgb(15), rgb(0xffffff)]) {
      expect(codes.has(colors.codeAt(colors.slotOf(color)))).toBe(false);
    }
  });

  test('the ansi16 theme is drawn with the sixteen alone', async () => {
    const theme = themeNamed('ansi16');
    const styles = [
      theme.text,
      theme.dim,
      theme.accent,
      theme.upload,
      theme.download,
      theme.bad,
      theme.selection,
    ];
    const clusters = new ClusterTable();
    const next = new Buffer(styles.length, 1, clusters);
    next.clear(theme.base);
    for (const [x, ink] of styles.entries()) next.put(x, 0, 'x', ink);
    const diff = new FrameDiff(depth);
    const length = diff.encode(new Buffer(styles.length, 1, clusters), next);
    const emulator = new Emulator(styles.length, 1);
    await emulator.write(diff.bytes.slice(0, length));
    // 16777216 is the emulator's mode of the sixteen.
    for (const [x, expected] of [15, 7, 12, 10, 13, 9].entries()) {
      expect(emulator.look(x, 0)).toContain(` 16777216:${expected} on 16777216:0 `);
    }
    expect(emulator.look(styles.length - 1, 0)).toContain(' 16777216:0 on 16777216:7 ');
  });
});

test('without colours the sixteen are not there either', () => {
  expect(parametersOf(ansi(9), 'never', false)).toBe('39');
});
