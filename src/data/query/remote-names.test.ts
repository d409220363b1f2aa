import { expect, test } from 'bun:test';
import type { NetworkSection } from '../sample/network-section.ts';
import { NameBasis } from '../schema/network-columns.ts';
import { ConnectionRows } from './connection-rows.ts';
import { parseFilter } from './filter/parse-filter.ts';
import { HostRows } from './host-rows.ts';
import { Machine, OUTSIDE } from './machine.fixture.ts';
import { ProcessRows } from './process-rows.ts';
import { nameAndMore, nameBasisText } from './row-texts.ts';

/** Two processes that use two names for one address, and a third one that said none. */
function named(): Machine {
  const machine = new Machine();
  const { world } = machine;
  for (const pid of [7, 8, 9]) world.addProcess(pid, { name: `client-${pid}` });
  machine.step();
  for (const [pid, name, basis] of [
    [7, 'shop.example', NameBasis.SNI],
    [8, 'news.example', NameBasis.DNS],
    [9, undefined, NameBasis.NONE],
  ] as const) {
    const slot = world.addSocket({ pid, remote: '192.0.2.10', tx: 1000 });
    world.sockets.remoteName[slot] = name;
    world.sockets.nameBasis[slot] = basis;
  }
  return machine;
}

const reverse = { hostName: () => 'cdn.example' };

/** Names of the processes that a filter leaves. */
function left(machine: Machine, section: NetworkSection, text: string): string[] {
  const parsed = parseFilter(text, reverse);
  if ('error' in parsed) throw new RangeError(parsed.error.message);
  const rows = new ProcessRows();
  rows.build(section, machine.rates, OUTSIDE, parsed.filter);
  return Array.from({ length: rows.count }, (_, row) => section.owners.names[rows.owner[row]!]!).sort();
}

test('a host has the names of its connections and the best basis of them', () => {
  const machine = named();
  const section = machine.step();
  const rows = new HostRows();
  rows.build(section, machine.rates, OUTSIDE, undefined, reverse);
  const row = rows.rowOfHost(machine.host(section, '192.0.2.10'));
  expect(rows.namesOf(row)).toEqual(['shop.example', 'news.example']);
  expect(rows.nameBasisOf(row)).toBe(NameBasis.SNI);
  expect(nameAndMore(rows.namesOf(row))).toBe('shop.example +1');
});

test('a host has four names at most, and others after an hour without any', () => {
  const machine = named();
  const { world } = machine;
  machine.step();
  const [slot] = world.sockets.slots.rows;
  for (const name of ['c.example', 'd.example', 'e.example']) {
    world.sockets.remoteName[slot!] = name;
    machine.step();
  }
  const section = machine.step();
  const host = machine.host(section, '192.0.2.10');
  expect(section.hosts.names[host]?.split(' ')).toHaveLength(4);
  world.sockets.nameBasis.fill(NameBasis.NONE);
  machine.step(3601);
  world.sockets.remoteName[slot!] = 'late.example';
  world.sockets.nameBasis[slot!] = NameBasis.HTTP;
  expect(machine.step().hosts.names[host]).toBe('late.example');
  expect(section.hosts.nameBasis[host]).toBe(NameBasis.HTTP);
});

test('a process has the names that it uses, and its connections too', () => {
  const machine = named();
  const section = machine.step();
  const rows = new ProcessRows();
  rows.build(section, machine.rates, OUTSIDE);
  const ownerOf = (name: string): number => section.owners.names.indexOf(name);
  expect(rows.namesOfOwner(ownerOf('client-7'))).toEqual(['shop.example']);
  expect(rows.namesOfOwner(ownerOf('client-9'))).toEqual([]);
  const connections = new ConnectionRows();
  connections.build(section, machine.rates, OUTSIDE, ownerOf('client-8'));
  expect([connections.remoteName[0], connections.nameBasis[0]]).toEqual(['news.example', NameBasis.DNS]);
});

test('host: finds a connection by the name that its process used, else by that of the reverse lookup', () => {
  const machine = named();
  const section = machine.step();
  expect(left(machine, section, 'host:shop.example')).toEqual(['client-7']);
  expect(left(machine, section, 'host:news')).toEqual(['client-8']);
  expect(left(machine, section, 'host=shop.example')).toEqual(['client-7']);
  expect(left(machine, section, 'host:192.0.2.10')).toEqual(['client-7', 'client-8', 'client-9']);
  expect(left(machine, section, 'host:cdn.example')).toEqual(['client-7', 'client-8', 'client-9']);
});

test('a name has its basis in words', () => {
  const texts = Object.values(NameBasis).map((basis) => nameBasisText(basis, undefined));
  expect(texts).toEqual([undefined, 'dns', 'http', 'sni']);
  expect(nameBasisText(NameBasis.NONE, 'cdn.example')).toBe('ptr');
});
