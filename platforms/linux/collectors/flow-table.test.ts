import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type FlowKey, FlowTable } from './flow-table.ts';

const key = fc.record({
  cookieLow: fc.integer({ min: 1, max: 3 }),
  cookieHigh: fc.constant(0),
  tgid: fc.integer({ min: 0, max: 2 }),
  interfaceIndex: fc.integer({ min: 1, max: 3 }),
  peerAddress: fc.uint32Array({ minLength: 4, maxLength: 4, max: 3 }),
  peerPort: fc.integer({ min: 0, max: 2 }),
});

test('a flow is found by every part of its key, also after others were removed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 200 }), (steps) => {
      const table = new FlowTable();
      const model = new Map<string, number>();
      for (const [flow, isAddition] of steps) {
        const name = textOf(flow);
        const slot = table.find(flow);
        expect(slot).toBe(model.get(name) ?? -1);
        if (isAddition && slot < 0) model.set(name, table.add(flow));
        if (!isAddition && slot >= 0) {
          table.slots.remove(slot);
          model.delete(name);
        }
      }
      expect(table.slots.count).toBe(model.size);
    }),
  );
});

test('a flow begins without bytes and without a row, in a slot that was used before too', () => {
  const table = new FlowTable();
  const flow = {
    cookieLow: 1,
    cookieHigh: 2,
    tgid: 3,
    interfaceIndex: 4,
    peerAddress: new Uint32Array(4),
    peerPort: 0,
  };
  const slot = table.add(flow);
  table.txBytes[slot] = 99;
  table.row[slot] = 5;
  table.slots.remove(slot);
  const again = table.add(flow);
  expect([table.txBytes[again], table.row[again]]).toEqual([0, -1]);
});

function textOf(flow: FlowKey): string {
  const { cookieLow, tgid, interfaceIndex, peerAddress, peerPort } = flow;
  return [cookieLow, tgid, interfaceIndex, ...peerAddress, peerPort].join(' ');
}
