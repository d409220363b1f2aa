import { expect, test } from 'bun:test';
import {
  type Arbitrary,
  array,
  assert,
  constantFrom,
  integer,
  nat,
  oneof,
  property,
  record,
} from 'fast-check';
import type { NetworkSection, TrafficTable } from '../sample/network-section.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import { OwnerBasis } from '../sample/socket-table.ts';
import { NetworkAttribution } from './network-attribution.ts';

/** What may happen to the machine between two samples. `which` picks one of what there is. */
type Happening =
  | { kind: 'birth'; pid: number; basis: number; remote: number; tx: number; rx: number; isLocal: boolean }
  | { kind: 'growth'; which: number; tx: number; rx: number }
  | { kind: 'owner'; which: number; pid: number; basis: number }
  | { kind: 'close'; which: number; tx: number }
  | { kind: 'blind'; which: number }
  | { kind: 'exit'; pid: number }
  | { kind: 'sample'; seconds: number };

const PIDS = [11, 12, 13, 14];
const BASES = Object.values(OwnerBasis);
const bytes = nat(1 << 30);
const pid = constantFrom(...PIDS);
const basis = constantFrom(...BASES);
const which = nat(1000);

const happening: Arbitrary<Happening> = oneof(
  record({
    kind: constantFrom('birth' as const),
    pid,
    basis,
    remote: integer({ min: 1, max: 40 }),
    tx: bytes,
    rx: bytes,
    isLocal: constantFrom(true, false),
  }),
  record({ kind: constantFrom('growth' as const), which, tx: bytes, rx: bytes }),
  record({ kind: constantFrom('owner' as const), which, pid, basis }),
  record({ kind: constantFrom('close' as const), which, tx: bytes }),
  record({ kind: constantFrom('blind' as const), which }),
  record({ kind: constantFrom('exit' as const), pid }),
  record({ kind: constantFrom('sample' as const), seconds: integer({ min: 1, max: 100 }) }),
);

interface TrueSocket {
  readonly slot: number;
  tx: number;
  rx: number;
  /** Payload since it began to count. */
  payload: number;
}

/** The machine, what is true of it, and what attribution makes of it. */
class Trial {
  readonly world = new SampleWorld();
  readonly attribution: NetworkAttribution;
  sockets: TrueSocket[] = [];
  truth = 0;
  #rowBytes = new Map<string, number>();
  #hasBegun = false;

  constructor() {
    const facts = { commandLine: () => undefined, cgroup: () => undefined, userName: String };
    this.attribution = new NetworkAttribution(facts, { crowdedOwners: 3, crowdedHosts: 5 });
    for (const each of PIDS) this.world.addProcess(each);
  }

  happen(event: Happening): void {
    const socket =
      'which' in event ? this.sockets[event.which % Math.max(1, this.sockets.length)] : undefined;
    if (event.kind === 'birth') this.#birth(event);
    else if (event.kind === 'exit') this.#exit(event.pid);
    else if (event.kind === 'sample') this.check(event.seconds * 1e6);
    else if (socket !== undefined) this.#touch(event, socket);
  }

  /** Sums equal the truth once nothing is held back: a second sample releases what the first one held. */
  check(laterMicros: number): void {
    this.#absorb(laterMicros);
    const section = this.#absorb(1e6);
    expect(sumOf(section.traffic)).toBe(this.truth);
    expect(sumOf(section.hostTraffic)).toBe(this.truth);
  }

  #absorb(laterMicros: number): NetworkSection {
    const section = this.attribution.absorb(this.world.sample(laterMicros));
    this.#hasBegun = true;
    this.#checkRows(section);
    return section;
  }

  /** While a row lives it never falls; its serial says that it is the same row. */
  #checkRows(section: NetworkSection): void {
    const rows = new Map<string, number>();
    const { slots, txBytes, rxBytes } = section.traffic;
    for (const slot of slots.rows.subarray(0, slots.count)) {
      const key = `${slot} ${slots.serial[slot]}`;
      const sum = txBytes[slot]! + rxBytes[slot]!;
      expect(sum).toBeGreaterThanOrEqual(this.#rowBytes.get(key) ?? 0);
      rows.set(key, sum);
    }
    this.#rowBytes = rows;
  }

  #birth(event: Extract<Happening, { kind: 'birth' }>): void {
    const isOld = !this.#hasBegun;
    const slot = this.world.addSocket({
      remote: event.isLocal ? '10.0.0.5' : `192.0.2.${event.remote}`,
      bornBeforeStart: isOld,
      tx: event.tx,
      rx: event.rx,
    });
    this.#own(slot, event.pid, event.basis);
    this.sockets.push({ slot, tx: event.tx, rx: event.rx, payload: 0 });
    if (!isOld) this.truth += event.tx + event.rx;
  }

  #exit(pid: number): void {
    if (this.world.processes.find(pid) >= 0) this.world.removeProcess(pid);
  }

  #own(slot: number, pid: number, basis: number): void {
    const isNamed = basis === OwnerBasis.DESCRIPTOR || basis === OwnerBasis.INFERRED;
    this.world.own(slot, isNamed ? pid : undefined, basis);
  }

  #touch(event: Happening, socket: TrueSocket): void {
    switch (event.kind) {
      case 'growth':
        this.#grow(socket, event.tx, event.rx);
        break;
      case 'owner':
        this.#own(socket.slot, event.pid, event.basis);
        break;
      case 'close':
        this.#grow(socket, event.tx, 0);
        this.world.close(socket.slot);
        this.sockets = this.sockets.filter((other) => other !== socket);
        break;
      case 'blind':
        // The kernel says nothing for a while; the next growth shows the true counter again.
        this.check(1e6);
        this.world.setBytes(socket.slot, Number.NaN, Number.NaN);
        this.check(1e6);
        this.world.setBytes(socket.slot, socket.tx, socket.rx);
        break;
    }
  }

  #grow(socket: TrueSocket, tx: number, rx: number): void {
    socket.tx += tx;
    socket.rx += rx;
    this.world.setBytes(socket.slot, socket.tx, socket.rx);
    if (this.#hasBegun) this.truth += tx + rx;
  }
}

function sumOf({ slots, txBytes, rxBytes }: TrafficTable): number {
  return slots.rows.subarray(0, slots.count).reduce((sum, slot) => sum + txBytes[slot]! + rxBytes[slot]!, 0);
}

test('whatever sockets do, the rows add up to the true payload and no row ever falls', () => {
  assert(
    property(array(happening, { maxLength: 80, size: 'max' }), (events) => {
      const trial = new Trial();
      for (const event of events) trial.happen(event);
      trial.check(200e6);
    }),
    { numRuns: 200 },
  );
});
