import { describe, expect, test } from 'bun:test';
import { SocketFailure, TcpState } from '../../../src/data/schema/network-columns.ts';
import { DiagRecord } from '../netlink/diag-record.ts';
import {
  failureOf,
  finalPayloadReceived,
  finalPayloadSent,
  likelyOpener,
  Opener,
  openerOf,
  payloadReceived,
  payloadSent,
} from './tcp-payload.ts';

const { ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE, CLOSE_WAIT, LAST_ACK, CLOSING, SYN_SENT, SYN_RECV } =
  TcpState;

interface Counters {
  readonly acked: number;
  readonly received: number;
  /** Payload sent at least once. */
  readonly sent: number;
  readonly unacked?: number;
  readonly dataSegmentsIn?: number;
}

function record(state: number, counters: Counters): DiagRecord {
  const made = new DiagRecord();
  made.state = state;
  made.hasInfo = true;
  made.bytesAcked = counters.acked;
  made.bytesReceived = counters.received;
  made.uniqueBytesSent = counters.sent;
  made.unackedSegments = counters.unacked ?? 0;
  made.dataSegmentsIn = counters.dataSegmentsIn ?? 1;
  return made;
}

/** As Linux 6.18 counted them: the client sent 1000 bytes and received 300. */
const LIVE: readonly (readonly [string, number, Counters, number, number, number])[] = [
  ['client, established', ESTABLISHED, { acked: 1001, received: 300, sent: 1000 }, Opener.LOCAL, 1000, 300],
  ['server, established', ESTABLISHED, { acked: 300, received: 1000, sent: 300 }, Opener.PEER, 300, 1000],
  [
    'client, FIN sent',
    FIN_WAIT1,
    { acked: 1001, received: 300, sent: 1000, unacked: 1 },
    Opener.LOCAL,
    1000,
    300,
  ],
  [
    'server, FIN sent',
    FIN_WAIT1,
    { acked: 300, received: 1000, sent: 300, unacked: 1 },
    Opener.UNKNOWN,
    300,
    1000,
  ],
  [
    'client, FIN acknowledged',
    FIN_WAIT2,
    { acked: 1002, received: 300, sent: 1000 },
    Opener.LOCAL,
    1000,
    300,
  ],
  ['server, FIN acknowledged', FIN_WAIT2, { acked: 301, received: 1000, sent: 300 }, Opener.PEER, 300, 1000],
  ['client, FIN received', CLOSE_WAIT, { acked: 1001, received: 301, sent: 1000 }, Opener.LOCAL, 1000, 300],
  ['server, FIN received', CLOSE_WAIT, { acked: 300, received: 1001, sent: 300 }, Opener.PEER, 300, 1000],
  [
    'server, both FINs, its own on its way',
    LAST_ACK,
    { acked: 300, received: 1001, sent: 300, unacked: 1 },
    Opener.UNKNOWN,
    300,
    1000,
  ],
  ['both at once', CLOSING, { acked: 300, received: 1001, sent: 300, unacked: 1 }, Opener.UNKNOWN, 300, 1000],
  [
    'client, all on its way',
    ESTABLISHED,
    { acked: 1, received: 0, sent: 65536, unacked: 2 },
    Opener.UNKNOWN,
    1,
    0,
  ],
  ['client, SYN sent', SYN_SENT, { acked: 0, received: 0, sent: 0, unacked: 1 }, Opener.LOCAL, 0, 0],
  ['server, SYN received', SYN_RECV, { acked: 0, received: 0, sent: 0, unacked: 1 }, Opener.PEER, 0, 0],
];

test.each(LIVE)('a live %s', (_name, state, counters, opener, sent, received) => {
  const seen = record(state, counters);
  expect(openerOf(seen)).toBe(opener);
  expect(payloadSent(seen, opener)).toBe(sent);
  expect(payloadReceived(seen)).toBe(received);
});

