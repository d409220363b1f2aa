import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT, AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';
import { V2Client } from './testing/v2-client.ts';

/** Of 15 bytes, as long as a task name may be; a shell that read it as code would make files. */
const NAME = '$(>pwn);|>"pwn`';
const folder = mkdtempSync(join(tmpdir(), 'agent-alerts-'));
const program = join(folder, 'notify');
const told = join(folder, 'told');
const posted: Record<string, unknown>[] = [];
let webhook: Bun.Server<undefined>;
let culprit: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;

beforeAll(async () => {
  const script = `#!/bin/sh
cd ${folder}
{ env; echo "ARGUMENTS $*"; grep -E '^Cap(Prm|Eff|Bnd|Amb)' /proc/self/status; echo END; } >> ${told}
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  webhook = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    async fetch(request) {
      posted.push((await request.json()) as Record<string, unknown>);
      return new Response(null, { status: posted.length === 1 ? 503 : 200 });
    },
  });
  culprit = Bun.spawn(['/bin/sh', '-c', 'printf %s "$NAME" > /proc/$$/comm; echo named; read line'], {
    ...{ stdin: 'pipe', stdout: 'pipe', env: { NAME } },
  });
  const { value } = await culprit.stdout.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe('named\n');
});

afterAll(async () => {
  culprit?.kill('SIGKILL');
  await webhook?.stop(true);
  rmSync(folder, { recursive: true });
});

function fileOf(text: string): string {
  const path = join(folder, 'alerts.yaml');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(50);
}

const toldTimes = (): number => (existsSync(told) ? readFileSync(told, 'utf8').split('END\n').length - 1 : 0);

test('an alert fires and clears once, with a hostile name, for a program, a webhook and /metrics', async () => {
  const url = `http://127.0.0.1:${webhook.port}/secret-path`;
  const path = fileOf(
    `
rules:
  - rule: process.name:"${NAME.replaceAll('"', '\\"')}" process.rss>100K
    name: hostile
  - cpu>100.5%
exec: [${program}, "$(>pwn)", ">pwn"]
webhook: ${url}
`.replace(/rule: (.*)/, (_, rule: string) => `rule: '${rule.replaceAll("'", "''")}'`),
  );
  const agent = await AgentProcess.start({ args: ['--alerts', path] });
  const metric = async (): Promise<string> => {
    const page = await (await agent.fetch('/metrics')).text();
    return /^socktop_alert_firing\{rule="hostile"\} \d/m.exec(page)?.[0] ?? page;
  };
  try {
    await until(() => toldTimes() === 1);
    expect(await metric()).toBe('socktop_alert_firing{rule="hostile"} 1');
    const fired = readFileSync(told, 'utf8');
    expect(fired).toContain('SOCKTOP_ALERT_STATE=firing\n');
    expect(fired).toContain(`SOCKTOP_ALERT_CULPRIT_1_NAME=${NAME}\n`);
    expect(fired).toContain(`SOCKTOP_ALERT_CULPRIT_1_PID=${culprit.pid}\n`);
    expect(fired).toContain('ARGUMENTS $(>pwn) >pwn\n');
    for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(fired).toContain(`${set}:\t0000000000000000\n`);
    culprit.kill('SIGKILL');
    await until(() => toldTimes() === 2);
    expect(await metric()).toBe('socktop_alert_firing{rule="hostile"} 0');
    expect(readFileSync(told, 'utf8').match(/SOCKTOP_ALERT_STATE=\w+/g)).toEqual([
      'SOCKTOP_ALERT_STATE=firing',
      'SOCKTOP_ALERT_STATE=cleared',
    ]);
    // The first try has failed: the change came again.
    await until(() => posted.length >= 3);
    expect(posted.map(({ state }) => state)).toEqual(['firing', 'firing', 'cleared']);
    expect(posted[0]!['culprits']).toMatchObject([{ pid: culprit.pid, name: NAME }]);
  } finally {
    expect(await agent.close()).toBe(0);
  }
  expect(existsSync(join(folder, 'pwn'))).toBe(false);
  expect(agent.lines.join('\n')).toContain('alert-firing');
  expect(agent.lines.join('\n')).not.toContain('secret-path');
  expect(agent.lines).toContain('socktop-agent: watching by 2 rules every 2 s');
}, 60_000);

test('screens that watch an agent show its rules as its own, and ask none of one that has none', async () => {
  const path = fileOf('rules: [{ rule: process.rss>1K, name: any }, cpu>100.5%]');
  const agent = await AgentProcess.start({ args: ['--alerts', path] });
  const plain = await AgentProcess.start();
  const url = `ws://127.0.0.1:${agent.port}/ws`;
  const options = { columns: 130, rows: 30, environment: { XDG_CONFIG_HOME: folder } };
  const screens = [
    { program: new PtyProgram([SOCKTOP, url], options), key: 'A' },
    { program: new PtyProgram([SSTOP, url], options), key: 'a' },
    { program: new PtyProgram([SOCKTOP, url, `ws://127.0.0.1:${plain.port}/ws`], options), key: 'A' },
  ];
  try {
    for (const { program, key } of screens) {
      await program.waitFor(/^.* ! any on \S+ .*/m);
      program.key(key);
      await program.waitFor(/! on \S+: any {2}process\.rss>1K {2}\S+ \SB {2}firing since/);
      await program.waitFor(/\S+ \(\d+\) \d+\.\d [KMG]B, /);
      await program.waitFor(/ {2}on \S+: cpu>100\.5%/);
    }
    const [, , hosts] = screens;
    hosts!.program.key('\x1b');
    await hosts!.program.waitFor(/^.! 127\.0\.0\.1:\d+ /m);
    expect(hosts!.program.text().match(/^.! /gm)).toHaveLength(1);
    const client = await V2Client.open(plain.port);
    expect(await client.ask('get_alerts')).toMatchObject({ reply: 'error', error: { code: 'NO_ALERTS' } });
    client.close();
  } finally {
    for (const { program } of screens) await program.close();
    await agent.close();
    await plain.close();
  }
}, 60_000);

describe('a file that is wrong', () => {
  test.each([
    ['rules: [cpuu>80%]', /alerts\.yaml:1:9: rule 'cpuu>80%': unknown key "cpuu": did you mean cpu\?/],
    ['rules: [cpu>80%]\nexec: notify', /exec takes an absolute path/],
    ['rules: [cpu>80%]\nwebhook: http://example.com/secret', /webhook takes an https:\/\/ URL/],
  ])('%j ends the agent with one line', async (text, line) => {
    const child = Bun.spawn([AGENT, '--port', '0', '--alerts', fileOf(text)], {
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const said = await new Response(child.stderr).text();
    expect(await child.exited).toBe(2);
    expect(said).toMatch(line);
    expect(said.trimEnd().split('\n')).toHaveLength(1);
    expect(said).not.toContain('secret');
  });
});
