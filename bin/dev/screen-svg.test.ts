import { describe, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import xterm, { type Terminal as Emulator } from '@xterm/headless';
import { array, assert, asyncProperty, constantFrom } from 'fast-check';
import { animatedSvg } from './screen-animation.ts';
import { pictureOf, screenSvg } from './screen-svg.ts';
import { CELL_HEIGHT, CELL_WIDTH } from './svg-ink.ts';

/** Paths have two decimals. */
const ROUNDING = 0.01;
const PICTURES = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

async function shown(text: string, cols = 20, rows = 3): Promise<Emulator> {
  const emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 0 });
  await new Promise<void>((resolve) => emulator.write(text, resolve));
  return emulator;
}

/** Row 0 alone: what stands on the line with the text. */
async function rowOf(text: string): Promise<string> {
  return pictureOf(await shown(text)).rows[0] ?? '';
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Every text of a row with the column it begins in. */
function textsOf(row: string): { column: number; text: string; cells: number | undefined }[] {
  return Array.from(
    row.matchAll(/<text x="(\d+)"([^>]*)>([^<]*)<\/text>/g),
    ([, x, rest = '', text = '']) => {
      const length = /textLength="(\d+)"/.exec(rest)?.[1];
      const cells = length === undefined ? undefined : Number(length) / CELL_WIDTH;
      return { column: Number(x) / CELL_WIDTH, text: unescaped(text), cells };
    },
  );
}

/** Throws where the tags are not those of an XML document. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const token = /<(\/?)(\w+)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>|[^<&]+|&(?:lt|gt|amp);/gy;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const match = token.exec(xml);
    if (match === null) throw new SyntaxError(`not XML: ${xml.slice(at, at + 60)}`);
    const [, isEnd, name, , isEmpty] = match;
    if (name === undefined || isEmpty === '/') continue;
    if (isEnd === '/') expect(open.pop()).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
}

describe('texts', () => {
  test('letters of one style are one text, and wide gaps part them', async () => {
    expect(textsOf(await rowOf('ab cd   ef\x1b[1mg\x1b[m'))).toEqual([
      { column: 0, text: 'ab cd', cells: 5 },
      { column: 8, text: 'ef', cells: 2 },
      { column: 10, text: 'g', cells: undefined },
    ]);
  });

  test('what may have another width elsewhere stands alone in its cells', async () => {
    expect(textsOf(await rowOf('a漢b…'))).toEqual([
      { column: 0, text: 'a', cells: undefined },
      { column: 1, text: '漢', cells: 2 },
      { column: 3, text: 'b', cells: undefined },
      { column: 4, text: '…', cells: 1 },
    ]);
  });

  test('all of a line is there, in its place, whatever it is made of', async () => {
    const letter = constantFrom(
      ...'ab <>&"\'',
      ' ',
      '  ',
      '\x1b[31m',
      '\x1b[1m',
      '\x1b[m',
      '█',
      '│',
      '⣿',
      'é',
    );
    await assert(
      asyncProperty(array(letter, { maxLength: 20 }), async (letters) => {
        const emulator = await shown(letters.join(''), 40);
        const line = emulator.buffer.active.getLine(0)?.translateToString(true) ?? '';
        const picture = pictureOf(emulator).rows[0]!;
        const cells = [...line].map((glyph) => ('█│⣿'.includes(glyph) ? ' ' : glyph));
        const found = Array<string>(cells.length).fill(' ');
        for (const { column, text } of textsOf(picture)) {
          for (const [at, glyph] of [...text].entries()) found[column + at] = glyph;
        }
        expect(found.join('')).toBe(cells.join(''));
        expectWellFormed(screenSvg(emulator, 'a < b & c'));
      }),
      { numRuns: 60 },
    );
  });

  test('colours, also swapped ones, are those of the cell', async () => {
    expect(await rowOf('\x1b[38;2;1;2;3mx')).toContain('fill="#010203"');
    expect(await rowOf('\x1b[38;5;196mx')).toContain('fill="#ff0000"');
    expect(await rowOf('\x1b[7mx')).toMatch(/<path fill="#a9b1d6".*<text x="0" fill="#1a1b26"/);
  });
});

describe('drawn glyphs', () => {
  const BLOCKS = Array.from({ length: 32 }, (_, at) => String.fromCodePoint(0x2580 + at));
  const LINES = [...'─│┌┐└┘├┤┬┴┼╴╵╶╷━┃┏┓┗┛┣┫┳┻╋╸╹╺╻═║╔╗╚╝╠╣╦╩╬╭╮╰╯'];
  const SHAPES = [...'▲▼▶◀▴▾▸◂●'];

  test.each([...BLOCKS, ...LINES, ...SHAPES])('%s is drawn and stays in its cell', async (glyph) => {
    const row = await rowOf(glyph);
    expect(row).toContain('<path');
    expect(row).not.toContain('<text');
    for (const [, x, y, w, h] of row.matchAll(/M([\d.-]+) ([\d.-]+)h([\d.]+)v([\d.]+)h/g)) {
      const [left, top, width, height] = [x, y, w, h].map(Number) as [number, number, number, number];
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(CELL_WIDTH + ROUNDING);
      expect(top + height).toBeLessThanOrEqual(CELL_HEIGHT);
      expect(width * height).toBeGreaterThan(0);
    }
  });

  test('eighths grow, and neighbours alike are one', async () => {
    const heights = await Promise.all(
      [...'▁▂▃▄▅▆▇█'].map(async (glyph) => Number(/v([\d.]+)/.exec(await rowOf(glyph))?.[1])),
    );
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    expect(heights.at(-1)).toBe(CELL_HEIGHT);
    expect((await rowOf('████')).match(/M/g)).toHaveLength(1);
    expect((await rowOf('───┬──')).match(/M/g)).toHaveLength(2);
  });

  test('every braille cell has its dots', async () => {
    for (let bits = 1; bits < 256; bits++) {
      const row = await rowOf(String.fromCodePoint(0x2800 + bits));
      let dots = 0;
      for (const [, length] of row.matchAll(/M[\d.-]+ [\d.-]+h([\d.]+)/g)) {
        dots += Math.floor(Number(length) / (CELL_WIDTH / 2)) + 1;
      }
      expect(dots).toBe(bits.toString(2).replaceAll('0', '').length);
    }
  });

  test('the commonest ground is drawn once, others where they are', async () => {
    const emulator = await shown('\x1b[48;2;1;1;1m\x1b[2J\x1b[Hab\x1b[48;2;2;2;2mcd');
    const svg = screenSvg(emulator, 't');
    expect(svg.match(/#010101/g)).toHaveLength(1);
    expect(svg).toContain(`<path fill="#020202" d="M${2 * CELL_WIDTH} `);
  });
});

describe('film', () => {
  async function film(): Promise<string> {
    const pictures = await Promise.all(
      ['same\r\none', 'same\r\ntwo', 'same\r\none'].map((text) => shown(text)),
    );
    const millis = [1000, 500, 500];
    return animatedSvg(
      pictures.map((emulator, at) => ({ picture: pictureOf(emulator), millis: millis[at]! })),
      'film',
    );
  }

  test('each frame has its time, one after another, and the first is there without animation', async () => {
    const svg = await film();
    expect(svg).toContain('.f{visibility:hidden;animation:2000ms step-end infinite}#f0{visibility:visible}');
    const times = Array.from(svg.matchAll(/@keyframes k(\d)\{((?:[\d.]+%\{visibility:\w+\})+)\}/g), (match) =>
      match[2]!.replaceAll('{visibility:', ' ').replaceAll('}', ' ').trim(),
    );
    expect(times).toEqual([
      '0% visible 50% hidden',
      '0% hidden 50% visible 75% hidden',
      '0% hidden 75% visible',
    ]);
  });

  test('rows that are alike are there once, and every use has its row', async () => {
    const svg = await film();
    expect(svg.match(/>same</g)).toHaveLength(1);
    expect(svg.match(/>one</g)).toHaveLength(1);
    const ids = new Set(Array.from(svg.matchAll(/<g id="(\w+)">/g), ([, id]) => id));
    for (const [, id] of svg.matchAll(/href="#(\w+)"/g)) expect(ids).toContain(id);
    expectWellFormed(svg);
  });
});

const made = existsSync(PICTURES) ? readdirSync(PICTURES).filter((name) => name.endsWith('.svg')) : [];

test.each(made)('docs/screenshots/%s is small, closed in itself, and no program', (name) => {
  const svg = readFileSync(`${PICTURES}${name}`, 'utf8');
  expect(svg.length).toBeLessThan(1.5e6);
  expectWellFormed(svg);
  expect(svg).not.toMatch(/<(script|image|foreignObject)|\son\w+=|href="(?!#)|url\(|@import/);
});
