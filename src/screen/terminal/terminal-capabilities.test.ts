import { describe, expect, test } from 'bun:test';
import { Capabilities, colorDepthOf } from './terminal-capabilities.ts';

describe('the colour depth of an environment', () => {
  test.each([
    [{ TERM: 'xterm-256color' }, '256'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'truecolor'],
    [{ TERM: 'xterm', COLORTERM: '24bit' }, 'truecolor'],
    [{ TERM: 'xterm-kitty' }, 'truecolor'],
    [{ TERM: 'foot' }, 'truecolor'],
    [{ TERM: 'xterm-direct' }, 'truecolor'],
    [{ TERM: 'xterm' }, '16'],
    [{ TERM: 'linux' }, '16'],
    [{ TERM: 'dumb', COLORTERM: 'truecolor' }, 'never'],
    [{ TERM: 'vt220' }, 'never'],
    [{}, 'never'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, 'never'],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
  ] as const)('%j is %s', (environment, expected) => {
    expect(colorDepthOf(environment)).toBe(expected);
  });
});

describe('answers', () => {
  const environment = { TERM: 'xterm-256color' };

  test.each([0, 4])('mode state %d is no synchronized update', (state) => {
    const capabilities = new Capabilities(environment, 'auto');
    expect(capabilities.learn({ reply: 'mode', mode: 2026, state })).toBe(false);
    expect(capabilities).toMatchObject({ hasSynchronizedUpdate: false, colorDepth: '256' });
  });

  test.each([1, 2])('mode state %d is one, and true colour', (state) => {
    const capabilities = new Capabilities(environment, 'auto');
    expect(capabilities.learn({ reply: 'mode', mode: 2026, state })).toBe(true);
    expect(capabilities).toMatchObject({ hasSynchronizedUpdate: true, colorDepth: 'truecolor' });
  });

  test('what the user asked for stays', () => {
    const capabilities = new Capabilities(environment, '16');
    expect(capabilities.learn({ reply: 'mode', mode: 2026, state: 2 })).toBe(false);
    expect(capabilities.learn({ reply: 'version', name: 'kitty(0.32)' })).toBe(false);
    expect(capabilities).toMatchObject({ hasSynchronizedUpdate: true, colorDepth: '16' });
  });

  test('a name that is known to have true colour raises the depth, another does not', () => {
    const capabilities = new Capabilities(environment, 'auto');
    expect(capabilities.learn({ reply: 'version', name: 'nobody(1)' })).toBe(false);
    expect(capabilities.learn({ reply: 'version', name: 'VTE(7200)' })).toBe(true);
    expect(capabilities.colorDepth).toBe('truecolor');
  });

  test('questions end with DA1, and its answer ends the waiting', () => {
    const capabilities = new Capabilities(environment, 'auto');
    expect(capabilities.questions()).toEndWith('\x1b[c');
    expect(capabilities.isAwaitingAnswers).toBe(true);
    // The terminal did not know a thing, and may have printed the questions.
    expect(capabilities.learn({ reply: 'attributes' })).toBe(true);
    expect(capabilities.isAwaitingAnswers).toBe(false);
  });

  test.each(['linux', 'dumb', 'vt100'])('%s is asked nothing', (TERM) => {
    const capabilities = new Capabilities({ TERM }, 'auto');
    expect(capabilities.questions()).toBe('');
    expect(capabilities.isAwaitingAnswers).toBe(false);
  });
});
