import { describe, expect, test } from 'bun:test';
import { TestBackend } from '../terminal/test-backend.fixture.ts';
import type { Controls, Program } from './program.ts';
import { type RunOptions, runProgram } from './run-program.ts';

interface Model {
  readonly log: readonly string[];
}

type Message = string;

/** Messages are words: `quit` ends, `fail` throws, `do X` has the effect X, all are logged. */
const program: Program<Model, Message, string> = {
  initial: { log: [] },
  update(model, message) {
    if (message === 'fail') throw new RangeError('failed in update');
    const effects = message.startsWith('do ') ? [message.slice(3)] : [];
    return { model: { log: [...model.log, message] }, effects, quit: message === 'quit' };
  },
  view: () => {},
  input: (_model, event) => (event.kind === 'key' ? event.chord : undefined),
};

type TestControls = Controls<Model, Message>;

function run(
  started: (controls: TestControls) => void,
  extra: Partial<RunOptions<Model, Message, string>> = {},
  changed: Partial<Program<Model, Message, string>> = {},
) {
  const backend = new TestBackend();
  const options = { backend, environment: { TERM: 'linux' }, started, ...extra };
  return { backend, ended: runProgram({ ...program, ...changed }, options) };
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGCONT', 'SIGWINCH'];
const WATCHED = [...SIGNALS, 'uncaughtException', 'unhandledRejection', 'exit'];
const listenerCounts = () => WATCHED.map((name) => process.listenerCount(name));

describe('the loop', () => {
  test('leaves no listener behind, and the backend closed', async () => {
    const before = listenerCounts();
    let during: number[] = [];
    const { backend, ended } = run((controls) => {
      during = listenerCounts();
      controls.quit();
    });
    expect(await ended).toEqual({ kind: 'quit' });
    expect(during).toEqual(before.map((count) => count + 1));
    expect(listenerCounts()).toEqual(before);
    expect([backend.isOpen, backend.isRaw]).toEqual([false, false]);
  });

  test('works off messages in order, effects after their model, and ends after the last effect', async () => {
    const seen: string[] = [];
    let last: TestControls | undefined;
    const { ended } = run(
      (controls) => {
        last = controls;
        for (const message of ['a', 'do answer', 'b']) controls.dispatch(message);
        controls.dispatch('do leave');
      },
      {
        effect(effect, controls) {
          seen.push(`${effect} after ${controls.model.log.at(-1)}`);
          controls.dispatch(effect === 'leave' ? 'quit' : `reply to ${effect}`);
        },
      },
    );
    expect(await ended).toEqual({ kind: 'quit' });
    expect(seen).toEqual(['answer after do answer', 'leave after do leave']);
    expect(last?.model.log).toEqual(['a', 'do answer', 'reply to answer', 'b', 'do leave', 'quit']);
    last?.dispatch('late');
    expect(last?.model.log.at(-1)).toBe('quit');
  });

  test('a burst of messages is one frame', async () => {
    let views = 0;
    const { ended } = run(
      (controls) => {
        // Whatever starts, the first frame was before it.
        expect(views).toBe(1);
        for (let i = 0; i < 1000; i++) controls.dispatch(`${i}`);
        setImmediate(() => setImmediate(() => controls.quit()));
      },
      {},
      { view: () => views++ },
    );
    await ended;
    expect(views).toBe(2);
  });

  test('a frame on its way holds back views, not messages; the newest model is shown when it is out', async () => {
    const shown: number[] = [];
    const { backend, ended } = run(
      (controls) => {
        setImmediate(async () => {
          backend.room = 0;
          for (let i = 0; i < 5; i++) {
            controls.dispatch('x');
            await nextTurn();
          }
          backend.release();
          await nextTurn();
          controls.quit();
        });
      },
      {},
      {
        view: (model, buffer) => {
          shown.push(model.log.length);
          buffer.putCodePoint(model.log.length, 0, 0x78, { foreground: 0, background: 0, attributes: 0 });
        },
      },
    );
    await ended;
    expect(shown).toEqual([0, 1, 5]);
  });

  test.each([
    ['update', (controls: TestControls) => controls.dispatch('fail'), {}],
    [
      'view',
      () => {},
      {
        view: () => {
          throw new RangeError('failed in view');
        },
      },
    ],
    [
      'resized',
      () => {},
      {
        resized: () => {
          throw new RangeError('failed in resized');
        },
      },
    ],
  ] as const)('an error in %s is a crash', async (where, started, changed) => {
    const { backend, ended } = run(started, {}, changed);
    expect(await ended).toMatchObject({ kind: 'crash', error: { message: `failed in ${where}` } });
    expect(backend.isRaw).toBe(false);
  });

  test('an error in the handler of an effect, or thrown by nobody in particular, is a crash', async () => {
    const { ended } = run((controls) => controls.dispatch('do it'), {
      effect: () => {
        throw 'a string';
      },
    });
    expect(await ended).toMatchObject({ kind: 'crash', error: { message: 'a string' } });
  });

  test('a terminal that is gone is the reason', async () => {
    const { backend, ended } = run(() => setImmediate(() => backend.hangUp()));
    expect(await ended).toMatchObject({ kind: 'gone', error: { code: 'EOF' } });
  });

  test('keys arrive as messages, and the first reason to end is the one', async () => {
    let last: TestControls | undefined;
    const { backend, ended } = run((controls) => {
      last = controls;
      setImmediate(() => {
        backend.type('a\x1b[A');
        controls.quit();
        backend.type('b');
        backend.hangUp();
      });
    });
    expect(await ended).toEqual({ kind: 'quit' });
    expect(last?.model.log).toEqual(['a', 'up']);
  });
});
