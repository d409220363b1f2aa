import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { OpError } from '../../kit/errors/op-error.ts';
import { BUCKET_COUNT, HISTORY_LENGTH } from '../rates/histories.ts';
import { NetworkRates, TOTALS_SLOT } from '../rates/network-rates.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import { RecordedSource } from './recorded-source.ts';
import { RecordedWorld, recordWorld } from './recording-world.fixture.ts';
import { RecordingWriter } from './recording-writer.ts';

const NETWORK = { network: true };
const FOR_EVER = Number.POSITIVE_INFINITY;
const folder = mkdtempSync(join(tmpdir(), 'sstop-playback-'));
const path = (name: string): string => join(folder, name);
let micros = 0;
const monotonicMicros = (): number => micros;

afterAll(() => rmSync(folder, { recursive: true }));

async function errorOf(promise: Promise<unknown>): Promise<OpError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof OpError)) throw new OpError({ op: 'test', code: 'NO_OP_ERROR', cause: thrown });
  expect(thrown.message).not.toContain('\n');
  return thrown;
}

async function sequencesOf(file: string): Promise<number[]> {
  const source = await RecordedSource.open(file, { monotonicMicros });
  const sequences: number[] = [];
  for (let s = await source.next(); s !== undefined; s = await source.next())
    sequences.push(s.network!.sequence);
  source.close();
  return sequences;
}

/** What the screen shows of a moment, of every row by its identity. */
function picture(snapshot: Snapshot, rates: NetworkRates): Record<string, unknown> {
  const { traffic, owners, sockets } = snapshot.network!;
  const tx = new Float64Array(BUCKET_COUNT);
  const rx = new Float64Array(BUCKET_COUNT);
  rates.totals.bucketsInto(TOTALS_SLOT, tx, rx);
  const rows: Record<string, unknown> = {};
  for (const slot of traffic.slots.rows.subarray(0, traffic.slots.count)) {
    const history = new Float32Array(HISTORY_LENGTH);
    rates.history.addInto(slot, history);
    const owner = traffic.subject[slot]!;
    rows[`${owners.kind[owner]} ${owners.pid[owner]} ${traffic.interfaceIndex[slot]}`] = {
      history: [...history],
      rawTx: rates.traffic.rawTx[slot],
      smoothRx: rates.traffic.smoothRx[slot]!.toFixed(3),
      total: traffic.txBytes[slot],
    };
  }
  for (const slot of sockets.slots.rows.subarray(0, sockets.slots.count)) {
    rows[`socket ${sockets.slots.keyWord(slot, 0)}`] = rates.sockets.rawRx[slot];
  }
  const { totalTxBytes, totalRxBytes } = rates;
  const trend = rates.totals.trend(TOTALS_SLOT);
  const { sequence } = snapshot.network!;
  return {
    sequence,
    rows,
    tx: [...tx].map(Math.round),
    rx: [...rx].map(Math.round),
    totalTxBytes,
    totalRxBytes,
    trend,
  };
}

