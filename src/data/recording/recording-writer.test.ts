import { afterAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../kit/errors/op-error.ts';
import { snapshotToJson } from '../export/network-json.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import type { Source } from '../source/source.ts';
import { RecordedSource } from './recorded-source.ts';
import { RecordingSource } from './recording-source.ts';
import { RecordedWorld, randomFrom, recordWorld } from './recording-world.fixture.ts';
import { RecordingWriter } from './recording-writer.ts';

const RECORDER = fileURLToPath(new URL('recording-recorder.fixture.ts', import.meta.url));
const FOR_EVER = Number.POSITIVE_INFINITY;
const folder = mkdtempSync(join(tmpdir(), 'sstop-recording-'));
const path = (name: string): string => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true }));

async function play(file: string): Promise<Snapshot[]> {
  const source = await RecordedSource.open(file, { monotonicMicros: () => 0 });
  const played: Snapshot[] = [];
  for (let s = await source.next(); s !== undefined; s = await source.next()) played.push({ ...s });
  source.close();
  return played;
}

const sequencesOf = async (file: string): Promise<(number | undefined)[]> =>
  (await play(file)).map(({ network }) => network?.sequence);

describe('the file', () => {
  test('is gzip of JSON lines for any program, for the user alone', async () => {
    const machine = new RecordedWorld();
    await recordWorld(path('plain.gz'), 20, machine);
    const { mode } = statSync(path('plain.gz'));
    expect(mode & 0o777).toBe(0o600);
    const { stdout, exitCode } = Bun.spawnSync(['gzip', '-dc', path('plain.gz')]);
    expect(exitCode).toBe(0);
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(20);
    const last = JSON.parse(lines[19]!);
    const { sstop_recording, lengths, snapshot, ...fields } = last;
    expect(sstop_recording).toBe(1);
    expect(lengths).toHaveLength(snapshot.length);
    const twin = new RecordedWorld();
    let current = twin.next();
    for (let i = 1; i < 20; i++) current = twin.next();
    const scope = { interfaceIndex: undefined, includeLoopback: true };
    const options = { scope, sort: { key: 'total', isReversed: false } } as const;
    expect(fields).toEqual(JSON.parse(snapshotToJson(current.network!, twin.rates, current.header, options)));
  });

  test('is never one that exists, and a wrong place is told in one line', async () => {
    writeFileSync(path('mine'), 'precious');
    mkdirSync(path('folder'));
    symlinkSync(path('elsewhere'), path('link'));
    const lines = ['mine', 'folder', 'link', 'no/where', 'mine/x', 'n'.repeat(300)].map(async (name) => {
      const thrown = await RecordingWriter.open(path(name)).catch((error: unknown) => error);
      if (!(thrown instanceof OpError)) throw new OpError({ op: 'test', code: 'NO_OP_ERROR' });
      expect(thrown.message).toStartWith(`cannot record to '${path(name)}': `);
      return thrown.message.split(': ')[1];
    });
    expect(await Promise.all(lines)).toEqual([
      'file exists; refusing to overwrite',
      'file exists; refusing to overwrite',
      'file exists; refusing to overwrite',
      'directory not found',
      'directory not found',
      'file name too long',
    ]);
    expect(readFileSync(path('mine'), 'utf8')).toBe('precious');
  });

  test.skipIf(process.getuid?.() !== 0)('a full disk ends it, told once (needs root)', async () => {
    mkdirSync(path('small'));
    const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', path('small')]);
    expect(mounted.exitCode).toBe(0);
    try {
      const errors: OpError[] = [];
      const file = path('small/full.gz');
      const writer = await RecordingWriter.open(file, { failed: (error) => errors.push(error) });
      const machine = new RecordedWorld({ processes: 20, sockets: 100 });
      for (let i = 0; i < 40; i++) {
        await writer.record(machine.next(), machine.rates);
        await writer.flushed();
      }
      const { snapshotCount, error } = writer.status;
      await writer.close();
      expect(errors.map(({ code, message }) => `${code} ${message}`)).toEqual([
        `ENOSPC cannot record to '${file}': no space left on device`,
      ]);
      expect(error).toBe(errors[0]!);
      expect(snapshotCount).toBeGreaterThan(0);
      expect(await sequencesOf(file)).toEqual(Array.from({ length: snapshotCount }, (_, i) => i + 1));
    } finally {
      Bun.spawnSync(['umount', '-l', path('small')]);
    }
  });
});

