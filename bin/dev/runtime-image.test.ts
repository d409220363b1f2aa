import { describe, expect, test } from 'bun:test';
import { disableVariables } from './runtime-image.ts';

const image = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('disableVariables', () => {
  test('blanks the first letter of the one place between NULs and nothing else', () => {
    const bytes = image('a BUN_BE_BUN b\0BUN_BE_BUN\0XBUN_BE_BUN\0BUN_BE_BUNX\0');
    disableVariables(bytes, ['BUN_BE_BUN']);
    expect(text(bytes)).toBe('a BUN_BE_BUN b\0\0UN_BE_BUN\0XBUN_BE_BUN\0BUN_BE_BUNX\0');
  });

  test('refuses an image without the name', () => {
    expect(() => disableVariables(image('\0BUN_OPTION\0'), ['BUN_OPTIONS'])).toThrow('0 places');
  });

  test('refuses an image with the name in two places, side by side too', () => {
    expect(() => disableVariables(image('\0BUN_OPTIONS\0BUN_OPTIONS\0'), ['BUN_OPTIONS'])).toThrow(
      '2 places',
    );
  });
});
