import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { OpError } from '../../src/kit/errors/op-error.ts';
import type { Crowd } from './crowd.ts';
import { streamLines } from './streamed.ts';

const SECONDS = 60;

interface Part {
  readonly part: string;
  readonly [column: string]: unknown;
}

interface RecordedLine {
  readonly lengths: readonly number[];
  readonly snapshot: readonly Part[];
}

/** Records the crowd as it is, each process in a service of its own, and makes a minute of that moment. */
export async function writeRecording(crowd: Crowd, path: string): Promise<void> {
  await streamLines(6, ['--json', '--loopback', '--no-dns', '--record', path]);
  // On a busy machine the recorder may be stopped before its file has an end; every whole line is in it.
  const recorded = gunzipSync(await Bun.file(path).bytes(), { finishFlush: constants.Z_SYNC_FLUSH });
  const lines = recorded.toString().split('\n').slice(0, -1);
  const last = lines.findLast((line) => line.includes(crowd.nameOf(0)));
  if (last === undefined) throw new OpError({ op: 'record', code: 'ENODATA' });
  const moment: RecordedLine = JSON.parse(last);
  const text = Array.from({ length: SECONDS }, (_, second) => lineText(moment, second)).join('');
  await Bun.write(path, gzipSync(text));
}

function lineText(moment: RecordedLine, second: number): string {
  const snapshot = moment.snapshot.map((part) => partAt(part, second));
  const lengths = snapshot.map((part) => Buffer.byteLength(JSON.stringify(part)));
  const { snapshot: _snapshot, lengths: _lengths, ...rest } = moment;
  const tail = JSON.stringify({ schema: 1, ...rest, sstop_recording: undefined }).slice(1);
  return `{"sstop_recording":1,"lengths":${JSON.stringify(lengths)},"snapshot":${JSON.stringify(snapshot)},${tail}\n`;
}

function partAt(part: Part, second: number): Part {
  const { names, network, wallMillis, monotonicMicros } = part;
  if (part.part === 'header' && network !== null && typeof network === 'object') {
    const micros = Number(monotonicMicros) + second * 1e6;
    return {
      ...part,
      wallMillis: Number(wallMillis) + second * 1000,
      monotonicMicros: micros,
      network: { ...network, sequence: second + 1, monotonicMicros: micros },
    };
  }
  if (part.part !== 'owners' || !Array.isArray(names)) return part;
  return { ...part, cgroups: names.map(serviceOf) };
}

function serviceOf(name: unknown): string | null {
  const place = /^c\w+-(\d\d)$/.exec(String(name))?.[1];
  return place === undefined ? null : `/system.slice/crowd-${place}.service`;
}
