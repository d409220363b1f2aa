import { afterEach, describe, expect, test } from 'bun:test';
import xterm, { type Terminal as Emulator } from '@xterm/headless';
import fc from 'fast-check';
import type { Buffer } from '../buffer/buffer.ts';
import { Attribute, PLAIN_STYLE, rgb, style } from '../style/style.ts';
import { Terminal } from './terminal.ts';
import { TestBackend } from './test-backend.fixture.ts';

const WIDTH = 30;
const HEIGHT = 6;
const HOT = style(rgb(0xff8000), rgb(0x102030), Attribute.BOLD | Attribute.UNDERLINE);

const emulators: Emulator[] = [];
afterEach(() => {
  for (const emulator of emulators.splice(0)) emulator.dispose();
});

function emulate(width = WIDTH, height = HEIGHT): Emulator {
  const emulator = new xterm.Terminal({ cols: width, rows: height, allowProposedApi: true, scrollback: 0 });
  emulators.push(emulator);
  return emulator;
}

function write(emulator: Emulator, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve) => emulator.write(bytes, resolve));
}

function linesOf(emulator: Emulator): string[] {
  const { active } = emulator.buffer;
  return Array.from(
    { length: emulator.rows },
    (_, y) => active.getLine(y)?.translateToString(true).trimEnd() ?? '',
  );
}

interface Setup {
  readonly backend: TestBackend;
  readonly terminal: Terminal;
  readonly readies: () => number;
}

function setUp(term = 'linux', mouse = true): Setup {
  const backend = new TestBackend(WIDTH, HEIGHT);
  let readies = 0;
  const terminal = new Terminal(
    { backend, environment: { TERM: term }, color: 'truecolor', mouse },
    { input: () => {}, ready: () => readies++, resized: () => {}, gone: () => {} },
  );
  return { backend, terminal, readies: () => readies };
}

/** A picture for every number: plain, coloured, wide and clustered glyphs, in different places. */
function picture(number: number): (buffer: Buffer) => void {
  return (buffer) => {
    buffer.put(number % 7, number % HEIGHT, `你好 ${number} é🦊`, HOT);
    buffer.put(0, (number + 2) % HEIGHT, 'x'.repeat(number % WIDTH), PLAIN_STYLE);
    buffer.put(2, (number * 3) % HEIGHT, '👩‍👩‍👧 tail', HOT);
  };
}

describe('drawing', () => {
  test('shows what the view painted, and nothing is sent when nothing changed', async () => {
    const { backend, terminal } = setUp();
    const emulator = emulate();
    terminal.enter();
    expect(backend.isRaw).toBe(true);
    expect(terminal.draw((buffer) => buffer.put(0, 0, 'hello', PLAIN_STYLE))).toBe(true);
    await write(emulator, backend.takeOutput());
    expect(linesOf(emulator)[0]).toBe('hello');
    expect(emulator.buffer.active.type).toBe('alternate');
    terminal.draw((buffer) => buffer.put(0, 0, 'hello', PLAIN_STYLE));
    expect(backend.takeOutput()).toHaveLength(0);
  });

  test('while a frame is on its way nothing is painted; ready comes once it is out', () => {
    const { backend, terminal, readies } = setUp();
    terminal.enter();
    backend.room = 10;
    expect(terminal.draw(picture(1))).toBe(true);
    let calls = 0;
    for (let i = 0; i < 5; i++) expect(terminal.draw(() => calls++)).toBe(false);
    backend.release(10);
    expect([calls, readies()]).toEqual([0, 0]);
    backend.release();
    expect(readies()).toBe(1);
    expect(terminal.draw(() => calls++)).toBe(true);
    expect(calls).toBe(1);
  });

  test('a view that throws leaves the screen as it was', async () => {
    const { backend, terminal } = setUp();
    const emulator = emulate();
    terminal.enter();
    terminal.draw(picture(3));
    const failing = (buffer: Buffer) => {
      buffer.put(0, 0, 'half', PLAIN_STYLE);
      throw new RangeError('no');
    };
    expect(() => terminal.draw(failing)).toThrow('no');
    terminal.draw(picture(4));
    await write(emulator, backend.takeOutput());
    expect(linesOf(emulator)).toEqual(await freshLines(4, WIDTH, HEIGHT));
  });

  test('questions follow the first frame, never precede it', () => {
    const { backend, terminal } = setUp('xterm');
    terminal.enter();
    expect(latin1(backend.takeOutput())).not.toContain('\x1b[c');
    backend.room = 5;
    terminal.draw(picture(1));
    backend.release();
    expect(latin1(backend.takeOutput())).toEndWith('\x1b[c');
    terminal.draw(picture(2));
    expect(latin1(backend.takeOutput())).not.toContain('\x1b[c');
  });

  test('a frame is a synchronized update once the terminal said that it knows them', () => {
    const { backend, terminal } = setUp('xterm');
    terminal.enter();
    terminal.draw(picture(1));
    expect(latin1(backend.takeOutput())).not.toContain('\x1b[?2026h');
    terminal.answer({ reply: 'mode', mode: 2026, state: 2 });
    terminal.draw(picture(2));
    const frame = latin1(backend.takeOutput());
    expect(frame).toStartWith('\x1b[?2026h');
    expect(frame).toEndWith('\x1b[?2026l');
  });

  test('the bell and the mouse wait for the frame on its way', () => {
    const { backend, terminal } = setUp();
    terminal.enter();
    backend.takeOutput();
    backend.room = 3;
    terminal.draw(picture(1));
    for (let i = 0; i < 1000; i++) terminal.bell();
    terminal.setMouse(false);
    backend.release();
    const output = latin1(backend.takeOutput());
    expect(output).toMatch(/\x1b\[\?1006l.*\x07$/);
    expect(output.split('\x07')).toHaveLength(2);
  });

  test('whatever stalls, resizes and repaints come between, the screen ends as the newest picture', async () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('draw' as const), number: fc.nat(100) }),
      fc.record({ kind: fc.constant('room' as const), number: fc.nat(200) }),
      fc.record({ kind: fc.constant('size' as const), number: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ kind: fc.constant('enter' as const), number: fc.nat(1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), fc.nat(100), async (actions, last) => {
        const { backend, terminal } = setUp();
        const emulator = emulate();
        terminal.enter();
        for (const { kind, number } of actions) {
          if (kind === 'draw') terminal.draw(picture(number));
          if (kind === 'room') backend.release(number);
          if (kind === 'enter') terminal.enter();
          if (kind !== 'size') continue;
          backend.resize(number, HEIGHT);
          terminal.updateSize();
          await write(emulator, backend.takeOutput());
          emulator.resize(number, HEIGHT);
        }
        backend.release();
        terminal.draw(picture(last));
        await write(emulator, backend.takeOutput());
        expect(linesOf(emulator)).toEqual(await freshLines(last, terminal.width, HEIGHT));
        emulator.dispose();
      }),
      { numRuns: 60 },
    );
  });
});

