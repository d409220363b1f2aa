import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOCKTOP, SOCKTOP_AGENT, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';
import { linesOf } from './testing/traffic.ts';
import { VethNetwork, vethObstacle } from './testing/veth-network.ts';

const LONG_MILLIS = 120_000;
const SINK_PORT = 9000;
const STAGES = ['forkbomb', 'leaker', 'dumper', 'uploader'] as const;
type Stage = (typeof STAGES)[number];

const obstacle =
  process.geteuid?.() !== 0 ? 'needs root' : process.platform === 'linux' ? vethObstacle() : 'needs Linux';
if (obstacle !== undefined) console.log(`history.namespace.system.test.ts: not run: ${obstacle}`);

/**
 * What happens in the namespaces: an agent that records every second, and four programs one after the other that do
 * what they are called, for as long as they may, however fast the machine is. Each is a copy of a tool, so that its name
 * is its own.
 */
function script(folder: string, sink: string): string {
  const at = (name: string): string => join(folder, name);
  return `
cd ${folder}
${SOCKTOP_AGENT} --port 0 --bind 127.0.0.1 --history ${at('history')} --history-interval 1s >agent.log 2>&1 &
until ls history 2>/dev/null | grep -q sstop; do sleep 0.1; done
say() { echo "$1 $(date +%s%3N)"; }
quiet() { say end; sleep 2; }
sleep 2
say forkbomb; timeout 5 ./forkbomb -c 'for at in 1 2 3 4 5 6 7 8; do while :; do (:); done & done; wait'; quiet
say leaker; { head -c 400M /dev/zero; sleep 5; } | ./leaker -n 1 >/dev/null; quiet
say dumper; : >dump; timeout 5 ./dumper -n 100000 -s 100M dump; quiet
say uploader; timeout 5 bash -c 'exec 3<>/dev/tcp/${sink}/${SINK_PORT}; exec ./uploader /dev/zero >&3'; quiet
kill %1; wait
say over
`;
}

/** The first row below the titles of a table that has all of `titles`. */
function firstRow(program: PtyProgram, title: string): string {
  const lines = program.lines();
  return lines[lines.findIndex((line) => line.includes(title)) + 1] ?? '';
}

describe.skipIf(obstacle !== undefined)(
  'a machine in namespaces on which four things go wrong (needs root, unshare, ip, tc, gcc)',
  () => {
    let folder = '';
    let network: VethNetwork;
    /** From and to, milliseconds since 1970. */
    const spans = new Map<Stage, readonly [number, number]>();

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'history-namespace-'));
      for (const [tool, name] of [
        ['bash', 'forkbomb'],
        ['tail', 'leaker'],
        ['shred', 'dumper'],
        ['cat', 'uploader'],
      ] as const) {
        copyFileSync(Bun.which(tool)!, join(folder, name));
      }
      network = await VethNetwork.open();
      const sink = network.address('far', 4);
      const listening = `Bun.listen({ hostname: '${sink}', port: ${SINK_PORT}, socket: { data() {} } }); console.log('up');`;
      const receiver = Bun.spawn(network.command('far', [process.execPath, '-e', listening]), {
        ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
      });
      for await (const line of linesOf(receiver.stdout)) if (line === 'up') break;
      writeFileSync(join(folder, 'script'), script(folder, sink));
      const inside = [
        'unshare',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
        'bash',
        join(folder, 'script'),
      ];
      const machine = Bun.spawn(network.command('near', inside), {
        ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
        env: { ...process.env, TZ: 'UTC' },
      });
      let began: [Stage, number] | undefined;
      for await (const line of linesOf(machine.stdout)) {
        const [word, time] = line.split(' ');
        const stage = STAGES.find((name) => name === word);
        if (stage !== undefined) began = [stage, Number(time)];
        else if (word === 'end' && began !== undefined) spans.set(began[0], [began[1], Number(time)]);
      }
      expect(await machine.exited).toBe(0);
      receiver.kill('SIGKILL');
    }, LONG_MILLIS);

    afterAll(async () => {
      await network?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** A second in the middle of a stage, as the command line and the time line take it. */
    function middleOf(stage: Stage): string {
      const [from, to] = spans.get(stage)!;
      return `@${Math.round((from + to) / 2000)}`;
    }

    /** How the table is ordered by what the stage is about: a click on a title, or a key. */
    const ORDERS: Readonly<Record<Stage, { readonly title: string; readonly key?: string }>> = {
      // A storm is many processes: summed by program.
      forkbomb: { title: 'PROGRAM', key: 'p' },
      leaker: { title: 'MEM ' },
      dumper: { title: 'W/s' },
      uploader: { title: 'PROCESS ', key: 'n3' },
    };

    /** Resolves when the culprit is in the first row of that order. */
    async function seen(program: PtyProgram, stage: Stage): Promise<void> {
      const { title, key } = ORDERS[stage];
      const y = program.lines().findIndex((line) => line.includes(' PID USER '));
      const click = `\x1b[<0;${program.line(y).indexOf(title) + 1};${y + 1}M`;
      program.key(key ?? click);
      const isFirst = (): boolean =>
        firstRow(program, key === undefined ? ' PID USER ' : title).includes(stage);
      await program.waitUntil(isFirst, `${stage} in the first row`);
    }

    function screen(...argv: readonly string[]): PtyProgram {
      const environment = { TZ: 'UTC', XDG_CONFIG_HOME: folder };
      const command = [SOCKTOP, '--history', join(folder, 'history'), ...argv];
      return new PtyProgram(command, { columns: 140, rows: 45, environment });
    }

    test.each(STAGES)(
      '--at names %s in the first row',
      async (stage) => {
        const program = screen('--at', middleOf(stage));
        try {
          await program.waitFor(/Processes \d+ (.*\n)*.* PID USER /);
          await seen(program, stage);
        } finally {
          await program.close();
        }
      },
      LONG_MILLIS,
    );

    test(
      'the time line leads to each',
      async () => {
        const program = screen('--at', middleOf('forkbomb'));
        try {
          await program.waitFor(/Processes \d+ (.*\n)*.* PID USER /);
          for (const stage of STAGES) {
            program.key('H');
            await program.waitFor(/─ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}CPU(?:.*\n)+.*one sample/);
            program.key(`/${middleOf(stage)}\r`);
            await program.waitFor(/\[ \] one sample/);
            program.key('\r');
            await program.waitUntil(() => !program.text().includes('one sample'), 'the time line closed');
            await seen(program, stage);
            // Back to single processes.
            if (stage === 'forkbomb') program.key('\x1b');
            await program.waitFor(stage === 'uploader' ? / sstop / : / PID USER /);
          }
        } finally {
          await program.close();
        }
      },
      LONG_MILLIS,
    );

    test.each([
      ['forkbomb', 'cpu'],
      ['leaker', 'memory'],
      ['dumper', 'disk'],
      ['uploader', 'network'],
    ] as const)('--top of its seconds names %s by %s', (stage, by) => {
      const [from, to] = spans.get(stage)!;
      // Before it has ended: its parent has its reads and writes then.
      const span = ['--at', `@${Math.floor(from / 1000)}`, '--until', `@${Math.floor(to / 1000) - 1}`];
      const child = Bun.spawnSync([SSTOP, '--history', join(folder, 'history'), ...span, '--top', '--json']);
      const top = JSON.parse(child.stdout.toString());
      // Whoever receives the upload is in no namespace of this machine, and receives as much.
      const [first] = top[by].filter(({ name }: { readonly name: string }) => !name.startsWith('outside '));
      expect(first.name).toBe(stage);
    });
  },
);
