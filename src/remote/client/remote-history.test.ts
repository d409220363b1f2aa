import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HistoryPart, HistoryPieces } from '../../data/recording/history-pieces.ts';
import { HistoryWorld, writeHistory } from '../../data/recording/history-world.fixture.ts';
import { RecordedSource } from '../../data/recording/recorded-source.ts';
import { readAllTotals, totalsPagesOf } from '../../data/recording/totals-files.ts';
import { TOTALS_PERIODS } from '../../data/sample/totals-kind.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { PrivateFolder } from '../../kit/files/private-folder.ts';
import { historyHeaders, historyParts, totalsPage } from '../wire/history-reply.ts';
import { type HistorySession, RemoteHistory } from './remote-history.ts';

const START = Date.UTC(2026, 10, 28);
const UPLOAD = [{ kind: 'upload', fromSeconds: 100, toSeconds: 200 }] as const;
let folder = '';
let opened: PrivateFolder;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remote-history-'));
  const path = join(folder, 'history');
  await writeHistory(path, new HistoryWorld(START, UPLOAD, 12), 200, { ageMillis: 16 * 600_000 });
  opened = PrivateFolder.toRead(path);
});
afterAll(() => {
  opened.close();
  rmSync(folder, { recursive: true });
});

/** What an agent answers, by way of its messages, and how many bytes of pieces it was asked for. */
function session(): HistorySession & { pieceBytes: number } {
  const pieces = new HistoryPieces(opened);
  const sent = <T>(value: T): unknown => JSON.parse(JSON.stringify(value));
  return {
    pieceBytes: 0,
    historyParts: async () => historyParts.read(sent(historyParts.write(await pieces.parts()))),
    historyHeaders: async (segment, from) =>
      historyHeaders.read(sent(historyHeaders.write(await pieces.headers(segment, from)))),
    async historyPiece(segment, from, length) {
      const piece = await pieces.piece(segment, from, length);
      this.pieceBytes += piece.length;
      return piece;
    },
    totalsPage: async (period, before) =>
      totalsPage.read(sent(totalsPage.write(await totalsPagesOf(opened)(period, before))), period),
  };
}

async function played(of: HistorySession): Promise<readonly number[]> {
  const bytes = await RemoteHistory.open('web-1', () => of);
  const source = await RecordedSource.openBytes(bytes, { monotonicMicros: () => 0 });
  const times: number[] = [];
  for (let next = await source.next(); next !== undefined; next = await source.next()) {
    times.push(next.header.wallMillis);
  }
  source.close();
  return times;
}

describe('the history of an agent', () => {
  test('plays as it was written', async () => {
    expect(await played(session())).toEqual(
      Array.from({ length: 200 }, (_, at) => START + (at + 1) * 10_000),
    );
  });

  test('is searched by the heads of its members, without its pieces', async () => {
    const asked = session();
    const bytes = await RemoteHistory.open('web-1', () => asked);
    const source = await RecordedSource.openBytes(bytes, { monotonicMicros: () => 0 });
    const first = asked.pieceBytes;
    expect(await source.moments()).toHaveLength(200);
    expect(asked.pieceBytes).toBe(first);
    expect((await source.goTo(START + 1_000_000)).header.wallMillis).toBe(START + 1_000_000);
    source.close();
  });

  test('whose oldest part went meanwhile plays what is left', async () => {
    const asked = session();
    const [oldest] = await asked.historyParts();
    const gone = async (): Promise<never> => {
      throw new OpError({ op: 'read history', code: 'GONE' });
    };
    const { historyPiece, historyHeaders: headers } = asked;
    let isGone = false;
    asked.historyPiece = (segment, ...rest) =>
      isGone && segment === oldest!.number ? gone() : historyPiece.call(asked, segment, ...rest);
    asked.historyHeaders = (segment, from) =>
      isGone && segment === oldest!.number ? gone() : headers.call(asked, segment, from);
    const bytes = await RemoteHistory.open('web-1', () => asked);
    const source = await RecordedSource.openBytes(bytes, { monotonicMicros: () => 0 });
    isGone = true;
    const last = await source.goTo(START + 2_000_000);
    expect(last.header.wallMillis).toBe(START + 2_000_000);
    source.close();
  });

  test.each<[string, Partial<HistorySession>, string]>([
    ['no parts', { historyParts: async () => [] }, 'no history yet'],
    ['a part that is empty', { historyPiece: async () => new Uint8Array(0) }, 'not gzip'],
    ['bytes of nothing', { historyPiece: async (_, __, length) => new Uint8Array(length) }, 'not gzip'],
    [
      'heads in a circle',
      {
        historyHeaders: async () => ({ headers: [], next: 0 }),
        historyPiece: async () => new Uint8Array(0),
      },
      'not gzip',
    ],
    [
      'heads that never come',
      {
        historyHeaders: async (_, from) => ({ headers: [], next: from + 1 }),
        historyPiece: async () => new Uint8Array(0),
      },
      'not gzip',
    ],
    [
      'more than there can be',
      {
        historyParts: async (): Promise<HistoryPart[]> => [
          { number: 1, sizeBytes: 2 ** 53 - 1 },
          { number: 2, sizeBytes: 9 },
        ],
      },
      'BAD_VALUE',
    ],
  ])('that lies is refused: %s', async (_, lies, words) => {
    const error = await played({
      ...session(),
      historyHeaders: async () => ({ headers: [], next: undefined }),
      ...lies,
    }).then(
      () => 'played',
      (thrown: unknown) => String(thrown),
    );
    expect(error).toContain(words);
  });

  test.each([
    { segments: [[1, -1]] },
    { segments: [['a', 1]] },
    { segments: 7 },
    { segments: Array.from({ length: 5000 }, () => [1, 1]) },
    null,
  ])('parts that are none are refused: %#', (value) => {
    expect(() => historyParts.read(value)).toThrow();
  });

  test.each([
    { headers: [[0, 7]] },
    { headers: [[-1, '']] },
    { headers: [[0, 'x'.repeat(2000)]] },
    { headers: [], next: -1 },
  ])('heads that are none are refused: %#', (value) => {
    expect(() => historyHeaders.read(value)).toThrow();
  });

  test('has the totals of its folder', async () => {
    const asked = session();
    for (const period of TOTALS_PERIODS) {
      const own = await readAllTotals(totalsPagesOf(opened), period);
      expect(own.length).toBeGreaterThan(0);
      expect(await readAllTotals((...page) => asked.totalsPage(...page), period)).toEqual(own);
    }
  });

  test.each([
    null,
    { files: 7 },
    { files: [['2026-11-28', 7]] },
    { files: [['2026-11', '']] },
    { files: [['../../etc', '']] },
    { files: [['2026-11-28', 'x'.repeat(30_000)]] },
    { files: Array.from({ length: 33 }, () => ['2026-11-28', '']) },
    { files: [], next: 'later' },
  ])('totals that are none are refused: %#', (value) => {
    expect(() => totalsPage.read(value, 'day')).toThrow();
  });
});