describe('playback', () => {
  const COUNT = 300;
  const pictures: Record<string, unknown>[] = [];
  let source: RecordedSource;
  let rates = new NetworkRates();

  beforeAll(async () => {
    const machine = new RecordedWorld();
    const writer = await RecordingWriter.open(path('long.gz'));
    for (let i = 0; i < COUNT; i++) {
      const snapshot = machine.next();
      pictures.push(picture(snapshot, machine.rates));
      await writer.record(snapshot, machine.rates);
    }
    await writer.close();
  });

  async function open(): Promise<void> {
    source = await RecordedSource.open(path('long.gz'), { monotonicMicros });
    rates = new NetworkRates();
    source.observe((snapshot) => {
      rates.update(snapshot.network!, snapshot.header);
    });
  }

  async function look(): Promise<Record<string, unknown>> {
    return picture(await source.sample(NETWORK, FOR_EVER), rates);
  }

  test('shows what was on the screen, whatever the interval of looking', async () => {
    await open();
    expect(await look()).toEqual(pictures[0]!);
    for (const second of [1, 2, 3, 7, 20, 34, 35]) {
      micros += 1e6 * (second - Math.round(source.progress.positionMillis / 1000));
      expect(await look()).toEqual(pictures[second]!);
    }
    micros += 0.9e6;
    expect(await look()).toEqual(pictures[35]!);
    source.close();
  });

  test('keeps recorded times and names', async () => {
    await open();
    const machine = new RecordedWorld();
    const { epoch: _, ...header } = machine.next().header;
    expect((await source.sample(NETWORK, FOR_EVER)).header).toMatchObject(header);
    expect(await source.sample({}, FOR_EVER)).not.toHaveProperty('network');
    source.close();
  });

  test('runs at the speed set, stands while paused and at the end', async () => {
    await open();
    await look();
    for (let i = 0; i < 4; i++) source.changeSpeed(1);
    micros += 5e6;
    expect(await look()).toEqual(pictures[80]!);
    for (let i = 0; i < 6; i++) source.changeSpeed(-1);
    micros += 4e6;
    expect(await look()).toEqual(pictures[81]!);
    source.setPaused(true);
    micros += 60e6;
    expect((await look())['sequence']).toBe(82);
    expect(source.progress).toMatchObject({
      speed: 0.25,
      isPaused: true,
      isAtEnd: false,
      positionMillis: 81_000,
    });
    source.setPaused(false);
    for (const expected of [0.5, 1, 2, 4, 8, 16, 16]) {
      source.changeSpeed(1);
      expect(source.progress.speed).toBe(expected);
    }
    micros += 14e6;
    await look();
    micros += 14e6;
    expect(await look()).toEqual(pictures[COUNT - 1]!);
    expect(source.progress).toMatchObject({ isAtEnd: true, isDurationExact: true, damage: undefined });
    expect(source.progress.positionMillis).toBe((COUNT - 1) * 1000);
    expect(source.progress.durationMillis).toBe((COUNT - 1) * 1000);
    expect(await look()).toEqual(pictures[COUNT - 1]!);
    source.seekBy(-10_000);
    expect((await look())['sequence']).toBe(COUNT - 10);
    source.close();
  });

  test('waits while nobody looks for long', async () => {
    await open();
    await look();
    micros += 3600e6;
    expect((await look())['sequence']).toBe(16);
    source.close();
  });

  test('shows after a seek, forward or back, what was on the screen then', async () => {
    await open();
    await look();
    for (const second of [200, 10, 199, 120, 0, 66, 298, 5]) {
      source.seekTo(second * 1000 + 400);
      expect(source.progress.isSeeking).toBe(true);
      expect(await look()).toEqual(pictures[second]!);
      expect(source.progress).toMatchObject({ isSeeking: false, positionMillis: second * 1000 + 400 });
      micros += 0.6e6;
      expect(await look()).toEqual(pictures[second + 1]!);
    }
    source.seekBy(-1e9);
    expect(source.progress.positionMillis).toBe(0);
    expect(await look()).toEqual(pictures[0]!);
    source.seekBy(1e9);
    expect(await look()).toEqual(pictures[COUNT - 1]!);
    source.close();
  });

  test('seeks while paused, and adds up seeks that come before the first is done', async () => {
    await open();
    source.setPaused(true);
    await look();
    for (let i = 0; i < 5; i++) source.seekBy(30_000);
    const first = look();
    source.seekBy(10_000);
    await first;
    expect(await look()).toEqual(pictures[160]!);
    micros += 9e6;
    expect((await look())['sequence']).toBe(161);
    source.close();
  });

  test('each seek begins an epoch, so that nothing is subtracted across it', async () => {
    await open();
    const before = (await source.sample(NETWORK, FOR_EVER)).header.epoch;
    source.seekTo(100_000);
    const between = (await source.sample(NETWORK, FOR_EVER)).header.epoch;
    source.seekTo(100_000);
    const after = (await source.sample(NETWORK, FOR_EVER)).header.epoch;
    expect(new Set([before, between, after]).size).toBe(3);
    source.close();
  });

  test('goes through every snapshot once without the clock', async () => {
    expect(await sequencesOf(path('long.gz'))).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
  });

  test('keeps the deadline, and answers the next call with what was under way', async () => {
    await open();
    await look();
    source.seekTo(250_000);
    const late = errorOf(source.sample(NETWORK, micros + 1));
    micros += 10;
    expect((await late).code).toBe('DEADLINE');
    expect((await look())['sequence']).toBe(251);
    source.close();
    expect((await errorOf(source.sample(NETWORK, FOR_EVER))).code).toBe('CLOSED');
    source.close();
  });

  test('plays one that was compressed anew, seeking in it too', async () => {
    writeFileSync(path('anew.gz'), gzipSync(gunzipSync(readFileSync(path('long.gz')))));
    source = await RecordedSource.open(path('anew.gz'), { monotonicMicros });
    rates = new NetworkRates();
    source.observe((snapshot) => {
      rates.update(snapshot.network!, snapshot.header);
    });
    await look();
    source.seekTo(200_000);
    expect(await look()).toEqual(pictures[200]!);
    source.seekTo(100_000);
    expect(await look()).toEqual(pictures[100]!);
    source.seekTo(1e12);
    expect(await look()).toEqual(pictures[COUNT - 1]!);
    expect(source.progress).toMatchObject({ isDurationExact: true, durationMillis: (COUNT - 1) * 1000 });
    source.close();
  });

  test('plays recordings that were put together, each from its own zero', async () => {
    const bytes = readFileSync(path('long.gz'));
    writeFileSync(path('twice.gz'), Buffer.concat([bytes, bytes]));
    source = await RecordedSource.open(path('twice.gz'), { monotonicMicros });
    await source.sample(NETWORK, FOR_EVER);
    source.seekTo(COUNT * 1000 + 7000);
    expect((await source.sample(NETWORK, FOR_EVER)).network!.sequence).toBe(8);
    expect(source.progress.durationMillis).toBe((2 * COUNT - 1) * 1000);
    source.close();
  });
});

