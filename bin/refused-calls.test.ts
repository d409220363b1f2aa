import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilRuns } from '../platforms/linux/testdata/test-slices.fixture.ts';
import { SOCKTOP, SOCKTOP_AGENT, SSTOP } from './testing/executables.ts';

/**
 * What the system refuses is said in one line, whatever it is: never by the runtime, which prints the place in the source
 * with a stack. Descriptors run out at each number of them; calls are refused by a filter (seccomp(2)).
 */

const gcc = Bun.which('gcc');
const [CAPGET, CAPSET] = process.arch === 'arm64' ? [90, 91] : [125, 126];
const [SOCKET, RECVFROM] = process.arch === 'arm64' ? [198, 207] : [41, 45];
const CLONE3 = 435;
const NEEDED =
  process.arch === 'arm64'
    ? { epoll_create1: 20, epoll_ctl: 21, eventfd2: 19, fcntl: 25, prlimit64: 261 }
    : { epoll_create1: 291, epoll_ctl: 233, eventfd2: 290, fcntl: 72, prlimit64: 302 };
const [EPERM, EACCES, ENOSYS, EAFNOSUPPORT] = [1, 13, 38, 97];
/** The runtime itself needs the first of them to start at all. */
const FIRST_LIMIT = 5;
const LAST_LIMIT = 20;
const RUNS_AT_ONCE = 4;

const REFUSER = `
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
int main(int argc, char **argv) {
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(argv[1]), 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2])),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 99;
  execv(argv[3], argv + 3);
  return 98;
}
`;

/** What systemd's MemoryDenyWriteExecute=yes is on Linux 6.3 and later; 99 before. */
const DENIER = `
#include <unistd.h>
#include <sys/prctl.h>
int main(int argc, char **argv) {
  if (prctl(65 /* PR_SET_MDWE */, 1, 0, 0, 0)) return 99;
  execv(argv[1], argv + 1);
  return 98;
}
`;

const COMMANDS: readonly (readonly [program: string, ...command: string[]])[] = [
  ['sstop', SSTOP, '--once', '--interval', '100ms', '--no-dns'],
  ['socktop', SOCKTOP, '--local', '--once', '--metrics-interval-ms', '100'],
];

let folder = '';
let refuser = '';
let denier = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'refused-calls-'));
  refuser = compiled('refuser', REFUSER);
  denier = compiled('denier', DENIER);
});
afterAll(() => rmSync(folder, { recursive: true }));

function compiled(name: string, source: string): string {
  const path = join(folder, name);
  if (gcc === null) return path;
  writeFileSync(`${path}.c`, source);
  expect(Bun.spawnSync([gcc, '-o', path, `${path}.c`]).exitCode).toBe(0);
  return path;
}

async function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([...command], {
    env: { PATH: '/usr/bin:/bin', HOME: folder, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const stderr = await new Response(child.stderr).text();
  await child.exited;
  clearTimeout(timer);
  return { code: child.signalCode ?? child.exitCode, lines: stderr.split('\n').slice(0, -1) };
}

const UNKNOWN_USER = '64322';

/** A process that lasts; of a user without a name, if this one may make it. */
function ofUnknownUser(): Bun.Subprocess {
  const ids = ['setpriv', `--reuid=${UNKNOWN_USER}`, `--regid=${UNKNOWN_USER}`, '--clear-groups'];
  return Bun.spawn([...(process.geteuid?.() === 0 ? ids : []), 'sleep', '1000'], { stdin: 'ignore' });
}

test('without descriptors there is a line that says so, or the work is done', async () => {
  const limits = Array.from({ length: LAST_LIMIT - FIRST_LIMIT + 1 }, (_, at) => FIRST_LIMIT + at);
  const jobs = limits.flatMap((limit) => COMMANDS.map((command) => ({ limit, command })));
  let failures = 0;
  const work = async (): Promise<void> => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      const { limit, command } = job;
      const [program, ...argv] = command;
      const { code, lines } = await run(['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh', ...argv]);
      const isSaid = lines.every((line) => line.startsWith(`${program}: `) && line.length < 300);
      const isRight = code === 0 || (code === 1 && lines.length > 0);
      expect({ limit, program, code, lines, isSaid, isRight }).toMatchObject({ isSaid: true, isRight: true });
      for (const line of lines.filter((each) => each.includes('EMFILE'))) expect(line).toContain('ulimit -n');
      if (code === 1) failures++;
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, work));
  expect(failures).toBeGreaterThan(0);
});

