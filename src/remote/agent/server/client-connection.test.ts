import { beforeEach, describe, expect, test } from 'bun:test';
import type { Frame } from '../../wire/original-protocol.ts';
import type { OriginalAnswers } from '../answers/original-answers.ts';
import type { V2Answers } from '../answers/v2-answers.ts';
import { Connection, type ConnectionContext, PENDING_LIMIT, type Socket } from './client-connection.ts';
import {
  CONTROL_BURST,
  CONTROL_REFILL_MILLIS,
  RequestTurns,
  SendBudget,
  WAITING_LIMIT_BYTES,
} from './client-limits.ts';

/** A client that reads when the test says so. */
class Client implements Socket {
  readonly received: Frame[] = [];
  ending: string | undefined;
  isReading = true;
  #unreadBytes = 0;

  send(frame: Frame): number {
    this.received.push(frame);
    if (this.isReading) return frame.length;
    this.#unreadBytes += frame.length;
    return -1;
  }

  /** What the runtime answers to a ping. */
  pong(bytes: number): void {
    if (!this.isReading) this.#unreadBytes += bytes;
  }

  /** Reads all that waits. */
  read(): void {
    this.#unreadBytes = 0;
  }

  getBufferedAmount(): number {
    return this.#unreadBytes;
  }

  close(code: number, reason: string): void {
    this.ending = `close ${code} ${reason}`;
  }

  terminate(): void {
    this.ending = 'terminate';
  }

  get texts(): string[] {
    return this.received.map(String);
  }
}

let events: string[] = [];
let gates: Record<string, Promise<void>> = {};
let frame: (text: string) => Frame = (text) => `answer to ${text}`;
let context: ConnectionContext;

beforeEach(() => {
  events = [];
  gates = {};
  frame = (text) => `answer to ${text}`;
  const original: Pick<OriginalAnswers, 'answer'> = {
    async answer(text) {
      await gates[text];
      return frame(text);
    },
  };
  const v2: Pick<V2Answers, 'answer'> = {
    async answer({ request }) {
      await gates[request];
      return { flags: 0, bytes: new TextEncoder().encode(request) };
    },
  };
  const log = {
    event: (_level: string, event: string, fields = {}) =>
      events.push(`${event} ${'reason' in fields ? String(fields.reason) : ''}`.trim()),
  };
  context = { original, v2, log, budget: new SendBudget(), turns: new RequestTurns() };
});

function connect(isV2 = false): { readonly connection: Connection; readonly client: Client } {
  const connection = new Connection(context, '10.0.0.1', isV2);
  const client = new Client();
  connection.open(client);
  return { connection, client };
}

