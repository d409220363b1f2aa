import { afterEach, expect, test } from 'bun:test';
import { FIXTURES, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';
import { linesOf } from './testing/traffic.ts';

const TAG = process.pid.toString(36);
const GRANDPARENT = `gp${TAG}`;
const PARENT = `pa${TAG}`;
const LISTENER = `li${TAG}`;

/** Two shells without sockets, one in the other, and two listeners in that; prints the PIDs of the latter three. */
const FAMILY = `
  printf ${GRANDPARENT} > /proc/$$/comm
  bash -c '
    printf ${PARENT} > /proc/$$/comm
    echo $$
    "$@" & "$@" &
    wait
  ' bash "$@" &
  wait
`;

let family: Bun.Subprocess<'ignore', 'pipe', 'ignore'> | undefined;
let program: PtyProgram | undefined;
const pids: number[] = [];

afterEach(async () => {
  await program?.close();
  for (const pid of pids.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'ESRCH' });
    }
  }
  family?.kill('SIGKILL');
  await family?.exited;
});

/** The listed names of the family, with the columns that their names start at. */
function branches(screen: PtyProgram): (readonly [name: string, column: number])[] {
  return screen
    .lines()
    .slice(4, -2)
    .flatMap((line) => {
      const found = new RegExp(`(gp|pa|li)${TAG}`).exec(line);
      return found === null ? [] : [[found[0], found.index] as const];
    });
}

test('processes without sockets stand above their children with the sum of these, and a lost parent gives way', async () => {
  const hex = Buffer.from(LISTENER).toHex();
  family = Bun.spawn(
    ['bash', '-c', FAMILY, 'bash', process.execPath, `${FIXTURES}/named-listener.fixture.ts`, hex],
    { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
  );
  const lines = linesOf(family.stdout);
  for (let i = 0; i < 3; i++) pids.push(Number((await lines.next()).value));
  pids.push(family.pid);
  program = new PtyProgram([SSTOP, '--loopback', '--interval', '100ms', '--filter', LISTENER], {
    // However deep the test itself stands in the tree.
    columns: 240,
    rows: 40,
  });
  await program.waitUntil(() => branches(program!).length === 2, 'both listeners');
  program.key('t');
  await program.waitUntil(() => branches(program!).length === 4, 'the family');
  const tree = branches(program);
  expect(tree.map(([name]) => name)).toEqual([GRANDPARENT, PARENT, LISTENER, LISTENER]);
  const first = tree[0]?.[1] ?? 0;
  expect(tree.map(([, column]) => column - first)).toEqual([0, 2, 4, 4]);
  const row = program.lines().find((line) => line.includes(GRANDPARENT)) ?? '';
  expect(row).toMatch(new RegExp(`^ *${family.pid} .* 0 +2 *$`));
  process.kill(pids[0]!, 'SIGKILL');
  await program.waitUntil(() => !program!.text().includes(PARENT), 'the parent to be gone');
  await program.waitUntil(() => branches(program!).length === 2, 'the listeners below another process');
}, 60_000);
