import { afterEach, describe, expect, test } from 'bun:test';
import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import { gzipBomb } from '../../kit/bytes/hostile.fixture.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { v2Frame, v2Json, v2Protobuf } from '../wire/v2-frame.ts';
import { nowMicros, sourceOf, until } from './remote.fixture.ts';
import type { RemoteSource } from './remote-source.ts';
import { type PeerSocket, WebSocketPeer } from './web-socket-peer.fixture.ts';

const EVERYTHING: Want = {
  ...{ machine: true, disks: true, network: true, processDetail: 7, journal: 7 },
  machineProcesses: { visiblePids: [] },
};
const SECTIONS = ['machine', 'disks', 'machineProcesses', 'processDetail', 'journal', 'network'] as const;
const ANSWER_MILLIS = 4000;
const LONG_MILLIS = 60_000;
const HEADER = {
  ...{ host_name: 'h', boot_id: 'b', epoch: 1, monotonic_micros: 5, wall_millis: 6, boot_wall_millis: 7 },
  clock_ticks_per_second: 100,
};
const SECTION = { sequence: 1, monotonic_micros: 5, duration_micros: 1, errors: [] };

/** Every part must be there, empty or not. */
const PARTS = { cpu: {}, memory: {}, networks: {}, sensors: {}, gpus: {} };

interface Request {
  readonly id: number;
  readonly request: string;
}
type Reply = (request: Request, socket: PeerSocket) => void;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function hostile(reply: Reply): Promise<RemoteSource> {
  const received = (text: string, socket: PeerSocket): void => reply(JSON.parse(text) as Request, socket);
  const peer = await WebSocketPeer.listen({ isV2: true, received });
  const source = sourceOf(peer.port);
  open.push(source, peer);
  await source.firstContact;
  return source;
}

/** What a wish for everything came to: a snapshot or the code of an error. */
async function outcome(source: RemoteSource): Promise<Snapshot | string> {
  try {
    return await source.sample(EVERYTHING, nowMicros() + ANSWER_MILLIS * 1000);
  } catch (thrown) {
    return thrown instanceof OpError ? thrown.code : `no OpError: ${thrown}`;
  }
}

/** Nothing of it was believed: there is no section, and each has its reason, or the connection was ended. */
function expectNothing(came: Snapshot | string): void {
  if (typeof came === 'string') {
    expect(came).toBe('DEADLINE');
    return;
  }
  for (const name of SECTIONS) expect(came[name]).toBeUndefined();
  const isLost = came.errors.every(({ code }) => code === 'LOST');
  expect(came.errors.length).toBe(isLost ? came.errors.length : SECTIONS.length);
  expect(came.errors.length).toBeGreaterThan(0);
}

function json(value: unknown): Reply {
  const payload = v2Json(typeof value === 'string' ? value : JSON.stringify(value));
  return ({ id }, socket) => socket.binary(v2Frame(id, payload));
}

const LIES: readonly (readonly [name: string, reply: Reply])[] = [
  ['numbers where objects belong', json(7)],
  ['a list where an object belongs', json([1, 2, 3])],
  ['texts where numbers belong', json({ header: HEADER, section: { ...SECTION, sequence: 'one' } })],
  ['JSON that is none', json('{"header":')],
  ['JSON nested for ever', json('['.repeat(200_000))],
  ['ten million rows', json(`{"children":[${'1,'.repeat(1_000_000)}1]}`)],
  ['an endless text', json({ error: 'x'.repeat(1 << 22) })],
  ['bytes that are no frame', (_, socket) => socket.binary(new Uint8Array(100).fill(0xff))],
  ['texts where frames belong', (_, socket) => socket.text('{"cpu_total":1}')],
  [
    'protobuf with lengths past the end',
    ({ id }, socket) => socket.binary(v2Frame(id, v2Protobuf(new Uint8Array(64).fill(0xfa)))),
  ],
  [
    'a bomb of gzip',
    ({ id }, socket) => {
      for (const flags of [1, 3]) socket.binary(v2Frame(id, { flags, bytes: gzipBomb(512) }));
    },
  ],
  [
    'a bomb that says it is small',
    ({ id }, socket) => {
      for (const flags of [1, 3]) socket.binary(v2Frame(id, { flags, bytes: gzipBomb(512, 100) }));
    },
  ],
  [
    'a frame without end',
    (_, { socket }) => {
      socket.write(Uint8Array.of(0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0));
      socket.write(new Uint8Array(1 << 20));
    },
  ],
  ['frames that nobody asked for', (_, socket) => flood(socket, 4_000_000_000)],
  ['the end, at once', (_, socket) => socket.end()],
  ['half a frame, and nothing more', (_, { socket }) => socket.write(Uint8Array.of(0x82, 10, 2))],
];

function flood(socket: PeerSocket, id: number): void {
  for (let i = 0; i < 2000; i++) socket.binary(v2Frame(id, v2Json('{}')));
}

