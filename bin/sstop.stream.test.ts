import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { readRevision } from './dev/revision.ts';
import { VERSION } from './executable.ts';
import { SSTOP } from './testing/executables.ts';
import { streamLines, streamUntil } from './testing/streamed.ts';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...argv: string[]): Promise<Outcome> {
  const child = Bun.spawn([SSTOP, ...argv], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [exitCode, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode, stdout, stderr };
}

/** One line on standard error that says what is wrong, nothing on standard output. */
function expectRefusal(outcome: Outcome, pattern: RegExp, exitCode = 2): void {
  expect(outcome.exitCode).toBe(exitCode);
  expect(outcome.stdout).toBe('');
  expect(outcome.stderr).toMatch(pattern);
  expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
}

/** The tier that these privileges and this kernel allow. */
async function bestTier(): Promise<{ readonly backend: string; readonly counted: string }> {
  const { tier } = JSON.parse((await run('--doctor', '--json')).stdout);
  return { backend: tier, counted: tier === 'ebpf' ? 'l3' : tier === 'proc' ? 'none' : 'payload' };
}

describe('streams', () => {
  test('--json prints one object a line until --duration is over', async () => {
    const tier = await bestTier();
    const outcome = await run('--json', '--loopback', '--interval', '100ms', '--duration', '2s');
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    const snapshots = outcome.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(snapshots.length).toBeGreaterThanOrEqual(2);
    for (const snapshot of snapshots) {
      expect(snapshot).toMatchObject({ schema: 1, ...tier, errors: [] });
      expect(snapshot.interval_s).toBeGreaterThan(0);
      expect(Array.isArray(snapshot.processes)).toBe(true);
    }
  });

  test('--csv prints its header once', async () => {
    const header = 'timestamp,pid,process,user,upload_bytes_per_s,download_bytes_per_s';
    const momentsOf = (text: string): Set<string | undefined> =>
      new Set(
        text
          .split('\n')
          .slice(1, -1)
          .map((line) => line.split(',')[0]),
      );
    const { stdout } = await streamUntil((text) => momentsOf(text).size > 1, ['--csv', '--loopback']);
    expect(stdout.startsWith(header)).toBe(true);
    expect(stdout.split(header)).toHaveLength(2);
    expect(momentsOf(stdout).size).toBeGreaterThan(1);
  });

  test('--once prints a table, and with --json one object', async () => {
    const table = await run('--once', '--interval', '100ms', '--loopback');
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(/PID +USER +PROCESS/);
    const json = await run('--once', '--json', '--interval', '100ms');
    expect(json.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(json.stdout).schema).toBe(1);
  });

  test('--backend proc counts nothing and says so', async () => {
    const { stdout } = await run(
      '--once',
      '--json',
      '--interval',
      '100ms',
      '--backend',
      'proc',
      '--loopback',
    );
    const snapshot = JSON.parse(stdout);
    expect(snapshot).toMatchObject({ backend: 'proc', counted: 'none' });
    for (const row of snapshot.processes) expect(row.up_rate).toBeNull();
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s ends a stream with %d after whole lines', async (signal, code) => {
    const child = Bun.spawn([SSTOP, '--json', '--interval', '100ms'], { stdin: 'ignore', stdout: 'pipe' });
    const reader = child.stdout.getReader();
    let text = new TextDecoder().decode((await reader.read()).value);
    child.kill(signal);
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += new TextDecoder().decode(part.value);
    }
    expect(await child.exited).toBe(code);
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line).schema).toBe(1);
  });

  test('a closed pipe ends a stream silently with 0', async () => {
    const script = `"${SSTOP}" --json --interval 100ms | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const child = Bun.spawn(['bash', '-c', script], { stdout: 'pipe', stderr: 'pipe' });
    expect((await new Response(child.stdout).text()).trim()).toBe('0');
    expect(await new Response(child.stderr).text()).toBe('');
  });
});

describe('bad input', () => {
  test('is one line that names the argument, exit code 2', async () => {
    expectRefusal(await run('--wat'), /^sstop: unknown option '--wat'/);
    expectRefusal(await run('--interval', '5x'), /'5x' is invalid. Accepted: 100ms to 10s/);
    expectRefusal(await run('--once', '--interface', 'nope0'), /no interface 'nope0'. Accepted: .*lo/);
  });

  test('never reaches the terminal raw', async () => {
    const { stderr } = await run('--\x1b]0;owned\x07\n\x9b');
    expect(stderr.trimEnd()).toMatch(/^[^\x00-\x1f\x7f-\x9f]+$/);
  });

  test('a screen without a terminal is refused with what works instead', async () => {
    expectRefusal(await run(), /standard output is not a terminal; use --once, --json or --csv/);
  });

  // Those that exist and cannot run here: sstop.privileges.test.ts.
  test('a backend that there is none of is refused by name', async () => {
    const accepted = /'pcap' is invalid.*auto, ebpf, netlink, packet, proc/;
    expectRefusal(await run('--json', '--backend', 'pcap'), accepted);
  });
});

describe('a recording that is not whole', () => {
  let directory = '';

  beforeAll(async () => {
    directory = mkdtempSync(`${tmpdir()}/sstop-broken-`);
    await streamLines(6, ['--json', '--record', `${directory}/day.gz`]);
    const whole = readFileSync(`${directory}/day.gz`);
    writeFileSync(`${directory}/cut.gz`, whole.subarray(0, whole.length - 30));
    writeFileSync(`${directory}/empty.gz`, '');
    writeFileSync(`${directory}/foreign.gz`, Bun.gzipSync('{"schema":1}\n'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('cut off: what is whole is played, then it is told in one line, exit code 2', async () => {
    const whole = await run('--json', '--playback', `${directory}/day.gz`);
    const cut = await run('--json', '--playback', `${directory}/cut.gz`);
    expect([whole.exitCode, whole.stderr]).toEqual([0, '']);
    expect([cut.exitCode, cut.stderr]).toEqual([
      2,
      `sstop: '${directory}/cut.gz' is truncated in the middle of a snapshot; everything before it was played\n`,
    ]);
    expect(cut.stdout.length).toBeGreaterThan(0);
    expect(whole.stdout.startsWith(cut.stdout)).toBe(true);
  });

  test('empty, foreign or not there: one line and nothing else', async () => {
    expectRefusal(await run('--json', '--playback', `${directory}/empty.gz`), /empty\.gz': empty file/);
    expectRefusal(await run('--json', '--playback', `${directory}/foreign.gz`), /not a recording of sstop/);
    expectRefusal(await run('--json', '--playback', `${directory}/none.gz`), /file not found/);
  });
});

test('--version and --help print to standard output', async () => {
  const version = await run('--version');
  expect(version).toMatchObject({ exitCode: 0, stderr: '' });
  expect(version.stdout).toBe(`sstop ${VERSION} (${readRevision().label})\n`);
  const help = await run('--help');
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  expect(help.stdout).toContain('--interval <duration>');
});
