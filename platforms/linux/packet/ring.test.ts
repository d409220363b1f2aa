import { describe, expect, test } from 'bun:test';
import { namespaceObstacle, runInNamespace } from './veth-pair.fixture.ts';

const FIXTURE = `${import.meta.dir}/ring.fixture.ts`;
const obstacle = namespaceObstacle();
const isRoot = process.getuid?.() === 0 && Bun.which('setpriv') !== null;
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

interface FilterResult {
  readonly wanted: 'any' | 'tcp' | 'not-tcp';
  readonly withSegmentSizes: boolean;
  readonly seen: readonly string[];
  readonly again: number;
  readonly afterwards: number;
}

interface FloodResult {
  readonly sent: number;
  readonly first: number;
  readonly dropped: number;
  readonly second: number;
  readonly droppedLater: number;
}

async function openAs(prefix: readonly string[]): Promise<unknown> {
  const child = Bun.spawn([...prefix, process.execPath, FIXTURE, 'open'], { stdout: 'pipe', stderr: 'pipe' });
  return JSON.parse(await new Response(child.stdout).text());
}

describe.skipIf(obstacle !== undefined)(`rings in a namespace (needs one: ${obstacle ?? 'there'})`, () => {
  test('the filters keep what is wanted, each loopback packet once, on its way in', async () => {
    const results = (await runInNamespace(FIXTURE, 'filters')) as FilterResult[];
    expect(results).toHaveLength(6);
    for (const { wanted, seen, again, afterwards } of results) {
      const protocols = wanted === 'any' ? ['tcp', 'udp'] : [wanted === 'tcp' ? 'tcp' : 'udp'];
      const expected = protocols.flatMap((name) =>
        [4, 6].map((family) => `${name}${family} type 0 interface 1`),
      );
      const others = seen.filter((each) => each !== 'not read');
      expect([wanted, others]).toEqual([wanted, expected]);
      expect([again, afterwards]).toEqual([0, 0]);
    }
  });

  test('a flood of a tiny ring: what was not seen was counted as dropped, to the packet', async () => {
    const { sent, first, dropped, second, droppedLater } = (await runInNamespace(
      FIXTURE,
      'flood',
    )) as FloodResult;
    expect(dropped).toBeGreaterThan(0);
    expect(first + dropped).toBe(sent);
    expect([second, droppedLater]).toEqual([10, dropped]);
  });
});

describe.skipIf(obstacle !== undefined)(
  `a capture in a namespace (needs one: ${obstacle ?? 'there'})`,
  () => {
    test('at rest is woken up by each packet, and looked at by the clock from then on', async () => {
      const rounds = (await runInNamespace(FIXTURE, 'rest')) as { packets: number }[];
      expect(rounds).toMatchObject(Array(3).fill({ resting: true, usual: true }));
      expect(rounds.map(({ packets }) => packets)).toEqual([1, 2, 3]);
    });
  },
);

describe.skipIf(!isRoot)('privileges (needs root and setpriv to drop them)', () => {
  test('without CAP_NET_RAW the kernel refuses, and the error says so', async () => {
    expect(await openAs(NOBODY)).toEqual({
      op: 'socket',
      code: 'EPERM',
      message: 'socket AF_PACKET: EPERM',
    });
  });

  test('CAP_NET_RAW alone is enough', async () => {
    expect(await openAs([...NOBODY, '--inh-caps=+net_raw', '--ambient-caps=+net_raw'])).toBe('opened');
  });
});
