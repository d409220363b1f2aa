import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { bytesOf, captured } from './captured-proc.fixture.ts';
import { emptyPidStat, isKernelThread, parsePidStat, parsePidWaits } from './pid-stat.ts';

const NUMBERS = '-1 4194304 143 0 0 0 7 8 0 0 20 0 3 0 272198 2990080 409 18446744073709551615 1 1\n';

describe('parsePidStat', () => {
  test('reads the fields of a captured file', () => {
    const stat = emptyPidStat();
    const bytes = captured('4101/stat');
    expect(parsePidStat(bytes, bytes.length, stat)).toBe(true);
    expect(stat).toMatchObject({ pid: 4101, ppid: 812, threads: 1, startTicks: 272198, rssPages: 409 });
    expect(String.fromCharCode(stat.state)).toBe('S');
    expect(new TextDecoder().decode(bytes.subarray(stat.nameStart, stat.nameEnd))).toBe('sleep');
  });

  test('the last parenthesis ends a name with spaces, parentheses, newlines and invalid UTF-8', () => {
    const stat = emptyPidStat();
    const bytes = captured('812/stat');
    expect(parsePidStat(bytes, bytes.length, stat)).toBe(true);
    expect([...bytes.subarray(stat.nameStart, stat.nameEnd)]).toEqual([...bytesOf(') S 1\n(x '), 0xff, 0x29]);
    expect(stat.ppid).toBe(342);
  });

  test('a kernel thread is known by its flags, whatever its name', () => {
    const isOne = (flags: string): boolean => {
      const stat = emptyPidStat();
      const bytes = bytesOf(
        `9 () 1 2) R 2 0 0 0 -1 ${flags} 143 0 0 0 7 8 0 0 20 0 3 0 272198 2990080 409 1 1\n`,
      );
      expect(parsePidStat(bytes, bytes.length, stat)).toBe(true);
      return isKernelThread(bytes, bytes.length, stat);
    };
    expect([isOne('2129984'), isOne('69238880')]).toEqual([true, true]);
    expect([isOne('4194560'), isOne('-1')]).toEqual([false, false]);
  });

  test('an empty name is a name', () => {
    const stat = emptyPidStat();
    const bytes = bytesOf(`9 () R 1 1 1 0 ${NUMBERS}`);
    expect(parsePidStat(bytes, bytes.length, stat)).toBe(true);
    expect([stat.nameStart, stat.nameEnd, stat.userTicks, stat.systemTicks]).toEqual([3, 3, 7, 8]);
  });

  test('a nice value may be negative', () => {
    const stat = emptyPidStat();
    for (const nice of [-20, -1, 0, 19]) {
      const bytes = bytesOf(`9 (a) R 1 1 1 0 ${NUMBERS.replace('20 0 3', `20 ${nice} 3`)}`);
      expect(parsePidStat(bytes, bytes.length, stat)).toBe(true);
      expect([stat.nice, stat.threads]).toEqual([nice, 3]);
    }
  });

  test.each([
    ['no text', ''],
    ['no nice value', `12 (a) R 1 1 1 0 ${NUMBERS.replace('20 0 3', '20 - 3')}`],
    ['no name', '12'],
    ['no closing parenthesis', `12 (a R 1 1 1 0 ${NUMBERS}`],
    ['a pid of 0', `0 (a) R 1 1 1 0 ${NUMBERS}`],
    ['a negative pid', `-5 (a) R 1 1 1 0 ${NUMBERS}`],
    ['a negative parent', `12 (a) R -1 1 1 0 ${NUMBERS}`],
    ['a pid past 31 bits', `4294967296 (a) R 1 1 1 0 ${NUMBERS}`],
    ['no state', `12 (a) 5 1 1 1 0 ${NUMBERS}`],
    ['nothing behind the name', '12 (a)'],
    [
      'a start time that no double holds',
      `12 (a) R 1 1 1 0 ${NUMBERS.replace('272198', '99999999999999999')}`,
    ],
    ['a negative start time', `12 (a) R 1 1 1 0 ${NUMBERS.replace('272198', '-2')}`],
  ])('refuses %s', (_what, text) => {
    const bytes = bytesOf(text);
    expect(parsePidStat(bytes, bytes.length, emptyPidStat())).toBe(false);
  });

  test('cut anywhere before the end of the 24th field it is refused, and bytes past the length are not read', () => {
    const bytes = captured('4101/stat');
    const end = new TextDecoder().decode(bytes).indexOf(' 409 ') + 4;
    for (let length = 0; length <= end; length++) {
      expect(parsePidStat(bytes, length, emptyPidStat())).toBe(false);
    }
    expect(parsePidStat(bytes, end + 1, emptyPidStat())).toBe(true);
  });

  test('never throws, whatever the bytes and the length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: -5, max: 400 }), (noise, length) => {
        parsePidStat(noise, length, emptyPidStat());
        const lying = new Uint8Array([...bytesOf('7 (a) S 1 1 1 0 '), ...noise]);
        parsePidStat(lying, length, emptyPidStat());
      }),
    );
  });
});

describe('parsePidWaits', () => {
  const waits = () => ({ majorFaults: -1, blockDelayTicks: -1 });
  /** Fields 4 to 52, each with its number as value. */
  const fields = Array.from({ length: 49 }, (_, i) => i + 4).join(' ');

  test('reads fields 12 and 42, whatever the name', () => {
    for (const name of ['a', ') S 1 2 3', '']) {
      const into = waits();
      const bytes = bytesOf(`9 (${name}) R ${fields}\n`);
      expect(parsePidWaits(bytes, bytes.length, into)).toBe(true);
      expect(into).toEqual({ majorFaults: 12, blockDelayTicks: 42 });
    }
  });

  test('refuses a text that is cut, anywhere', () => {
    const whole = `9 (a) R ${fields}\n`;
    const bytes = bytesOf(whole);
    const end = whole.indexOf(' 43');
    for (let length = 0; length <= end; length++) expect(parsePidWaits(bytes, length, waits())).toBe(false);
  });
});