describe.skipIf(gcc === null)('calls that are refused (needs gcc)', () => {
  test.each([
    ['capget', CAPGET],
    ['capset', CAPSET],
  ] as const)('%s: one line and exit code 1, or the work is done', async (name, number) => {
    const commands = [
      ...COMMANDS,
      ['socktop-agent', SOCKTOP_AGENT, '--port', '0', '--bind', '127.0.0.1'] as const,
    ];
    const codes: unknown[] = [];
    for (const errno of [EPERM, ENOSYS]) {
      for (const [program, ...argv] of commands) {
        // An agent that drops nothing, having nothing, would stay.
        if (program === 'socktop-agent' && process.geteuid?.() !== 0) continue;
        const { code, lines } = await run([refuser, String(number), String(errno), ...argv]);
        const told =
          code === 0 ? [] : [expect.stringMatching(new RegExp(`^${program}: .*${name}: E[A-Z]+$`))];
        expect({ program, code, lines }).toEqual({ program, code: code === 0 ? 0 : 1, lines: told });
        codes.push(code);
      }
    }
    // As root there are capabilities to give up, which is not left undone in silence.
    if (process.geteuid?.() === 0) expect(codes).toContain(1);
  });

  test.each(Object.entries(NEEDED))(
    '%s, without which the runtime ends or hangs: one line',
    async (name, number) => {
      const line = `a filter (seccomp) refuses ${Object.keys(NEEDED)
        .join(', ')
        .replace(/, (?=prlimit64)/, ' or ')}`;
      expect(line).toContain(name);
      const told = `${line}: sstop, socktop and socktop-agent cannot run without them`;
      for (const errno of [EPERM, EACCES, ENOSYS]) {
        const ended = await run([refuser, String(number), String(errno), SOCKTOP_AGENT, '--port', '0']);
        expect({ errno, ...ended }).toEqual({ errno, code: 1, lines: [told] });
      }
    },
  );

  test('recvfrom: the work is done without helper processes', async () => {
    // A user that no file knows: getent(1) is started for it where that is allowed.
    await using unknown = ofUnknownUser();
    await untilRuns(unknown.pid, 'sleep 1000');
    const runs = COMMANDS.map(async ([program, ...argv]) => {
      const ended = await run([refuser, String(RECVFROM), String(EPERM), ...argv]);
      expect({ program, ...ended }).toEqual({ program, code: 0, lines: [] });
    });
    await Promise.all(runs);
  });

  test('sockets of a kind, as with ipv6.disable=1: one line in words', async () => {
    const commands = [
      ['socktop-agent', SOCKTOP_AGENT, '--port', '0', '--bind', '::1'],
      ['socktop', SOCKTOP, '--once', 'ws://[::1]:9/ws'],
    ] as const;
    for (const [program, ...argv] of commands) {
      const { code, lines } = await run([refuser, String(SOCKET), String(EAFNOSUPPORT), ...argv]);
      const told = expect.stringMatching(
        new RegExp(`^${program}: .*: this machine has no addresses of that kind; `),
      );
      expect({ program, code, lines }).toEqual({ program, code: 1, lines: [told] });
    }
  });

  test('memory that is written and executed: one line that says so, and exit code 1', async () => {
    const runs = COMMANDS.map(async ([program, ...argv]) => {
      const { code, lines } = await run([denier, ...argv]);
      if (code === 99) return;
      const told = expect.stringMatching(
        new RegExp(`^${program}: .*compiled code; .*MemoryDenyWriteExecute=no`),
      );
      expect({ program, code, lines }).toEqual({ program, code: 1, lines: [told] });
    });
    await Promise.all(runs);
  });

  test('threads: one line and exit code 1, or the work is done', async () => {
    const runs = COMMANDS.map(async ([program, ...argv]) => {
      const { code, lines } = await run([refuser, String(CLONE3), String(EPERM), ...argv]);
      // C libraries before glibc 2.34 make threads otherwise.
      const said = new RegExp(`^${program}: cannot start a thread; .*ulimit -u`);
      const told = code === 0 ? [] : [expect.stringMatching(said)];
      expect({ program, code, lines }).toEqual({ program, code: code === 0 ? 0 : 1, lines: told });
    });
    await Promise.all(runs);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    'SSTOP_DEBUG=1 says where it was, in lines of their own, and no source (needs root)',
    async () => {
      const [[program, ...argv] = ['']] = COMMANDS;
      const { code, lines } = await run([refuser, String(CAPGET), String(EPERM), ...argv], {
        SSTOP_DEBUG: '1',
      });
      expect(code).toBe(1);
      expect(lines.length).toBeGreaterThan(1);
      expect(lines.some((line) => /^sstop: +at /.test(line))).toBe(true);
      for (const line of lines) expect(line.length < 300 && line.startsWith(`${program}: `)).toBe(true);
    },
  );
});
