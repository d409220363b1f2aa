import { describe, expect, test } from 'bun:test';
import { inlineNumbers } from './inline-numbers.ts';

/** The last of some sources, without blank lines and declarations that the bundler drops. */
function lastOf(sources: Readonly<Record<string, string>>): string {
  const code = Array.from(inlineNumbers(new Map(Object.entries(sources))).values()).at(-1)!;
  return code
    .split('\n')
    .filter((line) => line !== '' && !/^const \w+\$ = /.test(line))
    .join('\n');
}

const SIZES = 'export const PAGE = 4096;\nexport const HALF = PAGE / 2;\nexport const NAME = "page";';
const FLAGS = 'export const Flag = { SMALL: 1, ...{ LARGE: 1 << 4 } } as const;';

describe('a number stands in place of', () => {
  test('a constant of the same file, which others may still import', () => {
    expect(
      lastOf({ 'a.ts': 'export const PAGE = 4096;\nexport const size = (pages: number) => pages * PAGE;' }),
    ).toBe('export const size = (pages) => pages * 4096;\nexport { PAGE$ as PAGE };');
  });

  test('one that is imported, also under another name', () => {
    const code = "import { HALF as SMALL, NAME } from '../a.ts';\nconsole.log(SMALL + 1, NAME);";
    expect(lastOf({ 'a.ts': SIZES, 'b/c.ts': code })).toBe(
      'import { NAME } from "../a.ts";\nconsole.log(2049, NAME);',
    );
  });

  test('one that is made of those of other files', () => {
    const sources = {
      'c.ts': "import { TWICE } from './b.ts';\nconsole.log(TWICE);",
      'b.ts': "import { HALF } from './a.ts';\nexport const TWICE = HALF * 4;",
      'a.ts': SIZES,
    };
    expect(
      inlineNumbers(new Map(Object.entries(sources)))
        .get('c.ts')!
        .trim(),
    ).toBe('console.log(8192);');
  });

  test('a member of an object that nothing changes', () => {
    const code = "import { Flag } from './a.ts';\nconsole.log(Flag.LARGE | Flag.SMALL);";
    expect(lastOf({ 'a.ts': FLAGS, 'b.ts': code })).toBe('console.log(17);');
  });

  test('a name in short for a member', () => {
    expect(
      lastOf({ 'a.ts': SIZES, 'b.ts': "import { PAGE } from './a.ts';\nexport const made = { PAGE };" }),
    ).toBe('export const made = { PAGE: 4096 };');
  });
});

describe('names stay where they are', () => {
  test('another variable, a member or a text', () => {
    const code =
      "import { PAGE } from './a.ts';\nexport const size = (PAGE) => [PAGE, other.PAGE, 'PAGE'];\nconsole.log(PAGE);";
    expect(lastOf({ 'a.ts': SIZES, 'b.ts': code })).toBe(
      'export const size = (PAGE) => [PAGE, other.PAGE, "PAGE"];\nconsole.log(4096);',
    );
  });

  test.each([
    [FLAGS, 'Object.keys(Flag), Flag.LARGE'],
    [FLAGS, 'Flag.OTHER'],
    [FLAGS.replace(' as const', ''), 'Flag.LARGE'],
    ['export let Flag = 1;', 'Flag'],
    ['export const Flag = Number(process.argv[2]);', 'Flag'],
  ])('%s: %s', (declaration, use) => {
    const code = `import { Flag } from './a.ts';\nconsole.log(${use});`;
    expect(lastOf({ 'a.ts': declaration, 'b.ts': code })).toBe(code.replaceAll("'", '"'));
  });
});
