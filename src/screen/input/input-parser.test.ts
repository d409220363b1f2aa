import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { InputEvent } from './event.ts';
import { ESCAPE_MILLIS, InputParser, MAX_PASTE_BYTES, PARTIAL_MILLIS, PASTE_MILLIS } from './input-parser.ts';

const encoder = new TextEncoder();

function parserInto(events: InputEvent[]): InputParser {
  const parser = new InputParser((event) => events.push(event));
  parser.resize(80, 24);
  return parser;
}

function parse(input: string | Uint8Array): InputEvent[] {
  const events: InputEvent[] = [];
  parserInto(events).feed(typeof input === 'string' ? encoder.encode(input) : input, 0);
  return events;
}

function chords(input: string): string {
  return parse(input)
    .map((event) => (event.kind === 'key' ? event.chord : event.kind))
    .join(' ');
}

describe('keys', () => {
  test.each([
    ['abc', 'a b c'],
    ['K?/', 'K ? /'],
    [' ', 'space'],
    ['\r\n\t', 'enter enter tab'],
    ['\x7f\b', 'backspace backspace'],
    ['\x03\x04\x1a', 'ctrl+c ctrl+d ctrl+z'],
    ['\0\x1c\x1f', 'ctrl+space ctrl+\\ ctrl+_'],
    ['é你🦊', 'é 你 🦊'],
    ['\x1ba\x1bK\x1bé', 'alt+a alt+K alt+é'],
    ['\x1b\x03\x1b\r\x1b\x7f', 'ctrl+alt+c alt+enter alt+backspace'],
  ])('%j is %s', (input, expected) => {
    expect(chords(input)).toBe(expected);
  });

  test.each([
    ['xterm, normal mode', '\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F', 'up down right left home end'],
    ['xterm, application mode', '\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF', 'up down right left home end'],
    [
      'xterm, modified',
      '\x1b[1;5A\x1b[1;2B\x1b[1;3C\x1b[1;6D',
      'ctrl+up shift+down alt+right ctrl+shift+left',
    ],
    ['VT220', '\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~', 'home insert delete end pageup pagedown'],
    ['VT220, modified', '\x1b[5;5~\x1b[3;2~', 'ctrl+pageup shift+delete'],
    ['rxvt', '\x1b[7~\x1b[8~\x1b[5^\x1b[3$\x1b[6@', 'home end ctrl+pageup shift+delete ctrl+shift+pagedown'],
    ['rxvt arrows', '\x1b[a\x1bOb\x1b\x1b[C', 'shift+up ctrl+down alt+right'],
    ['linux console', '\x1b[[A\x1b[[E\x1b[17~\x1b[G', 'f1 f5 f6 begin'],
    ['function keys', '\x1bOP\x1bOS\x1b[15~\x1b[21~\x1b[24~\x1b[11~\x1b[34~', 'f1 f4 f5 f10 f12 f1 f20'],
    ['function keys, modified', '\x1b[1;2P\x1b[1;5R\x1b[15;3~', 'shift+f1 ctrl+f3 alt+f5'],
    ['konsole, old', '\x1bO5P\x1bO1;2Q', 'ctrl+f1 shift+f2'],
    ['backtab', '\x1b[Z\x1b[1;6Z', 'shift+tab ctrl+shift+tab'],
    ['keypad', '\x1bOM\x1bOk\x1bOp\x1bOy', 'enter + 0 9'],
    ['modifyOtherKeys', '\x1b[27;5;13~\x1b[27;6;97~\x1b[27;2;65~', 'ctrl+enter ctrl+shift+a A'],
    [
      'kitty',
      '\x1b[97;5u\x1b[27u\x1b[13;2u\x1b[97:65;2u\x1b[32;2u',
      'ctrl+a escape shift+enter A shift+space',
    ],
    ['kitty, function keys', '\x1b[57399u\x1b[57414u\x1b[57421u\x1b[57376;5u', '0 enter pageup ctrl+f13'],
    ['kitty, super and locks', '\x1b[113;9u\x1b[113;65u\x1b[113;129u', 'super+q q q'],
    ['kitty, release', '\x1b[97;1:1u\x1b[97;1:2u\x1b[97;1:3u\x1b[1;1:3A', 'a a'],
    ['kitty, text', '\x1b[229;2;197u', 'Å'],
  ])('%s', (_name, input, expected) => {
    expect(chords(input)).toBe(expected);
  });

  test('characters type themselves, commands type nothing', () => {
    expect(parse('K')).toEqual([{ kind: 'key', name: 'K', chord: 'K', text: 'K' }]);
    expect(parse(' ')[0]).toMatchObject({ name: 'space', text: ' ' });
    for (const input of ['\x1bk', '\x0b', '\x1b[A', '\r', '\x1b[107;9u']) {
      expect(parse(input)[0]).not.toHaveProperty('text');
    }
  });

  test('what is no key is none', () => {
    const ignored = ['\x1b[999~', '\x1b[5;5R', '\x1b[8;24;80t', '\x1b[?1;2u', '\x1b[>1;10;0c', '\x1b[201~'];
    for (const input of [...ignored, '\u0085\u009b', '\u202e\u2028\u2066', '\x1b[57441u', '\x1b[1;2;3;4y']) {
      expect(parse(input)).toEqual([]);
    }
  });

  test('a sequence broken off by a control character is forgotten, the control character is not', () => {
    expect(chords('\x1b[1;\x03')).toBe('ctrl+c');
    expect(chords('\x1b[1;5\x1b[B')).toBe('down');
    expect(chords('\x1b[1;\x18q')).toBe('q');
    expect(chords('\x1bO\rq')).toBe('enter q');
    expect(chords(`\x1b[${'1;'.repeat(500)}5Aq`)).toBe('q');
  });
});