describe('a destroyed', () => {
  const ends: readonly (readonly [string, Counters, number, number, boolean, number, number])[] = [
    [
      'client that closed in order',
      { acked: 1002, received: 301, sent: 1000 },
      Opener.LOCAL,
      CLOSE,
      false,
      1000,
      300,
    ],
    [
      'server that closed in order',
      { acked: 301, received: 1001, sent: 300 },
      Opener.PEER,
      CLOSE,
      false,
      300,
      1000,
    ],
    [
      'client that left a remnant',
      { acked: 1002, received: 300, sent: 1000 },
      Opener.LOCAL,
      FIN_WAIT1,
      true,
      1000,
      300,
    ],
    [
      'client that was reset',
      { acked: 1001, received: 350, sent: 1000 },
      Opener.LOCAL,
      ESTABLISHED,
      false,
      1000,
      350,
    ],
    [
      'server that was reset',
      { acked: 350, received: 1000, sent: 350 },
      Opener.PEER,
      ESTABLISHED,
      false,
      350,
      1000,
    ],
    [
      'client reset with data on its way',
      { acked: 36329, received: 300, sent: 66536 },
      Opener.LOCAL,
      ESTABLISHED,
      false,
      36328,
      300,
    ],
    [
      'server reset after the FIN',
      { acked: 300, received: 1001, sent: 300 },
      Opener.PEER,
      CLOSE_WAIT,
      false,
      300,
      1000,
    ],
    [
      'client that reset itself',
      { acked: 0, received: 0, sent: 0, dataSegmentsIn: 0 },
      Opener.LOCAL,
      ESTABLISHED,
      false,
      0,
      0,
    ],
    [
      'client that got a FIN alone',
      { acked: 12, received: 1, sent: 10, dataSegmentsIn: 0 },
      Opener.LOCAL,
      CLOSE,
      false,
      10,
      0,
    ],
  ];
  test.each(ends)('%s', (_name, counters, opener, lastState, leftRemnant, sent, received) => {
    const seen = record(CLOSE, counters);
    expect(finalPayloadSent(seen, opener)).toBe(sent);
    expect(finalPayloadReceived(seen, opener, lastState, leftRemnant)).toBe(received);
  });

  test('socket of a kernel before 4.19 is taken to have ended in order', () => {
    const client = record(CLOSE, { acked: 1002, received: 301, sent: Number.NaN });
    expect(finalPayloadSent(client, Opener.LOCAL)).toBe(1000);
    expect(finalPayloadReceived(client, Opener.LOCAL, CLOSE, false)).toBe(300);
    const silent = record(CLOSE, { acked: 0, received: 0, sent: Number.NaN });
    expect(finalPayloadSent(silent, Opener.PEER)).toBe(0);
  });

  test('socket tells who opened it, or its port does', () => {
    expect(likelyOpener(record(CLOSE, { acked: 12, received: 0, sent: 10 }), true)).toBe(Opener.LOCAL);
    expect(likelyOpener(record(CLOSE, { acked: 10, received: 0, sent: 10 }), false)).toBe(Opener.PEER);
    expect(likelyOpener(record(CLOSE, { acked: 11, received: 0, sent: 10 }), true)).toBe(Opener.PEER);
    expect(likelyOpener(record(CLOSE, { acked: 11, received: 0, sent: 10 }), false)).toBe(Opener.LOCAL);
    expect(likelyOpener(record(ESTABLISHED, { acked: 1, received: 0, sent: 9 }), true)).toBe(Opener.PEER);
  });
});

describe('why a connection that never opened ended', () => {
  const ended = (counters: Partial<Counters>, segmentsOut: number, segmentsIn: number): DiagRecord => {
    const made = record(CLOSE, { acked: 0, received: 0, sent: 0, ...counters });
    made.segmentsOut = segmentsOut;
    made.segmentsIn = segmentsIn;
    return made;
  };

  test.each([
    ['a SYN and a reset', ended({}, 1, 1), CLOSE, 0, SocketFailure.REFUSED],
    ['two SYNs and a reset', ended({}, 2, 1), SYN_SENT, 1, SocketFailure.REFUSED],
    ['three SYNs and nothing', ended({}, 3, 0), SYN_SENT, 2, SocketFailure.TIMED_OUT],
    ['a SYN, given up at once', ended({}, 1, 0), SYN_SENT, 0, SocketFailure.NONE],
    ['one that was open', ended({ acked: 1 }, 3, 2), CLOSE, 0, SocketFailure.NONE],
    ['one that was open when it was last seen', ended({}, 0, 0), ESTABLISHED, 0, SocketFailure.NONE],
    ['counters set to 0, after a SYN', ended({}, 0, 0), SYN_SENT, 0, SocketFailure.REFUSED],
    ['counters set to 0, after three SYNs', ended({}, 0, 0), SYN_SENT, 2, SocketFailure.TIMED_OUT],
    ['counters set to 0, never seen', ended({}, 0, 0), CLOSE, 0, SocketFailure.NONE],
  ] as const)('%s', (_what, made, lastState, retransmits, expected) => {
    expect(failureOf(made, lastState, retransmits)).toBe(expected);
  });
});
