import { describe, expect, test } from 'bun:test';
import { addressText } from '../../src/data/sample/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/data/sample/socket-table.ts';
import { TcpState } from '../../src/data/schema/network-columns.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { damagedBytes, MUTATIONS, MUTATIONS_MILLIS, seeded } from './mutations.fixture.ts';
import { type ListedSocket, pcbList, recordsOf } from './pcblist.fixture.ts';
import { PcbListParser, XINPCB_N, XSOCKET_N, XTCPCB_N } from './pcblist.ts';
import type { SocketFact } from './socket-fact.ts';

const V4 = (...bytes: number[]): number[] => [...new Array<number>(12).fill(0), ...bytes];
const LINK_LOCAL = [0xfe, 0x80, 0, 4, ...new Array<number>(11).fill(0), 1];

const SOCKETS: readonly ListedSocket[] = [
  {
    ...{ generation: 0x1_0000_0007, pid: 321, effectivePid: 500, uid: 501, isIpv6: false, state: 4 },
    ...{ local: V4(192, 168, 1, 20), remote: V4(198, 51, 100, 7), localPort: 54321, remotePort: 443 },
    ...{ rxBytes: 1024, txBytes: 56 },
  },
  {
    ...{ generation: 8, pid: 1, uid: 0, isIpv6: true, state: 1, local: LINK_LOCAL, remote: V4(0, 0, 0, 0) },
    ...{ localPort: 22, remotePort: 0, rxBytes: 1, txBytes: 0 },
  },
];

function factsOf(bytes: Uint8Array, protocol = PROTOCOL_TCP) {
  const found: ReturnType<typeof copied>[] = [];
  new PcbListParser(protocol).parse(bytes, (fact) => found.push(copied(fact)));
  return found;
}

function copied(fact: SocketFact) {
  return { ...fact, local: addressText(fact.local, 0), remote: addressText(fact.remote, 0) };
}

function codeOf(bytes: Uint8Array): string {
  try {
    return `${factsOf(bytes).length} sockets`;
  } catch (thrown) {
    if (thrown instanceof OpError) return thrown.code;
    throw thrown;
  }
}

describe('pcblist_n', () => {
  test('offsets are those of the headers', () => {
    const { inp_vflag, inp_dependfaddr, inp_dependladdr, inp6_ifindex, inp_gencnt } = XINPCB_N.at;
    expect([inp_gencnt, inp_vflag, inp_dependfaddr, inp_dependladdr, inp6_ifindex]).toEqual([
      28, 44, 48, 64, 92,
    ]);
    const { so_uid, so_last_pid, so_e_pid, so_gencnt } = XSOCKET_N.at;
    expect([so_uid, so_last_pid, so_e_pid, so_gencnt]).toEqual([64, 68, 72, 76]);
    expect(XTCPCB_N.at.t_state).toBe(36);
  });

  test('TCP: addresses, process, state and bytes of all traffic classes', () => {
    const list = pcbList(SOCKETS.flatMap((socket) => recordsOf(socket, PROTOCOL_TCP)));
    expect(factsOf(list)).toMatchObject([
      {
        ...{ local: '192.168.1.20', localPort: 54321, remote: '198.51.100.7', remotePort: 443 },
        ...{ pid: 500, uid: 501, state: TcpState.ESTABLISHED, rxBytes: 1024, txBytes: 56, isIpv6: false },
        ...{ keyLow: 7, keyText: '' },
      },
      // The zone in the address is none of it.
      { local: 'fe80::1', remote: '::', localPort: 22, pid: 1, state: TcpState.LISTEN, rxBytes: 1 },
    ]);
  });

  test('UDP has no control block, and is connected where it has a peer', () => {
    const list = pcbList(SOCKETS.flatMap((socket) => recordsOf(socket, PROTOCOL_UDP)));
    expect(factsOf(list, PROTOCOL_UDP).map(({ state }) => state)).toEqual([
      TcpState.ESTABLISHED,
      TcpState.CLOSE,
    ]);
    // Asked as TCP, no socket is complete: that is no empty list.
    expect(codeOf(list)).toBe('BAD_VALUE');
  });

  test('two headers and nothing between is a kernel that does not show anything', () => {
    const blind = pcbList([]);
    expect([blind.length, codeOf(blind)]).toEqual([48, 'BLIND']);
  });

  test('what is cut or lies is told', () => {
    const list = pcbList(SOCKETS.flatMap((socket) => recordsOf(socket, PROTOCOL_TCP)));
    expect(codeOf(new Uint8Array(0))).toBe('BAD_VALUE');
    expect(codeOf(list.subarray(0, 23))).toBe('BAD_VALUE');
    for (const length of [24, 30, 200, list.length - 25])
      expect(codeOf(list.subarray(0, length))).toBe('TRUNCATED');
    const zero = list.slice();
    zero[24] = 0;
    expect(codeOf(zero)).toBe('BAD_VALUE');
  });

  test('a socket that lacks a record is passed over, and nothing of it goes to the next', () => {
    for (const missing of [0, 1, 4, 5]) {
      const [first, second] = SOCKETS.map((socket) => recordsOf(socket, PROTOCOL_TCP)) as [
        Uint8Array[],
        Uint8Array[],
      ];
      first.splice(missing, 1);
      expect(factsOf(pcbList([...first, ...second])).map(({ pid, localPort }) => [pid, localPort])).toEqual([
        [1, 22],
      ]);
    }
  });

  test(
    'damaged records: no crash, and never parts of two sockets together',
    () => {
      const random = seeded(17);
      const sockets = Array.from({ length: 3 }, (_, i): ListedSocket => {
        const n = i + 1;
        const ends = { local: V4(10, 0, 0, n), remote: V4(10, 0, 1, n), localPort: n, remotePort: 100 + n };
        const counters = { rxBytes: n * 1e6, txBytes: n * 1e3 };
        return { ...ends, ...counters, generation: n, pid: 1000 + n, uid: n, isIpv6: false, state: 4 };
      });
      const whole = sockets.flatMap((socket) => recordsOf(socket, PROTOCOL_TCP));
      let shown = 0;
      for (let run = 0; run < MUTATIONS; run++) {
        const records = [...whole];
        for (let i = random(3); i >= 0; i--) {
          const at = random(records.length);
          const record = records[at]!;
          const changed = record.slice();
          // Its length, or its kind; or it is missing, or there twice.
          changed[random(2) * 4] = random(256);
          records.splice(at, 1, ...[[], [record, record], [changed]][random(3)]!);
        }
        const list = pcbList(records).subarray(0, random(5) === 0 ? random(1500) : undefined);
        try {
          new PcbListParser(PROTOCOL_TCP).parse(
            list,
            ({ pid, localPort, rxBytes, txBytes, remote, keyLow }) => {
              const n = pid - 1000;
              const told = [localPort, rxBytes / 1e6, txBytes / 1e3, remote[3]! & 0xff, keyLow];
              if (told.some((each) => each !== n)) expect(told).toEqual([n, n, n, n, n]);
              shown++;
            },
          );
        } catch (thrown) {
          if (!(thrown instanceof OpError)) throw thrown;
        }
      }
      expect(shown).toBeGreaterThan(MUTATIONS);
    },
    MUTATIONS_MILLIS,
  );

  test(
    'damaged bytes: no crash',
    () => {
      const random = seeded(18);
      const list = pcbList(SOCKETS.flatMap((socket) => recordsOf(socket, PROTOCOL_TCP)));
      for (let run = 0; run < MUTATIONS; run++) expect(codeOf(damagedBytes(list, random))).toMatch(/^\w/);
    },
    MUTATIONS_MILLIS,
  );
});