describe('UTF-8', () => {
  test('invalid bytes are passed over, what stands between them is not', () => {
    const input = [
      0xff, 0x61, 0xc3, 0x62, 0xc0, 0x80, 0x63, 0xed, 0xa0, 0x80, 0x64, 0xf4, 0x90, 0x80, 0x80, 0x65,
    ];
    expect(parse(Uint8Array.from(input)).map((event) => event.kind === 'key' && event.name)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
  });

  test('ESC before an invalid byte does not alter the next key', () => {
    expect(parse(Uint8Array.from([0x1b, 0xc3, 0x61]))).toMatchObject([{ chord: 'a' }]);
  });
});

describe('mouse', () => {
  test.each([
    ['\x1b[<0;5;3M', { action: 'press', button: 'left', x: 4, y: 2 }],
    ['\x1b[<2;1;1m', { action: 'release', button: 'right', x: 0, y: 0 }],
    ['\x1b[<32;10;4M', { action: 'drag', button: 'left', x: 9, y: 3 }],
    ['\x1b[<35;10;4M', { action: 'move', button: 'none' }],
    ['\x1b[<64;1;1M', { action: 'wheel-up', button: 'none' }],
    ['\x1b[<65;1;1M', { action: 'wheel-down' }],
    ['\x1b[<28;1;1M', { action: 'press', button: 'left' }],
    ['\x1b[<0;9999;9999M', { x: 79, y: 23 }],
    ['\x1b[<0;0;0M', { x: 0, y: 0 }],
    ['\x1b[M !"', { action: 'press', button: 'left', x: 0, y: 1 }],
    ['\x1b[M#!!', { action: 'release', x: 0, y: 0 }],
  ] as const)('%j', (input, expected) => {
    expect(parse(input)).toMatchObject([{ kind: 'mouse', ...expected }]);
  });

  test('sideways wheels, extra buttons and short reports are nothing', () => {
    for (const input of ['\x1b[<66;1;1M', '\x1b[<128;1;1M', '\x1b[<0;5M', '\x1b[<M'])
      expect(parse(input)).toEqual([]);
  });
});

describe('paste', () => {
  test('comes as one event on one line, without controls', () => {
    const pasted = 'ls\r\n-l\tx\x1b[31m\x07\u202e你';
    expect(parse(`\x1b[200~${pasted}\x1b[201~q`)).toMatchObject([
      { kind: 'paste', text: 'ls -l x[31m你' },
      { kind: 'key', name: 'q' },
    ]);
  });

  test('an end mark that only begins is part of the paste', () => {
    expect(parse('\x1b[200~a\x1b[20\x1b[201~')).toMatchObject([{ kind: 'paste', text: 'a[20' }]);
  });

  test('is capped', () => {
    const [paste, key] = parse(`\x1b[200~${'x'.repeat(MAX_PASTE_BYTES + 1000)}\x1b[201~q`);
    expect(paste).toMatchObject({ kind: 'paste' });
    expect(paste?.kind === 'paste' && paste.text.length).toBe(MAX_PASTE_BYTES);
    expect(key).toMatchObject({ name: 'q' });
  });
});

describe('replies', () => {
  test('are told apart and never become keys', () => {
    const replies = '\x1b[?2026;2$y\x1bP>|kitty(0.32)\x1b\\\x1b[?62;4c';
    expect(parse(replies)).toEqual([
      { kind: 'reply', reply: 'mode', mode: 2026, state: 2 },
      { kind: 'reply', reply: 'version', name: 'kitty(0.32)' },
      { kind: 'reply', reply: 'attributes' },
    ]);
  });

  test('foreign and endless strings are passed over', () => {
    expect(chords('\x1b]52;c;YQ==\x07q')).toBe('q');
    expect(chords('\x1b]>|kitty\x1b\\q')).toBe('q');
    expect(chords(`\x1bP${'x'.repeat(100_000)}\x1b\\q`)).toBe('q');
    expect(chords('\x1b_Gi=31;OK\x1b\\q')).toBe('q');
    expect(chords('\x1b]11;rgb:1a\x1b[A')).toBe('up');
    expect(chords('\x1b]11;rgb:1a\x18q')).toBe('q');
  });

  test('a focus that nobody asked for is passed over', () => {
    expect(parse('\x1b[I\x1b[O')).toEqual([]);
  });
});

describe('time', () => {
  test('a lone ESC is the Escape key after 50 ms, not before', () => {
    const events: InputEvent[] = [];
    const parser = parserInto(events);
    parser.feed(encoder.encode('\x1b'), 1000);
    expect(parser.deadlineMillis).toBe(1000 + ESCAPE_MILLIS);
    parser.expire(1000 + ESCAPE_MILLIS - 1);
    expect(events).toEqual([]);
    parser.expire(1000 + ESCAPE_MILLIS);
    expect(events).toMatchObject([{ chord: 'escape' }]);
    expect(parser.deadlineMillis).toBe(Number.POSITIVE_INFINITY);
  });

  test('two ESC are two Escape keys', () => {
    const events: InputEvent[] = [];
    const parser = parserInto(events);
    parser.feed(encoder.encode('\x1b\x1b'), 0);
    parser.expire(ESCAPE_MILLIS);
    expect(events).toMatchObject([{ chord: 'escape' }, { chord: 'escape' }]);
  });

  test.each(['\x1b[1;5', '\x1b[', '\x1bO', '\x1b]11;rgb:', '\x1bP>|x', '\x1b[M!', '\x1b[['])(
    'the partial %j is forgotten',
    (partial) => {
      const events: InputEvent[] = [];
      const parser = parserInto(events);
      parser.feed(encoder.encode(partial), 0);
      expect(parser.deadlineMillis).toBe(PARTIAL_MILLIS);
      parser.expire(PARTIAL_MILLIS);
      parser.feed(encoder.encode('q'), PARTIAL_MILLIS);
      expect(events).toMatchObject([{ chord: 'q' }]);
    },
  );

  test('half a character is forgotten', () => {
    const events: InputEvent[] = [];
    const parser = parserInto(events);
    parser.feed(Uint8Array.of(0x1b, 0xe4, 0xbd), 0);
    parser.expire(PARTIAL_MILLIS);
    parser.feed(Uint8Array.of(0xa0, 0x71), PARTIAL_MILLIS);
    expect(events).toMatchObject([{ chord: 'q' }]);
  });

  test('a paste without an end is handed over as it is', () => {
    const events: InputEvent[] = [];
    const parser = parserInto(events);
    parser.feed(encoder.encode('\x1b[200~abc'), 0);
    parser.expire(PASTE_MILLIS);
    expect(events).toEqual([{ kind: 'paste', text: 'abc' }]);
  });
});

describe('any input', () => {
  const pieces = fc.constantFrom(
    ...[
      'a',
      'é',
      '🦊',
      '\x1b',
      '\x1b[A',
      '\x1b[1;5A',
      '\x1bOP',
      '\x1b[[A',
      '\x1b[<0;5;3M',
      '\x1b[M !!',
      '\x03',
      '\x1b[3$',
    ],
    ...[
      '\x1b[200~x\r\ny\x1b[201~',
      '\x1b[200~',
      '\x1b]11;rgb:1/2/3\x1b\\',
      '\x1bP>|x\x1b\\',
      '\x1b[?1c',
      '\x1b[27;5;9~',
    ],
  );
  const stream = fc
    .array(
      fc.oneof(
        pieces.map((piece) => encoder.encode(piece)),
        fc.uint8Array({ maxLength: 8 }),
      ),
    )
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

  test('gives the same events however it is split', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200)), (bytes, cuts) => {
        const events: InputEvent[] = [];
        const parser = parserInto(events);
        let from = 0;
        for (const to of cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)) {
          parser.feed(bytes.subarray(from, to), 0);
          from = to;
        }
        parser.feed(bytes.subarray(from), 0);
        parser.expire(Number.MAX_VALUE);
        const whole: InputEvent[] = [];
        const reference = parserInto(whole);
        reference.feed(bytes, 0);
        reference.expire(Number.MAX_VALUE);
        expect(events).toEqual(whole);
      }),
    );
  });

  test('never throws, keeps to the screen, and is at rest once expired', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const events: InputEvent[] = [];
        const parser = parserInto(events);
        parser.feed(bytes, 0);
        parser.expire(Number.MAX_VALUE);
        for (const event of events) {
          if (event.kind === 'mouse')
            expect(event.x < 80 && event.y < 24 && event.x >= 0 && event.y >= 0).toBe(true);
          if (event.kind === 'key') expect(event.name).not.toMatch(/^[\0-\x1f\x7f-\x9f]$/);
        }
        events.length = 0;
        parser.feed(encoder.encode('q'), 0);
        expect(events).toMatchObject([{ chord: 'q' }]);
      }),
    );
  });
});
