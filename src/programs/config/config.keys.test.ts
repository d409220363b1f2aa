import { describe, expect, test } from 'bun:test';
import { type KeyGroup, rebound } from './keymap.ts';

type Action = 'down' | 'up' | 'pause' | 'quit';

const KEYMAP: readonly KeyGroup<Action>[] = [
  {
    title: 'Moving',
    bindings: [
      { action: 'down', chords: ['j', 'down'], description: 'Down' },
      { action: 'up', chords: ['k'], description: 'Up' },
    ],
  },
  {
    title: 'All',
    bindings: [
      { action: 'pause', chords: ['space'], description: 'Pause' },
      { action: 'quit', chords: ['q', 'ctrl+c'], description: 'Quit' },
    ],
  },
];

function chordsWith(keys: readonly (readonly [Action, readonly string[]])[]): string {
  return rebound(KEYMAP, new Map(keys))
    .map(
      ({ title, bindings }) =>
        `${title} ${bindings.map((line) => `${line.description}=${line.chords.join('/')}`)}`,
    )
    .join('; ');
}

describe('a keymap', () => {
  test('stays as it is without keys of one`s own', () => {
    expect(rebound(KEYMAP, new Map())).toBe(KEYMAP);
  });

  test('has the new chords in place of the old, all else kept', () => {
    expect(chordsWith([['pause', ['p', 'P']]])).toBe('Moving Down=j/down,Up=k; All Pause=p/P,Quit=q/ctrl+c');
  });

  test('gives a chord to one action alone', () => {
    expect(chordsWith([['pause', ['j']]])).toBe('Moving Down=down,Up=k; All Pause=j,Quit=q/ctrl+c');
  });

  test('lets two actions change places', () => {
    const keys = [
      ['down', ['k']],
      ['up', ['j']],
    ] as const;
    expect(chordsWith(keys)).toBe('Moving Down=k,Up=j; All Pause=space,Quit=q/ctrl+c');
  });

  test('shows no action that no key asks for, and no group without one', () => {
    expect(chordsWith([['pause', []]])).toBe('Moving Down=j/down,Up=k; All Quit=q/ctrl+c');
    expect(chordsWith([['down', ['k', 'space']]])).toBe('Moving Down=k/space; All Quit=q/ctrl+c');
    expect(
      chordsWith([
        ['down', []],
        ['up', []],
      ]),
    ).toBe('All Pause=space,Quit=q/ctrl+c');
  });

  test('can always be left', () => {
    expect(chordsWith([['quit', ['Q']]])).toEndWith('Quit=Q/ctrl+c');
    expect(chordsWith([['quit', []]])).toEndWith('Quit=ctrl+c');
  });
});
