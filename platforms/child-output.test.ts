import { expect, test } from 'bun:test';
import { type ChildProgram, outputOf } from './child-output.ts';
import { lookUpUsers } from './linux/processes/users.ts';

const LIMITS = { deadlineMillis: 60_000, limit: 1000, complaintLimit: 100 };

/** A program whose output cannot be read, as under a filter of system calls. */
function unreadable(): ChildProgram {
  const stream = () => new ReadableStream({ pull: (to) => to.error(new RangeError('not permitted')) });
  const ended = { exited: Promise.resolve(0), kill: () => undefined };
  return { stdout: stream(), stderr: stream(), ...ended } as unknown as ChildProgram;
}

test('output that cannot be read is one error, and no rejection that nobody handles', async () => {
  await expect(outputOf(unreadable(), LIMITS)).rejects.toThrow('not permitted');
  expect(await lookUpUsers([64321], unreadable)).toEqual(new Map());
  // An unhandled rejection would fail this test.
  await new Promise((resolve) => setImmediate(resolve));
});
