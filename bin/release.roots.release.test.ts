import { describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { OpError } from '../src/kit/errors/op-error.ts';
import { debianRoot, muslRoot } from './testing/bare-root.ts';
import { type InRoot, inRoot, obstacleTo } from './testing/in-root.ts';
import { type Architecture, HOST } from './testing/machine-tools.ts';
import { PtyProgram } from './testing/pty.ts';
import { released } from './testing/released.ts';

/** Programs of another processor take some twenty times as long. */
const LIMIT_MILLIS = 300_000;

interface Root {
  readonly name: string;
  readonly architecture: Architecture;
  readonly suffix: string;
  readonly make: () => string;
}

const ROOTS: readonly Root[] = [
  { name: 'bookworm amd64', architecture: 'amd64', suffix: '', make: () => debianRoot('bookworm', 'amd64') },
  { name: 'bullseye amd64', architecture: 'amd64', suffix: '', make: () => debianRoot('bullseye', 'amd64') },
  { name: 'musl amd64', architecture: 'amd64', suffix: '-musl', make: () => muslRoot('amd64') },
  { name: 'bookworm arm64', architecture: 'arm64', suffix: '', make: () => debianRoot('bookworm', 'arm64') },
  { name: 'musl arm64', architecture: 'arm64', suffix: '-musl', make: () => muslRoot('arm64') },
];

/** The root's folder, or why it cannot be had here; what is broken is thrown. */
function prepare({ architecture, make }: Root): string | OpError {
  const obstacle = obstacleTo(architecture);
  if (obstacle !== undefined) return new OpError({ op: 'emulate', code: 'UNAVAILABLE', message: obstacle });
  try {
    return make();
  } catch (thrown) {
    if (thrown instanceof OpError && thrown.code === 'UNAVAILABLE') return thrown;
    throw thrown;
  }
}

/** The agent and a client over TLS, with the certificate that the agent makes and a token. */
const OVER_TLS = `
export SOCKTOP_TOKEN=word HOME=/tmp
: >/tmp/agent.log
./socktop-agent --enableSSL --bind 127.0.0.1 --port 8443 >/tmp/agent.log 2>&1 & agent=$!
certificate=/tmp/.config/socktop_agent/tls/cert.pem
tries=0; until grep -q 8443 /tmp/agent.log || [ $tries -gt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
./socktop --once --json -t $certificate 'wss://127.0.0.1:8443/ws?token=word' || { cat /tmp/agent.log >&2; kill $agent; exit 1; }
kill $agent
wait $agent || true
`;

for (const root of ROOTS) {
  const prepared = prepare(root);
  const isMissing = prepared instanceof OpError;
  const lacking = isMissing ? `: ${prepared.message}` : '';
  const { architecture, suffix } = root;
  const base = (): Pick<InRoot, 'root' | 'architecture' | 'archives'> => ({
    ...{ root: String(prepared), architecture },
    archives: ['sstop', 'socktop', 'socktop-agent'].map((name) =>
      released(`${name}-linux-${architecture}${suffix}.tar.gz`),
    ),
  });

  function run(command: readonly string[], options: Partial<InRoot> = {}): string {
    const done = Bun.spawnSync(inRoot({ ...base(), ...options, command }), {
      stdout: 'pipe',
      stderr: 'pipe',
    });
    expect([done.exitCode, done.stderr.toString()]).toEqual([0, '']);
    return done.stdout.toString();
  }

  describe.skipIf(isMissing)(`in a bare root of ${root.name} (needs one${lacking})`, () => {
    test(
      'sstop prints a snapshot',
      () => {
        const snapshot = JSON.parse(run(['./sstop', '--once', '--json']));
        expect(snapshot.schema).toBe(1);
        // Emulated, it is in a user namespace of its own.
        expect(snapshot.backend).toBe(architecture === HOST ? 'ebpf' : 'proc');
      },
      LIMIT_MILLIS,
    );

    test(
      'sstop says what can be counted',
      () => {
        expect(run(['./sstop', '--doctor'])).toContain('Tiers, best first');
      },
      LIMIT_MILLIS,
    );

    test(
      'the agent answers a client over TLS',
      () => {
        const answer = JSON.parse(run(['sh', '-ec', OVER_TLS]));
        expect(answer).toMatchObject({ host: expect.any(String), uptime_s: expect.any(Number) });
      },
      LIMIT_MILLIS,
    );

    test(
      'socktop --demo draws on a terminal and ends by q',
      async () => {
        const program = new PtyProgram(inRoot({ ...base(), command: ['./socktop', '--demo'] }), {
          ...{ columns: 120, rows: 36 },
        });
        await program.waitFor(/PID/, LIMIT_MILLIS / 2);
        program.key('q');
        expect(await program.exited()).toBe(0);
        expect(program.isAlternateScreen).toBe(false);
      },
      LIMIT_MILLIS,
    );

    test.skipIf(architecture !== 'amd64')(
      'an ordinary user with cap_net_raw has TCP by the kernel and UDP by its packets (on this processor only)',
      () => {
        const options = { asNobody: true, capabilities: 'cap_net_raw+ep' };
        const { backend, parts } = JSON.parse(run(['./sstop', '--once', '--json'], options));
        expect({ backend, udp: parts.udp }).toEqual({ backend: 'netlink', udp: 'packets' });
        expect(run(['./socktop-agent', '--version'], options)).toContain('socktop-agent');
      },
      LIMIT_MILLIS,
    );
  });
}

describe('an executable of an archive with a capability', () => {
  test(
    'withstands every attack of bin/hardening.test.ts',
    () => {
      const folder = mkdtempSync(`${tmpdir()}/attacked-`);
      try {
        Bun.spawnSync(['tar', '-xzf', released('sstop-linux-amd64.tar.gz'), '-C', folder]);
        expect(existsSync(`${folder}/sstop`)).toBe(true);
        const done = Bun.spawnSync([process.execPath, 'test', './bin/hardening.test.ts'], {
          env: { ...process.env, SSTOP_ATTACKED: `${folder}/sstop` },
          stderr: 'pipe',
        });
        expect([done.exitCode, done.stderr.toString()]).toEqual([0, expect.stringContaining(' 0 fail')]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    LIMIT_MILLIS,
  );
});
