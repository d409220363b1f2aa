import { describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LinkDescription, LinkSource, LocalAddress } from '../link.ts';
import { InterfaceCollector } from './interface-collector.ts';

const HEADER = 'Inter-|   Receive\n face |bytes\n';

/** A machine that is described, with a /proc/net/dev that is written. */
class FakeMachine implements LinkSource {
  readonly procRoot = mkdtempSync(join(tmpdir(), 'sstop-net-'));
  links: LinkDescription[] = [];
  addresses: LocalAddress[] = [];
  isChanged = false;
  reads = 0;

  constructor() {
    mkdirSync(join(this.procRoot, 'net'));
  }

  add(index: number, name: string, more: Partial<LinkDescription> = {}): void {
    this.links.push({
      index,
      name,
      isUp: true,
      isLoopback: false,
      isHardware: true,
      kind: '',
      master: 0,
      lower: 0,
      ...more,
    });
  }

  counters(...rows: [name: string, rx: number, tx: number][]): void {
    const lines = rows.map(([name, rx, tx]) => `${name}: ${rx} 1 0 0 0 0 0 0 ${tx} 2 0 0 0 0 0 0\n`);
    writeFileSync(join(this.procRoot, 'net/dev'), HEADER + lines.join(''));
  }

  hasChanged(): boolean {
    return this.isChanged;
  }

  readLinks(): LinkDescription[] {
    this.reads++;
    return this.links;
  }

  readAddresses(): LocalAddress[] {
    return this.addresses;
  }

  close(): void {
    rmSync(this.procRoot, { recursive: true });
  }
}

function rowsOf({ table }: InterfaceCollector): Record<string, [index: number, rx: number, tx: number]> {
  const rows: Record<string, [number, number, number]> = {};
  for (const slot of table.slots.rows.subarray(0, table.slots.count)) {
    rows[table.names[slot]!] = [table.index[slot]!, table.rxBytes[slot]!, table.txBytes[slot]!];
  }
  return rows;
}

