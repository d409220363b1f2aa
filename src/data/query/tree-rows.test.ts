import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { HISTORY_LENGTH, trendOfHistory } from '../rates/histories.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { PROTOCOL_UDP } from '../sample/socket-table.ts';
import { parseFilter } from './filter/parse-filter.ts';
import { EVERYTHING, Machine, OUTSIDE } from './machine.fixture.ts';
import { PROCESS_FIELDS, type Sort } from './process-fields.ts';
import { ProcessRows } from './process-rows.ts';
import { sortKeysOf } from './row-fields.ts';
import { TreeRows } from './tree-rows.ts';

const BY_PID: Sort = { key: 'pid', isReversed: false };

/** Processes by pid with their parents; each has sent as many bytes as its pid in the last second. */
function family(parents: Readonly<Record<number, number>>): { machine: Machine; section: NetworkSection } {
  const machine = new Machine();
  for (const [pid, ppid] of Object.entries(parents)) {
    machine.world.addProcess(Number(pid));
    machine.setParent(Number(pid), ppid);
  }
  machine.step();
  for (const pid of Object.keys(parents)) machine.world.addSocket({ pid: Number(pid), tx: Number(pid) });
  return { machine, section: machine.step() };
}

function treeOf(
  machine: Machine,
  section: NetworkSection,
  sort = BY_PID,
  filterText = '',
  folded = new Set<number>(),
): TreeRows {
  const parsed = parseFilter(filterText);
  if ('error' in parsed) throw new TypeError(parsed.error.message);
  const rows = new ProcessRows();
  rows.build(section, machine.rates, OUTSIDE, parsed.filter);
  const tree = new TreeRows();
  tree.build(section, rows, sort, folded);
  return tree;
}

/** `..pid up` for each row, a dot for each level. */
function lines(tree: TreeRows, section: NetworkSection): string[] {
  return Array.from({ length: tree.count }, (_, rank) => {
    const pid = section.owners.pid[tree.owner[rank]!]!;
    return `${'.'.repeat(tree.depth[rank]!)}${pid} ${tree.up[rank]}`;
  });
}