describe('leaving', () => {
  test('is clean after a frame cut at any byte', async () => {
    const emulator = emulate();
    const before = emulator.modes;
    const first = setUp();
    const { frame } = await drawCut(first, Number.POSITIVE_INFINITY);
    expect(frame).toBeGreaterThan(100);
    for (let cut = 0; cut <= frame; cut++) {
      emulator.reset();
      const setup = setUp();
      const { output } = await drawCut(setup, cut);
      await write(emulator, `$ sstop\r\n`);
      await write(emulator, output);
      expect(emulator.modes).toEqual(before);
      expect(emulator.buffer.active.type).toBe('normal');
      await write(emulator, '$ after');
      expect(linesOf(emulator).join('|')).toBe('$ sstop|$ after||||');
      const cell = emulator.buffer.active.getLine(1)?.getCell(0);
      expect(cell?.isAttributeDefault()).toBe(true);
      expect(setup.backend.isRaw).toBe(false);
    }
  });

  test('ends a sequence that was cut, and sends no such thing otherwise', async () => {
    const whole = await drawCut(setUp(), Number.POSITIVE_INFINITY);
    const cut = await drawCut(setUp(), 20);
    expect(latin1(whole.output)).not.toContain('\x18');
    expect(latin1(cut.output)).toContain('\x18\x1b[?2026l');
  });

  test('does not wait for a terminal that takes nothing', async () => {
    const { backend, terminal } = setUp();
    terminal.enter();
    backend.release(3);
    terminal.draw(picture(1));
    // Who waited for it would wait for good.
    await terminal.leave();
    expect(backend.isRaw).toBe(false);
    expect(backend.isBusy).toBe(false);
  });

  test('waits for the answers still on their way, and not once they are there', async () => {
    const { backend, terminal } = setUp('xterm');
    terminal.enter();
    terminal.draw(picture(1));
    let hasLeft = false;
    const left = terminal.leave().then(() => {
      hasLeft = true;
    });
    await Promise.resolve();
    expect([hasLeft, backend.isRaw]).toEqual([false, true]);
    terminal.answer({ reply: 'attributes' });
    await left;
    expect(backend.isRaw).toBe(false);
  });

  test('twice is once, and a terminal that is gone is left at once', async () => {
    const { backend, terminal } = setUp('xterm');
    terminal.enter();
    terminal.draw(picture(1));
    backend.takeOutput();
    const leaving = [terminal.leave(), terminal.leave()];
    backend.hangUp();
    await Promise.all(leaving);
    expect(latin1(backend.takeOutput()).split('\x1b[?1049l')).toHaveLength(2);
    expect(terminal.draw(picture(2))).toBe(false);
  });

  test('and coming back paints everything again', async () => {
    const { backend, terminal } = setUp();
    const emulator = emulate();
    terminal.enter();
    terminal.draw(picture(5));
    await terminal.leave();
    await write(emulator, backend.takeOutput());
    terminal.enter();
    terminal.draw(picture(5));
    await write(emulator, backend.takeOutput());
    expect(linesOf(emulator)).toEqual(await freshLines(5, WIDTH, HEIGHT));
    expect(emulator.modes).toMatchObject({ mouseTrackingMode: 'drag', bracketedPasteMode: true });
  });
});

/** Draws two pictures, the second as a synchronized update of which only `room` bytes get out, and leaves. */
async function drawCut(
  { backend, terminal }: Setup,
  room: number,
): Promise<{ output: Uint8Array; frame: number }> {
  terminal.enter();
  terminal.draw(picture(1));
  terminal.answer({ reply: 'mode', mode: 2026, state: 2 });
  const start = backend.takeOutput();
  terminal.invalidate();
  backend.room = room;
  terminal.draw(picture(9));
  const frame = backend.takeOutput();
  backend.room = Number.POSITIVE_INFINITY;
  await terminal.leave();
  return { output: Uint8Array.from([...start, ...frame, ...backend.takeOutput()]), frame: frame.length };
}

/** What a new terminal shows of a picture. */
async function freshLines(number: number, width: number, height: number): Promise<string[]> {
  const { backend, terminal } = setUp();
  const emulator = emulate(width, height);
  backend.resize(width, height);
  terminal.enter();
  terminal.draw(picture(number));
  await write(emulator, backend.takeOutput());
  const lines = linesOf(emulator);
  emulator.dispose();
  return lines;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