describe('an agent that lies', () => {
  test.each(LIES)(
    'with %s is not believed, and costs no memory',
    async (_, reply) => {
      const source = await hostile(reply);
      Bun.gc(true);
      const before = process.memoryUsage.rss();
      expectNothing(await outcome(source));
      expect(process.memoryUsage.rss() - before).toBeLessThan(300 << 20);
      // Whatever it did, the source still answers, in one way or the other.
      await outcome(source);
    },
    LONG_MILLIS,
  );

  test('with numbers that cannot be tells nothing with them', async () => {
    const absurd = { header: { ...HEADER, epoch: -1, monotonic_micros: 1e308, wall_millis: -1e300 } };
    const source = await hostile(
      json({
        ...PARTS,
        ...absurd,
        section: { ...SECTION, sequence: 1e300, monotonic_micros: -5 },
        cpu: {
          value: { times: { user: [1e308, -5, null], idle: [] }, ticks_per_second: -1, online_count: -3 },
        },
        memory: { value: { total_bytes: -1, used_bytes: 1e30 } },
        networks: { value: [{ index: 1e15, name: 'x', rx_bytes: -1, addresses: ['999.1.1.1', 'zz'] }] },
        file_systems: [{ name: 'x', total_bytes: -1, device_name: 'none' }],
        process: { pid: -7, thread_count: 1e300 },
        entries: [{ realtime_micros: -1, priority: 99 }],
      }),
    );
    const { machine, disks, processDetail } = (await outcome(source)) as Snapshot;
    expect(machine?.memory.value?.totalBytes).toBeNaN();
    expect(machine?.cpu.value).toMatchObject({ ticksPerSecond: 100, onlineCount: Number.NaN });
    expect(machine?.networks.value?.addresses.slots.count).toBe(0);
    expect(disks?.fileSystems[0]).toMatchObject({ totalBytes: undefined, device: undefined });
    expect(processDetail?.process.pid).toBe(0);
  });

  test('with escape sequences in its texts has none of them shown', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\u202e';
    const source = await hostile(
      json({
        ...PARTS,
        header: { ...HEADER, host_name: evil },
        section: { ...SECTION, errors: [{ op: evil, code: evil, message: evil }] },
        networks: { value: [{ index: 1, name: evil }] },
        cpu: { value: { model_name: evil, times: {} } },
        file_systems: [{ name: evil, mount_point: evil }],
        process: { pid: 7, name: evil, command_line: evil },
        threads: [{ tid: 1, name: evil }],
        entries: [{ message: evil, unit: evil }],
        ...{ version: evil, notice: evil },
      }),
    );
    const snapshot = (await outcome(source)) as Snapshot;
    await until(source, () => source.status.notice !== undefined);
    const { machine, disks, processDetail, journal, header, errors } = snapshot;
    for (const section of [machine, disks, processDetail, journal]) expect(section).toBeDefined();
    const said = [
      ...[header, errors, machine?.errors, machine?.cpu.value?.modelName, machine?.networks.value?.names],
      ...[disks, processDetail?.process, processDetail?.threads, journal, source.status],
    ];
    expect(JSON.stringify(said)).toContain('owned');
    // JSON would print an escape as \u001b, so the values themselves are looked at.
    expect(refusedIn(said)).toEqual([]);
  });

  test('that answers in another order is understood', async () => {
    const waiting: (() => void)[] = [];
    const source = await hostile((request, socket) => {
      const name = request.request;
      if (name === 'get_capabilities') return;
      const value =
        name === 'get_metrics'
          ? { ...PARTS, header: HEADER, section: SECTION, memory: { value: { total_bytes: 11 } } }
          : { header: HEADER, section: SECTION, file_systems: [{ name: 'disk' }] };
      waiting.push(() => json(value)(request, socket));
      if (waiting.length === 2) for (const answer of waiting.splice(0).reverse()) answer();
    });
    const { machine, disks, errors } = await source.sample(
      { machine: true, disks: true },
      nowMicros() + 10e6,
    );
    expect(errors).toEqual([]);
    expect(machine?.memory.value?.totalBytes).toBe(11);
    expect(disks?.fileSystems[0]?.name).toBe('disk');
  });

  test(
    'that never answers holds nobody up: requests have their time, and do not pile up',
    async () => {
      let asked = 0;
      const source = await hostile(() => {
        asked++;
      });
      const want = { machine: true };
      for (let i = 0; i < 50; i++) {
        const started = performance.now();
        await source.sample(want, nowMicros() + 20_000).catch(() => undefined);
        expect(performance.now() - started).toBeLessThan(2000);
      }
      expect(asked).toBeLessThan(5);
      for (let pid = 1; pid < 100; pid++) {
        await source.sample({ processDetail: pid }, nowMicros()).catch(() => undefined);
      }
      expect(asked).toBeLessThan(40);
    },
    LONG_MILLIS,
  );

  test(
    'and answers no ping either is given up after five seconds, whatever it answered before',
    async () => {
      let answered = 0;
      const source = await hostile((request, socket) => {
        socket.answersPings = false;
        if (answered++ === 0) json({ ...PARTS, header: HEADER, section: SECTION })(request, socket);
      });
      const started = performance.now();
      void source.sample({ machine: true }, nowMicros() + 60e6).catch(() => undefined);
      await until(source, () => source.status.phase === 'lost');
      expect(performance.now() - started).toBeLessThan(8000);
      expect(source.status.reason).toContain('5 s');
    },
    LONG_MILLIS,
  );

  test('of the original with nonsense for answers is not believed either', async () => {
    const nonsense = ['[]', '7', '{"cpu_total":"x"}', '{"process":[]}', '{', '\u0000', 'x'.repeat(70_000)];
    let at = 0;
    const received = (_: string, socket: PeerSocket): void => {
      socket.text(nonsense[at++ % nonsense.length]!);
      socket.text('{"error":"\u001b[2J"}');
    };
    const peer = await WebSocketPeer.listen({ isV2: false, received });
    const source = sourceOf(peer.port);
    open.push(source, peer);
    await source.firstContact;
    for (let i = 0; i < 20; i++) {
      const came = await outcome(source);
      if (typeof came !== 'string') expect(refusedIn(came.errors)).toEqual([]);
    }
  });
});

/** Every text in there that a terminal would obey. */
function refusedIn(value: unknown): string[] {
  if (typeof value === 'string') {
    return /[\u0000-\u001f\u007f-\u009f\u202e]/.test(value) ? [value] : [];
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(refusedIn);
}
