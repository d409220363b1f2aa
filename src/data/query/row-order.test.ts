import { expect, test } from 'bun:test';
import { array, assert, constantFrom, nat, property, record, string, tuple } from 'fast-check';
import { RowOrder } from './row-order.ts';

const row = record({
  key: constantFrom(0, 0, 0, 1, -5, 7.5, Number.POSITIVE_INFINITY),
  text: string({ maxLength: 2 }),
});

test('any window holds what a full sort holds there, and ranks agree', () => {
  assert(
    property(
      array(row, { maxLength: 120, size: 'max' }),
      tuple(nat(130), nat(50)),
      nat(1),
      (rows, [first, length], texts) => {
        const order = new RowOrder();
        order.begin(rows.length);
        for (const [i, { key }] of rows.entries()) {
          order.keys[i] = key;
          // Unique, as the contract says, and not in the order of the rows.
          order.ties[i] = (i * 37) % 4096;
        }
        if (texts === 1) order.texts = rows.map(({ text }) => text);
        const sorted = rows
          .map((_, i) => i)
          .sort((a, b) => {
            if (rows[a]!.key !== rows[b]!.key) return rows[a]!.key < rows[b]!.key ? -1 : 1;
            const [textA, textB] = [rows[a]!.text, rows[b]!.text];
            if (texts === 1 && textA !== textB) return textA < textB ? -1 : 1;
            return order.ties[a]! - order.ties[b]!;
          });
        const out = new Int32Array(60);
        const written = order.window(first, length, out);
        expect([...out.subarray(0, written)]).toEqual(sorted.slice(first, first + length));
        for (const [rank, each] of sorted.entries()) expect(order.rankOf(each)).toBe(rank);
      },
    ),
  );
});
