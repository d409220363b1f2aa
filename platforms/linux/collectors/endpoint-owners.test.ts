import { expect, test } from 'bun:test';
import { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { OwnerBasis, PROTOCOL_TCP, SocketTable } from '../../../src/data/sample/socket-table.ts';
import { EndpointOwners } from './endpoint-owners.ts';

const SECOND = 1e6;

/** Tables with processes 10, 11, ... of start ticks pid * 100, and endpoints to remember. */
class Scene {
  readonly sockets = new SocketTable();
  readonly processes = new ProcessTable();
  readonly owners = new EndpointOwners(this.sockets, this.processes);
  #cookies = 0;

  start(pid: number): number {
    const slot = this.processes.slots.add(pid, 0, 0, 0);
    this.processes.pid[slot] = pid;
    this.processes.startTicks[slot] = pid * 100;
    return slot;
  }

  /** A connection to 10.0.x.y:port, owned where a pid is given. */
  connect(host: number, port: number, pid = 0): number {
    const row = this.sockets.slots.add(++this.#cookies, 0, 0, 0);
    this.sockets.protocol[row] = PROTOCOL_TCP;
    this.sockets.remoteAddress.set([0, 0, 0xffff, 0x0a000000 + host], row * 4);
    this.sockets.remotePort[row] = port;
    this.sockets.ownerPid[row] = pid;
    this.sockets.ownerStartTicks[row] = pid * 100;
    this.sockets.ownerBasis[row] = pid === 0 ? OwnerBasis.NONE : OwnerBasis.DESCRIPTOR;
    return row;
  }

  ownerOf(row: number): number {
    return this.sockets.ownerBasis[row] === OwnerBasis.INFERRED ? this.sockets.ownerPid[row]! : 0;
  }
}

test('the only process seen at an endpoint owns what came and went there', () => {
  const scene = new Scene();
  scene.start(10);
  scene.owners.beginCollection(0);
  scene.owners.remember(scene.connect(1, 443, 10), 0);
  const unseen = scene.connect(1, 443);
  expect(scene.owners.infer(unseen, SECOND)).toBe(true);
  expect(scene.ownerOf(unseen)).toBe(10);
  expect(scene.sockets.ownerStartTicks[unseen]).toBe(1000);
  expect(scene.owners.infer(scene.connect(1, 80), SECOND)).toBe(false);
  expect(scene.owners.infer(scene.connect(2, 443), SECOND)).toBe(false);
});

test('two processes at one endpoint within a minute make it nobody’s', () => {
  const scene = new Scene();
  scene.start(10);
  scene.start(11);
  scene.owners.remember(scene.connect(1, 443, 10), 0);
  scene.owners.remember(scene.connect(1, 443, 11), 5 * SECOND);
  expect(scene.owners.infer(scene.connect(1, 443), 6 * SECOND)).toBe(false);
  scene.owners.remember(scene.connect(1, 443, 11), 50 * SECOND);
  expect(scene.owners.infer(scene.connect(1, 443), 64 * SECOND)).toBe(false);
  expect(scene.owners.infer(scene.connect(1, 443), 70 * SECOND)).toBe(true);
});

test('what was seen a minute ago is forgotten, and what is renewed is not', () => {
  const scene = new Scene();
  scene.start(10);
  scene.owners.remember(scene.connect(1, 443, 10), 0);
  expect(scene.owners.infer(scene.connect(1, 443), 61 * SECOND)).toBe(false);
  scene.owners.renew(() => true, 61 * SECOND);
  expect(scene.owners.infer(scene.connect(1, 443), 100 * SECOND)).toBe(true);
  scene.owners.renew(() => false, 200 * SECOND);
  expect(scene.owners.infer(scene.connect(1, 443), 200 * SECOND)).toBe(false);
});

test('a process that is gone owns what closed until the collection after its end, and nothing later', () => {
  const scene = new Scene();
  const process = scene.start(10);
  scene.owners.beginCollection(0);
  scene.owners.remember(scene.connect(1, 443, 10), 0);
  scene.processes.slots.remove(process);
  scene.owners.beginCollection(SECOND);
  expect(scene.owners.infer(scene.connect(1, 443), SECOND)).toBe(true);
  scene.owners.beginCollection(2 * SECOND);
  expect(scene.owners.infer(scene.connect(1, 443), 2 * SECOND)).toBe(false);
  // Its number given to another does not make it live.
  scene.processes.startTicks[scene.start(10)] = 7;
  expect(scene.owners.infer(scene.connect(1, 443), 2 * SECOND)).toBe(false);
});

test('endpoints are bounded; the newest are kept', () => {
  const scene = new Scene();
  scene.start(10);
  for (let i = 0; i < 10_000; i++) scene.owners.remember(scene.connect(i, 443, 10), i * 1000);
  let known = 0;
  for (let i = 0; i < 10_000; i++) if (scene.owners.infer(scene.connect(i, 443), 10 * SECOND)) known++;
  expect(known).toBeGreaterThan(4000);
  expect(known).toBeLessThanOrEqual(4096);
  expect(scene.owners.infer(scene.connect(9999, 443), 10 * SECOND)).toBe(true);
});
