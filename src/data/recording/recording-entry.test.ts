import { expect, test } from 'bun:test';
import { type ExportOptions, snapshotToJson } from '../export/network-json.ts';
import type { Slice } from '../sample/slice.ts';
import { RecordingEntry } from './recording-entry.ts';
import { RecordedWorld } from './recording-world.fixture.ts';

const NAMES = {
  hostName: (address: string) => (address.endsWith('7') ? 'seven.example' : undefined),
  serviceName: (port: number) => (port === 443 ? 'https' : undefined),
  country: () => 'NL',
};
const EVERYTHING: ExportOptions = {
  ...NAMES,
  scope: { interfaceIndex: undefined, includeLoopback: true },
  sort: { key: 'total', isReversed: false },
};

test('a recorded line holds what --json prints, resting on the way or not', async () => {
  const machine = new RecordedWorld({ processes: 40, sockets: 300 });
  machine.world.addProcess(900);
  machine.world.addSocket({ pid: 900, remote: '127.0.0.1', local: '127.0.0.1' });
  machine.world.addListener(53, { pid: 900, protocol: 17, state: 7 });
  const entry = new RecordingEntry(NAMES);
  let rests = 0;
  const slice: Slice = { due: () => true, rest: async () => void (await Promise.resolve(rests++)) };
  for (let i = 0; i < 4; i++) {
    const { network, header } = machine.next();
    let text = '{';
    await entry.write(network!, machine.rates, header, slice, (piece) => {
      text += piece;
    });
    expect(text).toBe(snapshotToJson(network!, machine.rates, header, EVERYTHING));
  }
  expect(rests).toBeGreaterThan(300);
});