describe('InterfaceCollector', () => {
  test('counters go to the interface of the name, in whatever order they come', () => {
    const machine = new FakeMachine();
    const collector = new InterfaceCollector({ procRoot: machine.procRoot, links: machine });
    machine.add(1, 'lo', { isLoopback: true, isHardware: false });
    machine.add(7, 'eth0');
    machine.add(9, 'unread');
    machine.counters(['lo', 5, 5], ['eth0', 10, 20]);
    collector.collect();
    expect(rowsOf(collector)).toEqual({
      lo: [1, 5, 5],
      eth0: [7, 10, 20],
      unread: [9, Number.NaN, Number.NaN],
    });
    machine.counters(['eth0', 11, 21], ['lo', 6, 6]);
    collector.collect();
    expect(rowsOf(collector)).toMatchObject({ lo: [1, 6, 6], eth0: [7, 11, 21] });
    expect(machine.reads).toBe(1);
    const { table } = collector;
    expect(table.isUplink[table.slots.find(7, 0, 0, 0)]).toBe(1);
    expect(table.isLoopback[table.slots.find(1, 0, 0, 0)]).toBe(1);
    collector.close();
  });

  test('a new name asks for the links at once, and one that stays unknown does not ask again', () => {
    const machine = new FakeMachine();
    const collector = new InterfaceCollector({ procRoot: machine.procRoot, links: machine });
    machine.add(7, 'eth0');
    machine.counters(['eth0', 1, 1]);
    collector.collect();
    machine.add(8, 'wg0', { kind: 'wireguard', isHardware: false });
    machine.counters(['eth0', 2, 2], ['wg0', 3, 4], ['hidden', 9, 9]);
    collector.collect();
    expect(rowsOf(collector)).toEqual({ eth0: [7, 2, 2], wg0: [8, 3, 4] });
    expect(machine.reads).toBe(2);
    collector.collect();
    expect(machine.reads).toBe(2);
    collector.close();
  });

  test('an interface that went takes its row and its addresses along', () => {
    const machine = new FakeMachine();
    const collector = new InterfaceCollector({ procRoot: machine.procRoot, links: machine });
    machine.add(7, 'eth0');
    machine.add(8, 'usb0');
    machine.addresses = [{ interfaceIndex: 8, words: [0, 0, 0xffff, 1] }];
    machine.counters(['eth0', 1, 1], ['usb0', 1, 1]);
    collector.collect();
    expect(collector.table.addresses.slots.count).toBe(1);
    machine.links.pop();
    machine.isChanged = true;
    machine.counters(['eth0', 2, 2]);
    collector.collect();
    expect(rowsOf(collector)).toEqual({ eth0: [7, 2, 2] });
    expect(collector.table.addresses.slots.count).toBe(0);
    collector.close();
  });

  test('links are read again every ten seconds', () => {
    const machine = new FakeMachine();
    let micros = 0;
    const collector = new InterfaceCollector({
      procRoot: machine.procRoot,
      links: machine,
      clock: () => micros,
    });
    machine.counters();
    for (const now of [0, 5e6, 9.9e6, 10e6, 19e6]) {
      micros = now;
      collector.collect();
    }
    expect(machine.reads).toBe(2);
    collector.close();
  });

  test('an address on several interfaces belongs to the uplink', () => {
    const machine = new FakeMachine();
    const collector = new InterfaceCollector({ procRoot: machine.procRoot, links: machine });
    machine.add(3, 'dummy0', { kind: 'dummy', isHardware: false });
    machine.add(7, 'eth0');
    machine.add(8, 'eth1');
    const words = [0, 0, 0xffff, 5] as const;
    machine.addresses = [3, 7, 8].map((interfaceIndex) => ({ interfaceIndex, words }));
    machine.counters();
    collector.collect();
    const { slots: addresses, interfaceIndex } = collector.table.addresses;
    expect(interfaceIndex[addresses.find(...words)]).toBe(7);
    collector.close();
  });

  test('many interfaces and long files', () => {
    const machine = new FakeMachine();
    const collector = new InterfaceCollector({ procRoot: machine.procRoot, links: machine });
    const names = Array.from({ length: 1000 }, (_, i) => `veth${i}`);
    for (const [i, name] of names.entries()) machine.add(i + 1, name);
    machine.counters(...names.map((name, i): [string, number, number] => [name, i, i * 2]));
    collector.collect();
    collector.collect();
    expect(rowsOf(collector)).toMatchObject({ veth0: [1, 0, 0], veth999: [1000, 999, 1998] });
    collector.close();
  });

  test('says what it could not read', () => {
    const machine = new FakeMachine();
    const collector = new InterfaceCollector({ procRoot: machine.procRoot, links: machine });
    expect(() => collector.collect()).toThrow(/net\/dev: ENOENT/);
    collector.close();
  });

  test("this machine's own counters", () => {
    const collector = new InterfaceCollector();
    collector.collect();
    collector.collect();
    const rows = rowsOf(collector);
    const lines = readFileSync('/proc/net/dev', 'utf8').trim().split('\n').slice(2);
    expect(Object.keys(rows).sort()).toEqual(lines.map((line) => line.split(':')[0]!.trim()).sort());
    expect(rows['lo']![1]).toBe(rows['lo']![2]);
    collector.close();
  });
});

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  'a network namespace of its own (needs root): new links, uplinks and addresses at once',
  async () => {
    const script = `
    import { spawnSync } from 'node:child_process';
    import { InterfaceCollector } from ${JSON.stringify(`${import.meta.dir}/interface-collector.ts`)};
    const collector = new InterfaceCollector();
    const { table } = collector;
    const show = () => {
      collector.collect();
      const rows = [...table.slots.rows.subarray(0, table.slots.count)];
      return rows.map((slot) => [table.names[slot], table.isUplink[slot]].join(' ')).sort();
    };
    const ip = (...args) => spawnSync('ip', args);
    const out = [show()];
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'br0', 'type', 'bridge');
    ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    for (const name of ['br0', 'v0', 'v1']) ip('link', 'set', name, 'up');
    ip('link', 'set', 'v1', 'master', 'br0');
    ip('addr', 'add', '10.9.0.1/24', 'dev', 'br0');
    out.push(show(), table.addresses.interfaceIndex[table.addresses.slots.find(0, 0, 0xffff, 0x0a090001)] > 1);
    ip('link', 'del', 'br0');
    out.push(show(), table.addresses.slots.find(0, 0, 0xffff, 0x0a090001));
    console.log(JSON.stringify(out));`;
    const child = Bun.spawn(['unshare', '--net', process.execPath, '-e', script], {
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const text = await new Response(child.stdout).text();
    expect(await new Response(child.stderr).text()).toBe('');
    const [before, built, hasAddress, after, address] = JSON.parse(text);
    expect(before).toContain('lo 0');
    expect(built).toEqual(expect.arrayContaining(['lo 0', 'v0 0', 'v1 0']));
    expect(hasAddress).toBe(true);
    expect(after.some((row: string) => row.startsWith('br0'))).toBe(false);
    expect(address).toBe(-1);
  },
);
