import { describe, expect, test } from 'bun:test';
import type { CollectionParts } from '../../data/sample/network-sample.ts';
import { COUNTED_BY } from '../../data/sample/network-sample.ts';
import { lossText, tierText } from './header.ts';

const ALL: CollectionParts = {
  tcp: 'ebpf',
  udp: 'ebpf',
  owners: 'last user',
  processes: 'ebpf',
  exited: true,
  scope: 'machine',
  names: 'ebpf',
};

describe('tierText', () => {
  test('is the tier alone where nothing is missing, or nothing is known of its parts', () => {
    expect(tierText({ tier: 'ebpf', counted: COUNTED_BY.ebpf, parts: ALL })).toBe('ebpf');
    expect(
      tierText({ tier: 'netlink', counted: COUNTED_BY.netlink, parts: { ...ALL, udp: 'packets' } }),
    ).toBe('netlink');
    expect(tierText({ tier: 'netlink', counted: COUNTED_BY.netlink, parts: undefined })).toBe('netlink');
    expect(tierText({ tier: 'netlink', counted: 'none', parts: ALL })).toBe('');
  });

  test('names what a tier lacks of itself, and not what it never has', () => {
    expect(tierText({ tier: 'netlink', counted: COUNTED_BY.netlink, parts: { ...ALL, udp: 'none' } })).toBe(
      'netlink, no UDP',
    );
    expect(
      tierText({
        tier: 'ebpf',
        counted: COUNTED_BY.ebpf,
        parts: { ...ALL, owners: 'creator', scope: 'container', names: 'ebpf' },
      }),
    ).toBe('ebpf, by opener, container');
    expect(
      tierText({
        tier: 'proc',
        counted: COUNTED_BY.proc,
        parts: { ...ALL, udp: 'none', owners: 'descriptor' },
      }),
    ).toBe('proc');
  });
});

test('lossText counts endings and packets apart, and is empty where nothing was lost', () => {
  expect(lossText({ lostClosings: 0, lost: { bytes: 0, packets: 0 } })).toBe('');
  expect(lossText({ lostClosings: 3, lost: { bytes: 0, packets: 0 } })).toBe('3 closings lost');
  expect(lossText({ lostClosings: 0, lost: { bytes: 900, packets: 2 } })).toBe('2 packets lost');
  expect(lossText({ lostClosings: 3, lost: { bytes: 0, packets: 2 } })).toBe(
    '3 closings lost, 2 packets lost',
  );
});
