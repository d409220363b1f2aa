import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutBpf } from '../platforms/linux/bpf/ebpf.fixture.ts';
import type { AskingClient } from '../platforms/linux/names/names-world.fixture.ts';
import { linesOf } from '../platforms/linux/packet/lines.fixture.ts';
import { namespaceObstacle } from '../platforms/linux/packet/veth-pair.fixture.ts';
import { FIXTURES, SOCKTOP_AGENT, SSTOP } from './testing/executables.ts';
import { inOwnNetwork } from './testing/own-network.ts';

const obstacle = namespaceObstacle();
const TIMEOUT_MILLIS = 60_000;
/** A name that should not be there has had so many samples to come. */
const SAMPLES_WITHOUT = 4;
const NAMES_OF_A_HOST = 4;
const ARGUMENTS = ['--json', '--loopback', '--interval', '200ms', '--no-dns'];
const AGENT_PORT = '3177';

interface Connection {
  readonly dst_port: number;
  readonly remote_host: string | null;
  readonly name_basis: string | null;
}

interface Line {
  readonly parts: { readonly names: string };
  readonly processes: readonly { readonly pid: number | null; readonly connections: readonly Connection[] }[];
  readonly remote_hosts: readonly { readonly ip: string; readonly names: readonly string[] }[];
}

/** What the connections of a client say; undefined: none is there. */
function nameOf({ processes }: Line, { pid }: AskingClient): string | undefined {
  const own = processes.find((one) => one.pid === pid)?.connections.find((one) => one.dst_port === 4433);
  return own === undefined ? undefined : `${own.remote_host} ${own.name_basis}`;
}

const basisOf = (kind: string): string => (kind.startsWith('dns') ? 'dns' : kind === 'http' ? 'http' : 'sni');

interface Watched {
  readonly clients: readonly AskingClient[];
  /** The line at which it was enough. */
  readonly line: Line;
  readonly code: number;
}

let folder = '';

/** Runs a program that prints lines of JSON beside processes that use names, until `isEnough`. */
async function watch(
  kinds: readonly string[],
  command: readonly string[],
  isEnough: (line: Line, clients: readonly AskingClient[], count: number) => boolean,
): Promise<Watched> {
  const fixture = [process.execPath, `${FIXTURES}/names.fixture.ts`, kinds.join(','), ...command];
  const environment = { ...process.env, XDG_STATE_HOME: '/dev/null', XDG_CONFIG_HOME: folder };
  const child = Bun.spawn(inOwnNetwork(fixture), {
    ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'inherit', env: environment },
  });
  const lines = linesOf(child.stdout);
  const clients: readonly AskingClient[] = JSON.parse((await lines.next()).value ?? '[]');
  let last: Line | undefined;
  let count = 0;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    const line: Line = JSON.parse(next.value);
    last = line;
    if (isEnough(line, clients, ++count)) break;
  }
  child.stdin.end();
  // The program must not wait for a reader.
  for (let next = await lines.next(); next.done !== true; next = await lines.next());
  if (last === undefined) throw new RangeError('no line was printed');
  return { clients, line: last, code: await child.exited };
}

const areAllNamed = (line: Line, clients: readonly AskingClient[]): boolean =>
  clients.every((client) => nameOf(line, client) === `${client.name} ${basisOf(client.kind)}`);
const areAllThere = (line: Line, clients: readonly AskingClient[], count: number): boolean =>
  count >= SAMPLES_WITHOUT && clients.every((client) => nameOf(line, client) !== undefined);

/** An agent, and sstop on it, in one shell. */
function overAgent(...options: readonly string[]): string[] {
  const script = `"$1" --bind 127.0.0.1 --port ${AGENT_PORT} ${options.join(' ')} >/dev/null 2>&1 & agent=$!
    while ! (exec 3<>/dev/tcp/127.0.0.1/${AGENT_PORT}) 2>/dev/null; do sleep 0.05; done
    trap 'kill $agent' EXIT; trap 'kill $client' TERM
    "$2" ws://127.0.0.1:${AGENT_PORT}/ws ${ARGUMENTS.join(' ')} & client=$!; wait $client; wait $client`;
  return ['bash', '-c', script, 'bash', SOCKTOP_AGENT, SSTOP];
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'names-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(obstacle !== undefined)(
  `names that processes use (needs private namespaces: ${obstacle ?? 'there'})`,
  () => {
    test(
      'by packets: the row of each process has its own name, and a filter finds it',
      async () => {
        const recording = join(folder, 'names.sstop');
        const command = [SSTOP, ...ARGUMENTS, '--backend', 'packet', '--record', recording];
        const { line, clients } = await watch(['tls', 'http', 'quic'], command, areAllNamed);
        expect(line.parts.names).toBe('packets');
        // The first ones that were used for it, whoever was first.
        const { names } = line.remote_hosts.find(({ ip }) => ip === '127.0.0.2')!;
        expect(names).toHaveLength(NAMES_OF_A_HOST);
        expect(clients.map(({ name }) => name)).toEqual(expect.arrayContaining([...names]));
        // A recording holds them, and says so.
        const played = Bun.spawnSync([SSTOP, '--playback', recording, '--json', '--loopback', '--no-dns']);
        const lines: Line[] = played.stdout
          .toString()
          .trim()
          .split('\n')
          .map((text) => JSON.parse(text));
        expect(lines.at(-1)?.parts.names).toBe('packets');
        const hosts = lines.flatMap(({ processes }) => processes.flatMap(({ connections }) => connections));
        expect(hosts.map(({ remote_host }) => remote_host)).toContain('second.quic.example');
        const filtered = [
          '--playback',
          recording,
          '--json',
          '--filter',
          'host:first.tls.example',
          '--loopback',
        ];
        const found = Bun.spawnSync([SSTOP, ...filtered])
          .stdout.toString()
          .trim()
          .split('\n')
          .at(-1);
        const rows = (JSON.parse(found ?? '') as Line).processes;
        expect(rows.map(({ connections }) => connections.map(({ remote_host }) => remote_host))).toEqual([
          ['first.tls.example'],
        ]);
      },
      TIMEOUT_MILLIS,
    );

    test.skipIf(withoutBpf !== undefined)(
      `by programs in the kernel (needs them: ${withoutBpf ?? 'there'})`,
      async () => {
        const kinds = ['tls-split', 'http', 'quic-split', 'dns', 'dns-tcp'];
        const { line } = await watch(kinds, [SSTOP, ...ARGUMENTS, '--backend', 'ebpf'], areAllNamed);
        expect(line.parts.names).toBe('ebpf');
      },
      TIMEOUT_MILLIS,
    );

    test(
      '--no-sniff looks at nothing',
      async () => {
        const command = [SSTOP, ...ARGUMENTS, '--no-sniff'];
        const { line, clients } = await watch(['tls', 'dns'], command, areAllThere);
        expect(line.parts.names).toBe('none');
        expect(clients.map((client) => nameOf(line, client))).toEqual(clients.map(() => 'null null'));
      },
      TIMEOUT_MILLIS,
    );

    test(
      'an agent looks at nothing without --sniff',
      async () => {
        const { line, clients } = await watch(['tls'], overAgent(), areAllThere);
        expect(line.parts.names).toBe('none');
        expect(clients.map((client) => nameOf(line, client))).toEqual(clients.map(() => 'null null'));
        const asked = await watch(['tls'], overAgent('--sniff'), areAllNamed);
        expect(asked.line.parts.names).not.toBe('none');
      },
      TIMEOUT_MILLIS,
    );
  },
);
