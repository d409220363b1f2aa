import { describe, expect, test } from 'bun:test';
import { constants } from 'node:os';
import { SOCKTOP, SSTOP } from './testing/executables.ts';
import { FRESH_LOCAL_FLAGS, PtyProgram } from './testing/pty.ts';

const SCREENS = [
  ['sstop', [SSTOP, '--no-dns'], /PROCESS/],
  ['socktop', [SOCKTOP, '--local'], /Processes/],
] as const;
/** What sends signals to programs that did not ask for them: time limits, timers, and people. */
const SIGNALS = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR1', 'SIGUSR2'] as const),
  ...(['SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGXCPU'] as const),
];
/** Those that the runtime has no names for (signal(7)): SIGSTKFLT, the first and the last real-time signal. */
const UNNAMED = ['16', '34', '64'];
/** Of the engine: SIGPIPE and SIGXFSZ, which it ignores, and SIGPWR, by which it halts its threads. */
const LEFT_ALONE = ['13', '25', '30'];

describe.each(SCREENS)('the screen of %s', (_name, command, shown) => {
  async function ended(signal: (typeof SIGNALS)[number]) {
    const pty = new PtyProgram(command);
    try {
      await pty.waitFor(shown);
      pty.signal(signal);
      const code = await pty.exited();
      const isRestored = !pty.isAlternateScreen && pty.isCursorVisible && pty.mouseTracking === 'none';
      return { signal, code, isRestored: isRestored && pty.localFlags === FRESH_LOCAL_FLAGS };
    } finally {
      await pty.close();
    }
  }

  test('gives the terminal back on every signal that ends it', async () => {
    // In groups: screens by the dozen would wait for each other longer than for anything else.
    for (const group of [SIGNALS.slice(0, 4), SIGNALS.slice(4, 8), SIGNALS.slice(8)]) {
      const expected = group.map((signal) => ({
        signal,
        code: 128 + constants.signals[signal],
        isRestored: true,
      }));
      expect(await Promise.all(group.map(ended))).toEqual(expected);
    }
  });

  test('is not ended by those that it cannot be told of', async () => {
    const pty = new PtyProgram(command);
    try {
      await pty.waitFor(shown);
      for (const signal of [...UNNAMED, ...LEFT_ALONE]) {
        expect(Bun.spawnSync(['sh', '-c', `kill -${signal} ${pty.process.pid}`]).exitCode).toBe(0);
      }
      pty.key('q');
      expect(await pty.exited()).toBe(0);
      expect(pty.isAlternateScreen).toBe(false);
    } finally {
      await pty.close();
    }
  });
});
