import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { FLOW_KEY_WORDS } from '../bpf/network-flow.ts';
import { FlowTable } from './ebpf-flow-table.ts';

const AT = 3;
const key = fc.uint32Array({ minLength: FLOW_KEY_WORDS + AT, maxLength: FLOW_KEY_WORDS + AT, max: 1 });

test('a flow is found by every word of its key, also after others were removed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 300 }), (steps) => {
      const table = new FlowTable();
      const model = new Map<string, number>();
      for (const [words, isAddition] of steps) {
        const name = words.subarray(AT).join(' ');
        const slot = table.find(words, AT);
        expect(slot).toBe(model.get(name) ?? -1);
        if (isAddition && slot < 0) model.set(name, table.add(words, AT));
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
  const words = new Uint32Array(FLOW_KEY_WORDS).fill(7);
  const slot = table.add(words, 0);
  table.txBytes[slot] = 99;
  table.row[slot] = 5;
  table.slots.remove(slot);
  const again = table.add(words, 0);
  expect([table.txBytes[again], table.row[again]]).toEqual([0, -1]);
});