/** Until every request that can be begun has had its turn. */
async function turns(): Promise<void> {
  for (let i = 0; i < 2 * PENDING_LIMIT; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('replies', () => {
  test('of the original protocol come in the order of the requests, however long each takes', async () => {
    const { connection, client } = connect();
    const slow = Promise.withResolvers<void>();
    gates['slow'] = slow.promise;
    connection.take('slow');
    connection.take('fast');
    await turns();
    expect(client.received).toEqual([]);
    slow.resolve();
    await turns();
    expect(client.texts).toEqual(['answer to slow', 'answer to fast']);
  });

  test('of socktop.v2 come when they are ready, each with its id', async () => {
    const { connection, client } = connect(true);
    const slow = Promise.withResolvers<void>();
    gates['get_network'] = slow.promise;
    connection.take('{"id":7,"request":"get_network"}');
    connection.take('{"id":8,"request":"get_disks"}');
    connection.take('{"id":9}');
    connection.take('{');
    await turns();
    const ids = () => client.received.map((reply) => (typeof reply === 'string' ? -1 : reply[2]));
    expect(ids().sort()).toEqual([0, 8, 9]);
    slow.resolve();
    await turns();
    expect(ids().at(-1)).toBe(7);
  });
});

describe('a client that does not read', () => {
  test('has one reply in its socket, and the others when it reads again', async () => {
    const { connection, client } = connect();
    client.isReading = false;
    for (const request of ['a', 'b', 'c']) connection.take(request);
    await turns();
    expect(client.texts).toEqual(['answer to a']);
    client.read();
    connection.drained();
    await turns();
    expect(client.texts).toEqual(['answer to a', 'answer to b']);
    // Some of it is not all of it.
    connection.drained();
    await turns();
    expect(client.texts).toEqual(['answer to a', 'answer to b']);
    client.isReading = true;
    client.read();
    connection.drained();
    await turns();
    expect(client.texts).toEqual(['answer to a', 'answer to b', 'answer to c']);
  });

  test('is refused when it asks on and on, and not waited for', async () => {
    const { connection, client } = connect();
    client.isReading = false;
    connection.take('first');
    await turns();
    for (let i = 0; i <= PENDING_LIMIT; i++) connection.take('get_metrics');
    expect(client.ending).toBe('terminate');
    expect(events).toEqual(['client-refused too many pending requests']);
    await turns();
    expect(client.received).toHaveLength(1);
  });

  test('goes when all together hold too much, the longest first', async () => {
    frame = () => new Uint8Array(WAITING_LIMIT_BYTES / 2);
    const clients = [connect(), connect(), connect()];
    for (const { connection, client } of clients) {
      client.isReading = false;
      connection.take('get_processes');
      await turns();
    }
    expect(clients.map(({ client }) => client.ending)).toEqual(['terminate', undefined, undefined]);
    expect(events).toEqual(['client-refused client does not read its replies']);
    // Who has read holds nothing any more.
    clients[1]!.client.read();
    clients[1]!.connection.drained();
    clients.push(connect());
    clients[3]!.client.isReading = false;
    clients[3]!.connection.take('get_processes');
    await turns();
    expect(clients.map(({ client }) => client.ending)).toEqual([
      'terminate',
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('pings', () => {
  test('of an honest client are no burden, and those beyond the limit end the connection', () => {
    const { connection, client } = connect();
    for (let second = 0; second < 100; second++) connection.takeControlFrame(second * 1000);
    for (let i = 0; i < CONTROL_BURST; i++) connection.takeControlFrame(100_000);
    expect(client.ending).toBeUndefined();
    connection.takeControlFrame(100_000 + CONTROL_REFILL_MILLIS);
    expect(client.ending).toBeUndefined();
    connection.takeControlFrame(100_000 + CONTROL_REFILL_MILLIS);
    expect(client.ending).toBe('close 1008 too many pings');
  });

  test('whose pongs are not read count as what waits, and nobody waits for such a client', () => {
    const clients = [connect(), connect()];
    for (const { connection, client } of clients) {
      client.isReading = false;
      client.pong(WAITING_LIMIT_BYTES / 2 + 1);
      connection.takeControlFrame(0);
    }
    expect(clients.map(({ client }) => client.ending)).toEqual(['terminate', undefined]);
  });
});

describe('requests wait for their turn', () => {
  test('those that cannot be read too, and more than the limit end the connection', async () => {
    for (const isV2 of [true, false]) {
      const { connection, client } = connect(isV2);
      for (let i = 0; i < PENDING_LIMIT; i++) {
        connection.take('{}');
        // The answer to an error takes no longer than this.
        await Promise.resolve();
      }
      expect([client.received.length, client.ending]).toEqual([0, undefined]);
      connection.take('{}');
      expect(client.ending).toBe('close 1008 too many pending requests');
    }
  });

  test('and one of a client is answered before the second of another', async () => {
    const order: string[] = [];
    const clients = [connect(), connect(), connect()];
    frame = (text) => {
      order.push(text);
      return text;
    };
    clients.forEach(({ connection }, i) => {
      for (let n = 0; n < 3; n++) connection.take(`${n} of ${i}`);
    });
    await turns();
    expect(order.map((text) => text[0])).toEqual(['0', '0', '0', '1', '1', '1', '2', '2', '2']);
  });

  test('and long ones count as what waits', async () => {
    frame = () => new Uint8Array(WAITING_LIMIT_BYTES - 100_000);
    const slow = connect();
    slow.client.isReading = false;
    slow.connection.take('get_processes');
    await turns();
    const hasty = connect();
    for (let i = 0; i < PENDING_LIMIT; i++) hasty.connection.take('x'.repeat(4096));
    expect(slow.client.ending).toBe('terminate');
    expect(hasty.client.ending).toBeUndefined();
  });
});

test('as many requests as the limit are answered, in whatever haste', async () => {
  const { connection, client } = connect();
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < PENDING_LIMIT; i++) connection.take('x');
    await turns();
  }
  expect(client.received).toHaveLength(PENDING_LIMIT * 10);
});

test('what is no text ends the connection, and nothing is sent after the end', async () => {
  const { connection, client } = connect();
  connection.take('before');
  connection.take(new Uint8Array([1]));
  expect(client.ending).toBe('close 1003 requests must be text frames');
  connection.take('after');
  connection.refuse(1008, 'again');
  await turns();
  expect(client.received).toEqual([]);
  expect(events).toHaveLength(1);
});
