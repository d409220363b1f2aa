import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { lengthened, SlotTable } from './slot-table.ts';

test('behaves as a map from key to slot under any sequence of additions and removals', () => {
  const key = fc.tuple(fc.nat(3), fc.nat(3), fc.constant(0), fc.nat(2));
  const command = fc.tuple(fc.boolean(), key);
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
      const table = new SlotTable(2, 1000, () => {});
      const model = new Map<string, { slot: number; serial: number }>();
      for (const [isAddition, [a, b, c, d]] of commands) {
        const name = `${a},${b},${c},${d}`;
        const known = model.get(name);
        expect(table.find(a, b, c, d)).toBe(known?.slot ?? -1);
        if (isAddition && known === undefined) {
          const slot = table.add(a, b, c, d);
          expect([...model.values()].some((other) => other.slot === slot)).toBe(false);
          model.set(name, { slot, serial: table.serial[slot]! });
        } else if (!isAddition && known !== undefined) {
          table.remove(known.slot);
          model.delete(name);
        }
      }
      expect(table.count).toBe(model.size);
      const live = [...table.rows.subarray(0, table.count)].sort((x, y) => x - y);
      expect(live).toEqual([...model.values()].map((entry) => entry.slot).sort((x, y) => x - y));
      for (const { slot, serial } of model.values()) expect(table.serial[slot]).toBe(serial);
    }),
  );
});

test('keys use all 32 bits of each word', () => {
  const table = new SlotTable(4, 16, () => {});
  const slot = table.add(0xffffffff, 0x80000000, 1, 0xfffffffe);
  expect(table.find(0xffffffff, 0x80000000, 1, 0xfffffffe)).toBe(slot);
  expect(table.find(-1, -0x80000000, 1, -2)).toBe(slot);
  expect(table.find(0x7fffffff, 0x80000000, 1, 0xfffffffe)).toBe(-1);
  expect(table.keyWord(slot, 3)).toBe(0xfffffffe);
});

test('a slot that is handed out again has another serial', () => {
  const table = new SlotTable(4, 4, () => {});
  const slot = table.add(1, 0, 0, 0);
  const serial = table.serial[slot];
  table.remove(slot);
  expect(table.add(2, 0, 0, 0)).toBe(slot);
  expect(table.serial[slot]).not.toBe(serial!);
});

test('grows its owner’s columns up to the limit, then counts what it refuses', () => {
  let column = new Float64Array(2);
  const table = new SlotTable(2, 5, (capacity) => {
    column = lengthened(column, new Float64Array(capacity));
  });
  for (let i = 0; i < 5; i++) {
    const slot = table.add(i, 0, 0, 0);
    column[slot] = i * 10;
  }
  expect(column.length).toBe(5);
  expect(table.add(9, 0, 0, 0)).toBe(-1);
  expect(table.overflowCount).toBe(1);
  for (let i = 0; i < 5; i++) expect(column[table.find(i, 0, 0, 0)]).toBe(i * 10);
});

test('has room made ahead: what is there stays, and the limit too', () => {
  let capacity = 0;
  const table = new SlotTable(2, 5000, (grown) => {
    capacity = grown;
  });
  const first = table.add(1, 2, 3, 4);
  const removed = table.add(5, 0, 0, 0);
  table.remove(removed);
  table.reserve(1500);
  expect([table.capacity, capacity]).toEqual([1500, 1500]);
  table.reserve(3);
  expect(table.capacity).toBe(1500);
  expect(table.find(1, 2, 3, 4)).toBe(first);
  // The slot that was given back is handed out before new ones, and a full table of this size grows by half.
  for (let i = 0; i < 1500; i++) table.add(i, 0, 0, 9);
  expect(table.find(0, 0, 0, 9)).toBe(removed);
  expect(table.capacity).toBe(2250);
  table.reserve(9000);
  expect([table.capacity, table.count]).toEqual([5000, 1501]);
  for (let i = 0; i < 1500; i++) expect(table.keyWord(table.find(i, 0, 0, 9), 0)).toBe(i);
});
