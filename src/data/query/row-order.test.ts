import { expect, test } from 'bun:test';
import { array, assert, constantFrom, nat, property, record, string, tuple } from 'fast-check';
import { RowOrder } from './row-order.ts';

const row = record({
  key: constantFrom(0, 0, 0, 1, -5, 7.5, Number.POSITIVE_INFINITY),
  text: string({ maxLength: 5, unit: constantFrom('a', 'b', '\u00e9', '\uffff') }),
});

test('any window holds what a full sort holds there, and ranks agree', () => {
  assert(
    property(
      array(row, { maxLength: 120, size: 'max' }),
      tuple(nat(130), nat(50)),
      nat(2),
      (rows, [first, length], texts) => {
        const order = new RowOrder();
        order.begin(rows.length);
        for (const [i, { key }] of rows.entries()) {
          order.keys[i] = key;
          // Unique, as the contract says, and not in the order of the rows.
          order.ties[i] = (i * 37) % 4096;
        }
        const isUpwards = texts !== 2;
        if (texts > 0) {
          order.setTexts(
            rows.map(({ text }) => text),
            isUpwards,
          );
        }
        const sorted = rows
          .map((_, i) => i)
          .sort((a, b) => {
            const [keyA, keyB] = [rows[a]!.key, rows[b]!.key];
            if (texts === 0 && keyA !== keyB) return keyA < keyB ? -1 : 1;
            const [textA, textB] = [rows[a]!.text, rows[b]!.text];
            if (texts > 0 && textA !== textB) return textA < textB === isUpwards ? -1 : 1;
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