describe('tree', () => {
  const FAMILY = { 10: 1, 20: 10, 30: 20, 40: 10, 50: 1, 60: 50 };

  test('children stand below their parents, sums are over branches', () => {
    const { machine, section } = family(FAMILY);
    const tree = treeOf(machine, section);
    expect(lines(tree, section)).toEqual(['10 100', '.20 50', '..30 30', '.40 40', '50 110', '.60 60']);
    expect([...tree.members.subarray(0, 6)]).toEqual([4, 2, 1, 1, 2, 1]);
    expect([...tree.isLast.subarray(0, 6)]).toEqual([0, 0, 1, 1, 1, 1]);
    expect([...tree.rails.subarray(0, 6)]).toEqual([0, 0b1, 0b11, 0b1, 0, 0]);
    expect(tree.connections[0]).toBe(4);
    expect(tree.rankOfOwner(machine.owner(section, 40))).toBe(3);
    expect(tree.rankOfOwner(9999)).toBe(-1);
  });

  test('a folded branch has one row with its sums, its count, and the graph of all of it', () => {
    const { machine, section } = family(FAMILY);
    const tree = treeOf(
      machine,
      section,
      BY_PID,
      '',
      new Set([machine.owner(section, 20), machine.owner(section, 30)]),
    );
    expect(lines(tree, section)).toEqual(['10 100', '.20 50', '.40 40', '50 110', '.60 60']);
    expect([...tree.members.subarray(0, 5)]).toEqual([4, 2, 1, 2, 1]);
    expect([...tree.isFolded.subarray(0, 5)]).toEqual([0, 1, 0, 0, 0]);
    expect([tree.ownRate(0), tree.ownRate(1), tree.ownTotal(1)]).toEqual([10, 20, 20]);
    const folded = new Float32Array(HISTORY_LENGTH);
    const whole = new Float32Array(HISTORY_LENGTH);
    tree.addHistoryInto(1, folded);
    treeOf(machine, section).addHistoryInto(1, whole);
    expect(folded).toEqual(whole);
    expect(Math.max(...folded)).toBe(50);
  });

  test('siblings stand in the order of the sort, by what their branches sum up to', () => {
    const { machine, section } = family(FAMILY);
    const tree = treeOf(machine, section, { key: 'upload', isReversed: false });
    expect(lines(tree, section)).toEqual(['50 110', '.60 60', '10 100', '.20 50', '..30 30', '.40 40']);
  });

  test('a parent that the filter took away is there for its children, without figures of its own', () => {
    const { machine, section } = family(FAMILY);
    const tree = treeOf(machine, section, BY_PID, 'pid:30,40');
    expect(lines(tree, section)).toEqual(['10 70', '.20 30', '..30 30', '.40 40']);
    expect([...tree.row.subarray(0, 4)].map((row) => row >= 0)).toEqual([false, false, true, true]);
  });

  test('a parent without sockets is not known, its children stand at the top', () => {
    const { machine, section } = family({ 20: 10, 30: 20, 40: 10 });
    expect(lines(treeOf(machine, section), section)).toEqual(['20 50', '.30 30', '40 40']);
  });

  test('a pid that was given to a younger process is nobody’s parent, nor is a ring', () => {
    const { machine, section } = family({ 20: 30, 30: 20 });
    expect(lines(treeOf(machine, section), section)).toEqual(['20 50', '.30 30']);
  });

  test('what is unknown does not hide what is known', () => {
    const { machine } = family({ 10: 1, 20: 10 });
    machine.world.addProcess(30);
    machine.setParent(30, 20);
    machine.world.addSocket({ pid: 30, protocol: PROTOCOL_UDP, tx: Number.NaN, rx: Number.NaN });
    const section = machine.step();
    const tree = treeOf(machine, section);
    expect(Number.isNaN(tree.up[2]!)).toBe(true);
    expect(tree.up[0]).toBeGreaterThan(0);
  });

  test('graph and trend are those of the branch', () => {
    const { machine, section } = family({ 10: 1, 20: 10 });
    const tree = treeOf(machine, section);
    const graph = new Float32Array(HISTORY_LENGTH);
    tree.addHistoryInto(0, graph);
    expect(graph[HISTORY_LENGTH - 1]).toBe(30);
    tree.addHistoryInto(1, graph.fill(0));
    expect(graph[HISTORY_LENGTH - 1]).toBe(20);
    expect(trendOfHistory(graph, tree.sampleCount)).toBe('flat');
  });

  test('a chain as deep as there are processes is walked without a stack', () => {
    const parents: Record<number, number> = {};
    for (let pid = 2; pid < 3000; pid++) parents[pid] = pid - 1;
    const { machine, section } = family(parents);
    const tree = treeOf(machine, section);
    expect([tree.count, tree.depth[2997], tree.members[0]]).toEqual([2998, 2997, 2998]);
  });
});

test('any family is there whole, in order, with the sums of its branches', () => {
  const parents = fc.array(fc.nat(20), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(
      parents,
      fc.constantFrom(...sortKeysOf(PROCESS_FIELDS)),
      fc.boolean(),
      (links, key, isReversed) => {
        const { machine, section } = family(Object.fromEntries(links.map((ppid, i) => [i + 1, ppid])));
        const rows = new ProcessRows();
        rows.build(section, machine.rates, EVERYTHING);
        const tree = new TreeRows();
        tree.build(section, rows, { key, isReversed }, new Set());
        const { pid, ppid } = section.owners;
        const placed = Array.from({ length: tree.count }, (_, rank) => pid[tree.owner[rank]!]!);
        expect([...placed].sort((a, b) => a - b)).toEqual(links.map((_, i) => i + 1));
        for (let rank = 0; rank < tree.count; rank++) {
          const branch = placed.slice(rank, rank + tree.members[rank]!);
          expect(tree.upTotal[rank]).toBe(branch.reduce((sum, each) => sum + each, 0));
          if (tree.depth[rank]! > 0) {
            const above = placed.slice(0, rank).findLastIndex((_, i) => tree.depth[i]! < tree.depth[rank]!);
            expect(placed[above]).toBe(ppid[tree.owner[rank]!]!);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