describe('the recorder', () => {
  test('leaves out what comes while it is busy, and says how much', async () => {
    const machine = new RecordedWorld({ processes: 100, sockets: 4000 });
    const writer = await RecordingWriter.open(path('busy.gz'));
    const first = writer.record(machine.next(), machine.rates);
    const rest = [1, 2].map(() => writer.record(machine.next(), machine.rates));
    await Promise.all([first, ...rest]);
    await writer.record(machine.next(), machine.rates);
    await writer.close();
    expect(writer.status).toMatchObject({ snapshotCount: 2, unrecordedCount: 2, error: undefined });
    const played = await play(path('busy.gz'));
    expect(played.map(({ errors }) => errors.map(({ code, message }) => `${code} ${message}`))).toEqual([
      [],
      ['UNRECORDED 2 snapshots before this one are missing'],
    ]);
  });

  test('writes what it has taken before it closes, and nothing after', async () => {
    const machine = new RecordedWorld({ sockets: 2000 });
    const writer = await RecordingWriter.open(path('closing.gz'));
    void writer.record(machine.next(), machine.rates);
    await Promise.all([writer.close(), writer.close()]);
    await writer.record(machine.next(), machine.rates);
    expect(await sequencesOf(path('closing.gz'))).toEqual([1]);
  });

  test('keeps the errors of a snapshot without a network for the next line', async () => {
    const machine = new RecordedWorld();
    const { header } = machine.next();
    const error = { op: 'collect network', code: 'EIO', message: 'x' };
    const writer = await RecordingWriter.open(path('errors.gz'));
    await writer.record({ header, errors: [error] }, machine.rates);
    await writer.record(machine.next(), machine.rates);
    await writer.record(machine.next(), machine.rates);
    await writer.close();
    expect((await play(path('errors.gz'))).map(({ errors }) => errors)).toEqual([[error], []]);
  });

  test('as a source, records each snapshot once and lets none change under it', async () => {
    const machine = new RecordedWorld({ sockets: 3000 });
    let isEncoding = false;
    const writer = await RecordingWriter.open(path('source.gz'));
    const record = writer.record.bind(writer);
    writer.record = async (snapshot, rates) => {
      isEncoding = true;
      await record(snapshot, rates);
      isEncoding = false;
    };
    let isAgain = false;
    let current = machine.next();
    const inner: Source = {
      sample: () => {
        expect(isEncoding).toBe(false);
        if (isAgain) current = machine.next();
        isAgain = !isAgain;
        return Promise.resolve(current);
      },
      close: () => undefined,
    };
    const source = new RecordingSource(inner, writer);
    for (let i = 0; i < 7; i++) await source.sample({ network: true }, FOR_EVER);
    source.close();
    await writer.close();
    expect(await sequencesOf(path('source.gz'))).toEqual([1, 2, 3, 4]);
  });
});

describe('a recorder killed at any moment', () => {
  test('leaves every snapshot that it had told of', async () => {
    const random = randomFrom(11);
    for (let round = 0; round < 10; round++) {
      const file = path(`killed-${round}.gz`);
      const child = Bun.spawn([process.execPath, RECORDER, file], { stdout: 'pipe', stderr: 'inherit' });
      const told = await killAfter(child, 1 + Math.floor(random() * 40), random() * 3);
      const played = await sequencesOf(file);
      expect(played.length).toBeGreaterThanOrEqual(told);
      expect(played).toEqual(played.map((_, i) => i + 1));
    }
  }, 60_000);
});

/** Kills the recorder a little after it has told of so many snapshots; how many it had told of by its end. */
async function killAfter(
  child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>,
  snapshots: number,
  laterMillis: number,
): Promise<number> {
  let text = '';
  let isKilled = false;
  for await (const bytes of child.stdout) {
    text += Buffer.from(bytes).toString('latin1');
    if (isKilled || text.split('\n').length <= snapshots) continue;
    isKilled = true;
    setTimeout(() => child.kill('SIGKILL'), laterMillis);
  }
  await child.exited;
  return text.split('\n').length - 1;
}
