import { describe, expect, test } from 'bun:test';
import { OpError } from '../../kit/errors/op-error.ts';
import { DeferredSource } from './deferred-source.ts';
import type { Source } from './source.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;

/** A source that counts its calls, behind one that defers it. */
function deferred(failures = 0) {
  const calls = { opened: 0, sampled: 0, closed: 0 };
  const inner: Source = {
    sample: () => {
      calls.sampled++;
      return Promise.reject(new OpError({ op: 'sample', code: 'ASKED' }));
    },
    close: () => {
      calls.closed++;
    },
  };
  const source = new DeferredSource(() => {
    calls.opened++;
    if (calls.opened <= failures) throw new OpError({ op: 'open', code: 'EPERM' });
    return inner;
  });
  const codeOfSample = (): Promise<unknown> =>
    source.sample({ network: true }, FOR_EVER).catch((thrown: OpError) => thrown.code);
  return { source, calls, codeOfSample };
}

describe('a deferred source', () => {
  test('is opened by the first sample, once', async () => {
    const { calls, codeOfSample } = deferred();
    expect(calls.opened).toBe(0);
    expect([await codeOfSample(), await codeOfSample()]).toEqual(['ASKED', 'ASKED']);
    expect(calls).toEqual({ opened: 1, sampled: 2, closed: 0 });
  });

  test('that cannot be opened is an error of the sample, and tried again', async () => {
    const { calls, codeOfSample } = deferred(1);
    expect([await codeOfSample(), await codeOfSample()]).toEqual(['EPERM', 'ASKED']);
    expect(calls.opened).toBe(2);
  });

  test('is not opened after its end, and closes what it has opened', async () => {
    const unused = deferred();
    unused.source.close();
    expect(await unused.codeOfSample()).toBe('CLOSED');
    expect(unused.calls).toEqual({ opened: 0, sampled: 0, closed: 0 });
    const used = deferred();
    await used.codeOfSample();
    used.source.close();
    expect(used.calls.closed).toBe(1);
  });
});