describe('a recording cut short', () => {
  test('plays every whole snapshot, wherever it was cut', async () => {
    const machine = new RecordedWorld({ processes: 1, sockets: 0 });
    const writer = await RecordingWriter.open(path('cut.gz'));
    const ends: number[] = [];
    for (let i = 0; i < 3; i++) {
      // A new epoch begins a new member.
      machine.world.epoch = i < 2 ? 1 : 2;
      await writer.record(machine.next(), machine.rates);
      await writer.flushed();
      ends.push(writer.status.fileBytes);
    }
    await writer.close();
    const whole = readFileSync(path('cut.gz'));
    for (let size = 0; size <= whole.length; size++) {
      writeFileSync(path('cut-here.gz'), whole.subarray(0, size));
      const expected = ends.filter((end) => end <= size).length;
      if (expected === 0) {
        // The last bytes of a flush say nothing more, so one snapshot may be whole a little earlier.
        const played = await sequencesOf(path('cut-here.gz')).catch((thrown: OpError) => thrown.code);
        expect(['EMPTY', 'NOT_A_RECORDING', ends[0]! - size < 8 ? [1] : []]).toContainEqual(played);
        continue;
      }
      const played = await sequencesOf(path('cut-here.gz'));
      expect([expected, expected + 1]).toContain(played.length);
      expect(played).toEqual(played.map((_, i) => i + 1));
    }
    expect(await sequencesOf(path('cut.gz'))).toHaveLength(3);
  }, 30_000);

  test('says that it ends early, and knows how long it is', async () => {
    await recordWorld(path('killed.gz'), 60);
    const whole = readFileSync(path('killed.gz'));
    writeFileSync(path('killed.gz'), whole.subarray(0, whole.length - 40));
    const source = await RecordedSource.open(path('killed.gz'), { monotonicMicros });
    await source.sample(NETWORK, FOR_EVER);
    source.seekTo(1e9);
    const { network } = await source.sample(NETWORK, FOR_EVER);
    expect(network!.sequence).toBeGreaterThanOrEqual(59);
    expect(source.progress).toMatchObject({
      isAtEnd: true,
      isDurationExact: true,
      endsEarly: true,
      damage: undefined,
    });
    source.close();
  });
});

