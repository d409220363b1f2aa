// A small program for the tests of the loop: every way in and out of it, one key each.
import { appendFileSync } from 'node:fs';
import type { Buffer } from '../buffer/buffer.ts';
import type { InputEvent } from '../input/event.ts';
import { PLAIN_STYLE, rgb, style } from '../style/style.ts';
import { AnsiBackend } from '../terminal/terminal-output.ts';
import type { Controls, Program } from './program.ts';
import { runProgram } from './run-program.ts';

interface Model {
  readonly size: string;
  readonly ticks: number;
  readonly last: string;
  readonly isFlooding: boolean;
  readonly mustThrow: boolean;
}

type Message =
  | { readonly kind: 'event'; readonly event: InputEvent }
  | { readonly kind: 'resized'; readonly size: string }
  | { readonly kind: 'tick' };

type Effect = 'flood' | 'reject' | 'throw-later' | 'bell' | 'mouse-off' | 'exit';

const COLORED = style(rgb(0xff8000));
const EFFECTS = new Map<string, Effect>([
  ['f', 'flood'],
  ['r', 'reject'],
  ['t', 'throw-later'],
  ['b', 'bell'],
  ['m', 'mouse-off'],
  ['e', 'exit'],
]);

const program: Program<Model, Message, Effect> = {
  initial: { size: '', ticks: 0, last: 'nothing', isFlooding: false, mustThrow: false },
  update(model, message) {
    switch (message.kind) {
      case 'tick':
        return { model: { ...model, ticks: model.ticks + 1 } };
      case 'resized':
        return { model: { ...model, size: message.size } };
      case 'event':
        return updateForEvent(model, message.event);
    }
  },
  view,
  input: (_model, event) => ({ kind: 'event', event }),
  resized: (_model, width, height) => ({ kind: 'resized', size: `${width}x${height}` }),
};

function updateForEvent(model: Model, event: InputEvent) {
  const { kind, ...rest } = event;
  const last = event.kind === 'key' ? `key ${event.chord}` : `${kind} ${JSON.stringify(rest)}`;
  // Answers come whenever the terminal likes; tests wait for what they did themselves.
  if (event.kind !== 'key') return { model: event.kind === 'reply' ? model : { ...model, last } };
  if (event.chord === 'q' || event.chord === 'ctrl+c') return { model, quit: true };
  const effect = EFFECTS.get(event.chord);
  return {
    model: { ...model, last, isFlooding: effect === 'flood', mustThrow: event.chord === 'x' },
    effects: effect === undefined ? [] : [effect],
  };
}

function view(model: Model, buffer: Buffer): void {
  if (model.mustThrow) throw new RangeError('thrown in view');
  buffer.put(0, 0, `size ${model.size} ticks ${model.ticks}`, PLAIN_STYLE);
  buffer.put(0, 1, `last ${model.last}`, COLORED);
  if (!model.isFlooding) return;
  for (let y = 2; y < buffer.height; y++) {
    for (let x = 0; x < buffer.width; x++) {
      buffer.putCodePoint(x, y, 0x41 + ((x + y + model.ticks) % 26), COLORED);
    }
  }
}

function carryOut(effect: Effect, controls: Controls<Model, Message>): void {
  switch (effect) {
    case 'flood':
      setInterval(() => controls.dispatch({ kind: 'tick' }), 2).unref();
      break;
    case 'reject':
      Promise.reject(new RangeError('rejected'));
      break;
    case 'throw-later':
      setTimeout(() => {
        throw new RangeError('thrown later');
      }, 0);
      break;
    case 'bell':
      controls.bell();
      break;
    case 'mouse-off':
      controls.setMouse(false);
      break;
    case 'exit':
      process.exit(7);
  }
}

const CODES = { quit: 0, signal: 3, crash: 4, gone: 5 } as const;
const log = process.env['FIXTURE_LOG'];
const reason = await runProgram(program, { backend: new AnsiBackend('/dev/tty'), effect: carryOut });
if (log !== undefined) {
  const { user, system } = process.cpuUsage();
  const usage = { cpuMillis: (user + system) / 1000, residentBytes: process.memoryUsage.rss() };
  const error = 'error' in reason ? reason.error.message : '';
  appendFileSync(log, JSON.stringify({ ...reason, error, ...usage }));
}
// No process.exit: that the process ends shows that nothing was left behind.
process.exitCode = CODES[reason.kind];
