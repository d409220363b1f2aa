import { afterEach, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import { ProcNetSockets } from './sockets-proc.ts';

const INODE = 4711;
const root = mkdtempSync(`${tmpdir()}/proc-net-`);
mkdirSync(`${root}/net`);

afterEach(() => {
  rmSync(root, { recursive: true });
});

function writeSockets(name: string, ...ends: readonly (readonly [string, string])[]): void {
  const lines = ends.map(
    ([local, remote], i) =>
      `${String(i).padStart(4)}: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000  1000        0 ${INODE} 1 0 0`,
  );
  writeFileSync(`${root}/net/${name}`, `${['  sl  local_address rem_address   st', ...lines].join('\n')}\n`);
}

function portsOf({ rows: { table, closed } }: ProcNetSockets): number[] {
  const gone = closed.slots.subarray(0, closed.count);
  const live = [...table.slots.rows.subarray(0, table.slots.count)].filter((slot) => !gone.includes(slot));
  return live.map((slot) => table.localPort[slot]!).sort();
}

test('subflows of an MPTCP connection, which have one inode, are sockets each; a UDP socket stays one', async () => {
  const sockets = new ProcNetSockets(() => 1, root);
  const subflow = ['0101000A:1001', '0201000A:01BB'] as const;
  writeSockets('tcp', subflow, ['0102000A:1002', '0201000A:01BB'], ['0102000A:1001', '0201000A:01BB']);
  writeSockets('udp', ['00000000:2001', '00000000:0000']);
  await sockets.collect(UNHURRIED);
  expect(portsOf(sockets)).toEqual([0x1001, 0x1001, 0x1002, 0x2001]);
  const serials = sockets.rows.table.slots.serial.slice();
  writeSockets('tcp', subflow);
  writeSockets('udp', ['0101000A:2001', '0201000A:0035']);
  await sockets.collect(UNHURRIED);
  expect(portsOf(sockets)).toEqual([0x1001, 0x2001]);
  expect(sockets.rows.table.slots.serial).toEqual(serials);
});
