import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP } from './testing/executables.ts';
import { type LimitedGroup, makeLimitedGroup } from './testing/limited-group.ts';
import { SocktopScreen } from './testing/socktop-screen.ts';

setDefaultTimeout(60_000);

const ANYTHING = /\S+/;
const SIZE = { columns: 130, rows: 40 };

const probe = makeLimitedGroup();
probe?.remove();
if (probe === undefined)
  process.stdout.write('skipped: no control group with a limit of CPU time can be made here (needs root)\n');

let group: LimitedGroup | undefined;
let loop: Bun.Subprocess | undefined;

afterEach(async () => {
  loop?.kill('SIGKILL');
  await loop?.exited;
  loop = undefined;
  group?.remove();
  group = undefined;
});

/** So little that a machine with much other work has as much for it in every period. */
const QUOTA_MICROS = 2000;

/** A loop that never rests, in a control group with a fiftieth of a core; resolves once it has been stopped. */
async function startThrottled(): Promise<LimitedGroup> {
  const made = makeLimitedGroup(QUOTA_MICROS)!;
  group = made;
  loop = Bun.spawn(['sh', '-c', `echo $$ > ${made.folder}/cgroup.procs && while :; do :; done`]);
  while (made.throttledCount() === 0) await Bun.sleep(20);
  return made;
}

test.skipIf(probe === undefined)(
  'W lists a control group that is throttled, here and through an agent (needs a control group with a limit)',
  async () => {
    const { path } = await startThrottled();
    const agent = await AgentProcess.start();
    try {
      for (const where of ['--local', `ws://127.0.0.1:${agent.port}/ws`]) {
        const screen = new SocktopScreen([where], ANYTHING, SIZE);
        try {
          await screen.untilText(/Processes [1-9]/);
          screen.press('W');
          await screen.untilText(/waiting for(.*\n)*.*CPU WAIT %/);
          screen.press('W');
          const row = `${path} +throttled [1-9]\\d* % of the time`;
          await screen.untilText(new RegExp(`Control groups [1-9](.*\\n)*.*WHAT IS WRONG(.*\\n)*.*${row}`));
          screen.press('W');
          await screen.until(() => !screen.pty.text().includes('Control groups'), 'the usual table');
        } finally {
          await screen.close();
        }
      }
    } finally {
      await agent.close();
    }
  },
);

test.skipIf(probe === undefined)('and in socktop --json (needs a control group with a limit)', async () => {
  const { path } = await startThrottled();
  const command = [SOCKTOP, '--local', '--json', '--once'];
  const { stdout, exitCode } = Bun.spawnSync(command, {
    env: { ...process.env, XDG_STATE_HOME: '/dev/null' },
  });
  expect(exitCode).toBe(0);
  const { control_groups: groups } = JSON.parse(stdout.toString()) as {
    control_groups: { path: string; throttled_percent: number; cpu_limit: number; trouble: string }[];
  };
  const found = groups.find((one) => one.path === path);
  expect(found?.cpu_limit).toBe(0.02);
  expect(found?.throttled_percent).toBeGreaterThan(0);
  expect(found?.trouble).toMatch(/^throttled \d+ % of the time/);
});