describe('what is no recording', () => {
  const line = (text: string): Buffer => gzipSync(text);
  const cases: readonly (readonly [name: string, content: Buffer, code: string, words: string])[] = [
    ['nothing', Buffer.alloc(0), 'EMPTY', 'empty file'],
    ['text', Buffer.from('{"schema":1}\n'), 'NOT_A_RECORDING', 'not gzip'],
    ['half a gzip header', Buffer.from([0x1f, 0x8b, 8]), 'EMPTY', 'no complete snapshot'],
    ['gzip of nothing', line(''), 'EMPTY', 'no complete snapshot'],
    ['gzip of text', line('hello\n'.repeat(100)), 'NOT_A_RECORDING', 'not a recording of sstop'],
    ['gzip of --json', line('{"schema":1,"timestamp":"x"}\n'), 'NOT_A_RECORDING', 'not a recording'],
    ['gzip of zeros', line('\0'.repeat(9_000_000)), 'NOT_A_RECORDING', 'not a recording'],
    [
      'a later version',
      line('{"sstop_recording":4,"lengths":[5],"snapshot":[{}'),
      'UNSUPPORTED_VERSION',
      'format 4',
    ],
    [
      'no lengths',
      line(`{"sstop_recording":1,"lengths":[${'1,'.repeat(50_000)}`),
      'BAD_VALUE',
      'start of a line',
    ],
    [
      'lengths past all bounds',
      line('{"sstop_recording":1,"lengths":[999999999],"snapshot":['),
      'BAD_VALUE',
      'size',
    ],
    [
      'a header that is none',
      line('{"sstop_recording":1,"lengths":[2],"snapshot":[{}],"a":1}\n'),
      'BAD_VALUE',
      'first part',
    ],
    [
      'a wrong length',
      line('{"sstop_recording":1,"lengths":[1],"snapshot":[{}],"a":1}\n'),
      'BAD_VALUE',
      'end of a part',
    ],
    [
      'damaged data',
      Buffer.concat([line('x').subarray(0, 10), Buffer.alloc(99, 0xff)]),
      'DAMAGED',
      'damaged',
    ],
  ];

  test.each(cases)('%s is refused in one line', async (_, content, code, words) => {
    writeFileSync(path('foreign.gz'), content);
    const error = await errorOf(RecordedSource.open(path('foreign.gz'), { monotonicMicros }));
    expect(error.code).toBe(code);
    expect(error.message.split(`cannot play '${path('foreign.gz')}': `)).toEqual(['', expect.any(String)]);
    expect(error.message).toContain(words);
  });

  test('neither a missing file, a directory nor a pipe without a writer', async () => {
    mkdirSync(path('folder'));
    Bun.spawnSync(['mkfifo', path('pipe')]);
    const codes = ['nowhere', 'folder', 'pipe'].map(async (name) => {
      const error = await errorOf(RecordedSource.open(path(name), { monotonicMicros }));
      return `${error.code} ${error.message.split(': ')[1]}`;
    });
    expect(await Promise.all(codes)).toEqual([
      'ENOENT file not found',
      'EISDIR is a directory',
      'NOT_A_FILE not a regular file',
    ]);
  });
});

describe('a damaged recording', () => {
  test('is played around the damage, which is told', async () => {
    await recordWorld(path('damaged.gz'), 64);
    const bytes = readFileSync(path('damaged.gz'));
    bytes.fill(0x55, Math.floor(bytes.length * 0.35), Math.floor(bytes.length * 0.35) + 20);
    writeFileSync(path('damaged.gz'), bytes);
    const source = await RecordedSource.open(path('damaged.gz'), { monotonicMicros });
    const played: number[] = [];
    for (let s = await source.next(); s !== undefined; s = await source.next())
      played.push(s.network!.sequence);
    expect(played.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(played.slice(-32)).toEqual(Array.from({ length: 32 }, (_, i) => i + 33));
    expect(played.length).toBeLessThan(64);
    const { damage } = source.progress;
    expect(damage?.code).toMatch(/DAMAGED|BAD_VALUE|NOT_A_RECORDING/);
    expect(damage?.message).toStartWith("cannot play '");
    source.close();
  });

  test('survives any byte changed', async () => {
    await recordWorld(path('flipped.gz'), 3, new RecordedWorld({ processes: 2, sockets: 2 }));
    const bytes = readFileSync(path('flipped.gz'));
    for (let at = 0; at < bytes.length; at += 5) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0xff;
      writeFileSync(path('flipped-here.gz'), changed);
      const played = await sequencesOf(path('flipped-here.gz')).catch((thrown: OpError) => {
        expect(thrown).toBeInstanceOf(OpError);
        return [];
      });
      expect(played.length).toBeLessThanOrEqual(3);
    }
  });
});
