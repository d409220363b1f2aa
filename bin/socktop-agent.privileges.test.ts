import { afterAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT, AgentProcess } from './testing/agent-process.ts';

const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
/** linux/capability.h: CAP_DAC_READ_SEARCH, CAP_NET_RAW, CAP_SYS_PTRACE. */
const KEPT = 0x82004n;
const GIVEN = ['sys_ptrace', 'dac_read_search', 'net_raw', 'kill', 'sys_nice'];
const isRoot = process.geteuid?.() === 0;

const folder = mkdtempSync(join(tmpdir(), 'privileges-'));
chmodSync(folder, 0o755);
const canGive = isRoot && canGiveFileCapabilities();

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function capabilities(pid: number): Record<string, bigint> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const sets = status.matchAll(/^(Cap(?:Prm|Eff)):\t([0-9a-f]+)$/gm);
  return Object.fromEntries([...sets].map(([, set, bits]) => [set, BigInt(`0x${bits}`)]));
}

function canGiveFileCapabilities(): boolean {
  const file = join(folder, 'empty');
  writeFileSync(file, '');
  return giveCapabilities(file);
}

function giveCapabilities(file: string): boolean {
  const names = GIVEN.map((name) => `cap_${name}`).join(',');
  return Bun.which('setcap') !== null && Bun.spawnSync(['setcap', `${names}+ep`, file]).success;
}

/** Beside those of KEPT: CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF. */
const KEPT_OF_ROOT = KEPT | 0xc0_0000_1000n;

test.skipIf(!isRoot)(
  'root’s agent keeps what collecting takes, and hands nothing on (needs root)',
  async () => {
    const agent = await AgentProcess.start({ environment: { HOME: folder } });
    expect(capabilities(agent.pid)).toEqual({ CapPrm: KEPT_OF_ROOT, CapEff: KEPT_OF_ROOT });
    expect(readFileSync(`/proc/${agent.pid}/status`, 'utf8')).toMatch(/^CapBnd:\t0{16}$/m);
    expect((await agent.fetch('/metrics')).status).toBe(200);
    await agent.close();
  },
);

describe.skipIf(!isRoot)('an ordinary user’s agent (needs root to become one)', () => {
  test('has nothing and can gain nothing', async () => {
    const agent = await AgentProcess.start({ prefix: AS_NOBODY, environment: { HOME: '/' } });
    expect(capabilities(agent.pid)).toEqual({ CapPrm: 0n, CapEff: 0n });
    expect(readFileSync(`/proc/${agent.pid}/status`, 'utf8')).toMatch(/^NoNewPrivs:\t1$/m);
    expect((await agent.fetch('/metrics')).status).toBe(200);
    await agent.close();
  });

  test('says in one line that a key may not be read', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    chownSync(home, NOBODY, NOBODY);
    const options = { prefix: AS_NOBODY, args: ['--tls'], environment: { XDG_CONFIG_HOME: home } };
    await (await AgentProcess.start(options)).close();
    const key = join(home, 'socktop_agent/tls/key.pem');
    chmodSync(key, 0);
    const run = Bun.spawnSync([...AS_NOBODY, AGENT, '--tls', '-p', '0'], {
      env: { ...process.env, XDG_CONFIG_HOME: home },
    });
    expect([run.exitCode, run.stdout.toString(), run.stderr.toString()]).toEqual([
      1,
      '',
      `socktop-agent: cannot read ${key} (EACCES)\n`,
    ]);
  });

  test('keeps of what systemd gives it what collecting takes', async () => {
    const given = GIVEN.map((name) => `+${name}`).join(',');
    const prefix = [...AS_NOBODY, `--inh-caps=${given}`, `--ambient-caps=${given}`];
    const agent = await AgentProcess.start({ prefix, environment: { HOME: '/' } });
    expect(capabilities(agent.pid)).toEqual({ CapPrm: KEPT, CapEff: KEPT });
    await agent.close();
  });

  test.skipIf(!canGive)('keeps a part of a file’s, under its own name alone (needs setcap)', async () => {
    const file = join(folder, 'socktop-agent');
    copyFileSync(AGENT, file);
    expect(giveCapabilities(file)).toBe(true);
    const agent = await AgentProcess.start({
      ...{ executable: file, prefix: AS_NOBODY, environment: { HOME: '/' } },
    });
    expect(capabilities(agent.pid)).toEqual({ CapPrm: KEPT, CapEff: KEPT });
    await agent.close();
    symlinkSync(file, join(folder, 'sstop'));
    const other = Bun.spawnSync([...AS_NOBODY, join(folder, 'sstop'), '--version']);
    expect([other.exitCode, other.stdout.toString()]).toEqual([1, '']);
    expect(other.stderr.toString()).toMatch(/^sstop: [^\n]*by its own name\n$/);
  });
});
