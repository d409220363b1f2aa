import { expect, test } from 'bun:test';
import { FragmentPorts } from './fragments.ts';
import { IpHeader } from './ip-header.ts';
import { fragmentHeader, ipv4, ipv6, type PacketSpec } from './packets.fixture.ts';

function read(bytes: Uint8Array): IpHeader {
  const header = new IpHeader();
  expect(header.parse(new DataView(bytes.buffer), 0, bytes.length, bytes.length)).toBe(true);
  return header;
}

const first4 = (spec: PacketSpec): IpHeader => read(ipv4({ fragment: 0x2000, udpLength: 4000, ...spec }));
const later4 = (spec: PacketSpec): IpHeader => read(ipv4({ fragment: 100, ...spec }, new Uint8Array(80)));

test('later fragments get the ports of their first one', () => {
  const ports = new FragmentPorts();
  ports.remember(first4({ identification: 7, sourcePort: 53, destinationPort: 9 }));
  const later = later4({ identification: 7 });
  expect(ports.recall(later)).toBe(true);
  expect(later).toMatchObject({ sourcePort: 53, destinationPort: 9, protocol: 17 });
  expect(ports.recall(later4({ identification: 8 }))).toBe(false);
  expect(ports.recall(later4({ identification: 7, source: '10.0.0.9' }))).toBe(false);
  expect(ports.recall(later4({ identification: 7, protocol: 'tcp' }))).toBe(false);
});

test('of IPv6 they get its protocol too', () => {
  const ports = new FragmentPorts();
  ports.remember(
    read(ipv6({ sourcePort: 53, udpLength: 4008 }, [[44, fragmentHeader(0, true, 0xfedcba98)]])),
  );
  const later = read(ipv6({}, [[44, fragmentHeader(1448, false, 0xfedcba98)]], new Uint8Array(24)));
  expect(later.protocol).toBe(0);
  expect(ports.recall(later)).toBe(true);
  expect(later).toMatchObject({ sourcePort: 53, protocol: 17 });
});

test('a newer one takes the place of an older one: at most as many as there are places are known', () => {
  const ports = new FragmentPorts();
  for (let id = 0; id < 5000; id++) ports.remember(first4({ identification: id, sourcePort: id }));
  let known = 0;
  for (let id = 0; id < 5000; id++) {
    const later = later4({ identification: id });
    if (!ports.recall(later)) continue;
    expect(later.sourcePort).toBe(id);
    known++;
  }
  expect(known).toBeGreaterThan(500);
  expect(known).toBeLessThanOrEqual(1024);
  expect(ports.recall(later4({ identification: 4999 }))).toBe(true);
});
