import { expect, test } from 'bun:test';
import type { LinkDescription, LinkSource, LocalAddress, LocalPrefix } from '../link.ts';
import { LinkScope } from './capture-scope.ts';

function link(index: number, kind: string, more: Partial<LinkDescription> = {}): LinkDescription {
  return {
    index,
    name: `if${index}`,
    isUp: true,
    isLoopback: index === 1,
    isHardware: kind === '',
    kind,
    master: 0,
    lower: 0,
    ...more,
  };
}

class FakeLinks implements LinkSource {
  changes = 0;
  reads = 0;
  isClosed = false;
  links: LinkDescription[];
  addresses: LocalAddress[];
  prefixes: LocalPrefix[] = [];

  constructor(links: LinkDescription[], addresses: LocalAddress[] = []) {
    this.links = links;
    this.addresses = addresses;
  }

  hasChanged(): boolean {
    const hasChanged = this.changes > 0;
    this.changes = 0;
    return hasChanged;
  }

  readLinks(): LinkDescription[] {
    this.reads++;
    return this.links;
  }

  readAddresses(): LocalAddress[] {
    return this.addresses;
  }

  readLocalPrefixes(): LocalPrefix[] {
    return this.prefixes;
  }

  close(): void {
    this.isClosed = true;
  }
}

const address = (interfaceIndex: number, last: number): LocalAddress => ({
  interfaceIndex,
  words: [0, 0, 0xffff, last],
});
const words = (last: number): Uint32Array => Uint32Array.of(0, 0, 0xffff, last);

test('packets of members are copies of those of their bridge or bond, but not of a VRF', () => {
  const links = new FakeLinks([
    link(1, ''),
    link(2, '', { master: 4 }),
    link(3, 'veth', { master: 5 }),
    link(4, 'bond'),
    link(5, 'bridge'),
    link(6, '', { master: 7 }),
    link(7, 'vrf'),
    link(8, '', { master: 99 }),
    link(9, 'vlan', { lower: 4 }),
  ]);
  const scope = new LinkScope(links, () => 0);
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9].filter((index) => scope.isCopy(index))).toEqual([2, 3, 7]);
});

test('packets of a stacked interface are seen below it too, told by their address', () => {
  const links = new FakeLinks(
    [
      link(2, ''),
      link(3, 'macvlan', { lower: 2 }),
      link(4, 'ipvlan', { lower: 3 }),
      link(5, 'veth', { lower: 6 }),
    ],
    [address(2, 20), address(3, 30), address(4, 40), address(5, 50)],
  );
  const scope = new LinkScope(links, () => 0);
  expect(scope.isStackedCopy(2, words(20))).toBe(false);
  expect(scope.isStackedCopy(2, words(30))).toBe(true);
  expect(scope.isStackedCopy(3, words(30))).toBe(false);
  expect(scope.isStackedCopy(2, words(40))).toBe(true);
  expect(scope.isStackedCopy(6, words(50))).toBe(false);
  expect(scope.isStackedCopy(2, words(99))).toBe(false);
});

test('interfaces stacked in a circle end the walk', () => {
  const links = new FakeLinks(
    [link(2, 'macvlan', { lower: 3 }), link(3, 'macvlan', { lower: 2 })],
    [address(2, 20)],
  );
  expect(new LinkScope(links, () => 0).isStackedCopy(9, words(20))).toBe(false);
});

test('an address that is not known may be new, which is asked once a refresh', () => {
  const links = new FakeLinks([link(2, '')], [address(2, 20)]);
  const scope = new LinkScope(links, () => 0);
  expect([scope.isLocal(words(20)), scope.isLocal(words(21))]).toEqual([true, false]);
  links.addresses.push(address(2, 21));
  scope.refresh();
  links.changes = 1;
  expect(scope.isLocal(words(21))).toBe(true);
  links.changes = 1;
  expect(scope.isLocal(words(22))).toBe(false);
  expect(links.reads).toBe(2);
  scope.refresh();
  expect(links.reads).toBe(3);
});

test('ports of tunnels that the kernel wraps are known while the tunnels are there', () => {
  const links = new FakeLinks([link(2, ''), link(3, 'vxlan', { tunnelPort: 4789 })]);
  const scope = new LinkScope(links, () => 0);
  expect([scope.isTunnelPort(4789), scope.isTunnelPort(4790)]).toEqual([true, false]);
  links.links.pop();
  links.changes = 1;
  scope.refresh();
  expect(scope.isTunnelPort(4789)).toBe(false);
});

test('what a local route covers is this machine’s, though no interface has it', () => {
  const links = new FakeLinks([link(2, '')], [address(2, 20)]);
  const net = (last: number, bits: number): LocalPrefix => ({ words: [0, 0, 0xffff, last], bits });
  links.prefixes = [net(0x0a630000, 96 + 24), { words: [0x20010db8, 7, 0, 0], bits: 64 }];
  const scope = new LinkScope(links, () => 0);
  const isLocal = (...four: readonly number[]): boolean => scope.isLocal(Uint32Array.from(four));
  expect([0x0a630007, 0x0a6300ff, 0x0a630100, 0x0b630007].map((last) => isLocal(0, 0, 0xffff, last))).toEqual(
    [true, true, false, false],
  );
  expect([isLocal(0x20010db8, 7, 5, 5), isLocal(0x20010db8, 8, 5, 5)]).toEqual([true, false]);
});

test('without notices the interfaces are read again after ten seconds', () => {
  let micros = 0;
  const links = new FakeLinks([link(2, '')]);
  const scope = new LinkScope(links, () => micros);
  micros = 9.9e6;
  scope.refresh();
  expect(links.reads).toBe(1);
  micros = 10e6;
  scope.refresh();
  expect(links.reads).toBe(2);
  scope.close();
  expect(links.isClosed).toBe(true);
});

test('a source that cannot be read is closed', () => {
  const links = new FakeLinks([]);
  links.readLinks = () => {
    throw new RangeError('no links');
  };
  expect(() => new LinkScope(links, () => 0)).toThrow('no links');
  expect(links.isClosed).toBe(true);
});
