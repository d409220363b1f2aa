import { expect, test } from 'bun:test';
import { array, assert, boolean, nat, property, record } from 'fast-check';
import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import { type FlowEnds, PacketFlows } from './flow-table.ts';

function ends(remotePort: number, localPort = 80, host = 1, isIpv6 = false): FlowEnds {
  const words = (last: number): Uint32Array =>
    isIpv6
      ? Uint32Array.of(0xfd000000, 0, 0, last)
      : Uint32Array.of(0, 0, IPV4_MAPPED_WORD, 0xc0000200 + last);
  return { protocol: 6, local: words(1), remote: words(host + 1), localPort, remotePort };
}

test('a flow is found by all of its parts', () => {
  const flows = new PacketFlows();
  for (const isIpv6 of [false, true]) {
    const slot = flows.add(ends(1000, 80, 1, isIpv6));
    expect(flows.find(ends(1000, 80, 1, isIpv6))).toBe(slot);
    expect(flows.find(ends(1001, 80, 1, isIpv6))).toBe(-1);
    expect(flows.find(ends(1000, 81, 1, isIpv6))).toBe(-1);
    expect(flows.find(ends(1000, 80, 2, isIpv6))).toBe(-1);
    expect(flows.find({ ...ends(1000, 80, 1, isIpv6), protocol: 17 })).toBe(-1);
  }
  expect(flows.find(ends(80, 1000))).toBe(-1);
});

test('counters are taken once, and what has grown is listed once', () => {
  const flows = new PacketFlows();
  const slot = flows.add(ends(1));
  flows.countSent(slot, 100, 2);
  flows.countReceived(slot, 30, 1);
  flows.countSent(slot, 1, 1);
  expect([...flows.grown.subarray(0, flows.grownCount)]).toEqual([slot]);
  expect([flows.txBytes[slot], flows.txPackets[slot], flows.rxBytes[slot], flows.rxPackets[slot]]).toEqual([
    101, 3, 30, 1,
  ]);
  flows.clearGrown();
  expect(flows.grownCount).toBe(1);
  flows.take(slot);
  flows.clearGrown();
  expect(flows.grownCount).toBe(0);
});

test('the idle are removed, but nobody who still has something to be taken', () => {
  const flows = new PacketFlows();
  flows.nowMicros = 10;
  const pending = flows.add(ends(1));
  flows.countSent(pending, 1, 1);
  const taken = flows.add(ends(2));
  flows.nowMicros = 20;
  const late = flows.add(ends(3));
  const removed: number[] = [];
  flows.removeIdle(15, (slot) => removed.push(slot));
  expect(removed).toEqual([taken]);
  expect([flows.find(ends(1)), flows.find(ends(2)), flows.find(ends(3))]).toEqual([pending, -1, late]);
});

test('a full table counts new flows by their port, then by their address, and refuses nothing of them', () => {
  const flows = new PacketFlows(64);
  for (let peer = 0; peer < 48; peer++) flows.add(ends(peer));
  const byPort = flows.add(ends(5000));
  expect([flows.remotePort[byPort], flows.localPort[byPort]]).toEqual([0, 80]);
  expect(flows.add(ends(5001))).toBe(byPort);
  for (let port = 100; flows.slots.count < 60; port++) flows.add(ends(1, port));
  const byAddress = flows.add(ends(1, 9999));
  expect([flows.remotePort[byAddress], flows.localPort[byAddress]]).toEqual([0, 0]);
  expect(flows.add(ends(1, 9998))).toBe(byAddress);
  expect(flows.add(ends(6000))).toBe(byPort);
  expect(flows.slots.count).toBeLessThanOrEqual(64);
});

test('whatever comes, packets counted are packets taken, still there or refused', () => {
  const step = record({
    peer: nat(200),
    port: nat(30),
    host: nat(3),
    isIpv6: boolean(),
    bytes: nat(1500),
    takes: boolean(),
    passes: nat(3),
  });
  assert(
    property(array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const flows = new PacketFlows(32);
      let [sent, taken] = [0, 0];
      for (const { peer, port, host, isIpv6, bytes, takes, passes } of steps) {
        flows.nowMicros += passes;
        const key = ends(peer, port, host, isIpv6);
        const known = flows.find(key);
        const slot = known >= 0 ? known : flows.add(key);
        sent += bytes;
        if (slot < 0) flows.refuse(bytes, 1);
        else flows.countSent(slot, bytes, 1);
        if (!takes) continue;
        for (const grown of flows.grown.subarray(0, flows.grownCount)) {
          taken += flows.txBytes[grown]!;
          flows.take(grown);
        }
        flows.clearGrown();
        flows.removeIdle(flows.nowMicros - 5, () => undefined);
      }
      const { slots, txBytes } = flows;
      const pending = slots.rows.subarray(0, slots.count).reduce((sum, slot) => sum + txBytes[slot]!, 0);
      expect(taken + pending + flows.refusedBytes).toBe(sent);
      expect(slots.count).toBeLessThanOrEqual(32);
    }),
    { numRuns: 100 },
  );
});
