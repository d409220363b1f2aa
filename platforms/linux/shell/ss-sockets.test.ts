import { describe, expect, test } from 'bun:test';
import { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { parseSsHead } from './ss-lines.ts';
import { SsSockets } from './ss-sockets.ts';

const INFO =
  '\t ts sack cubic rtt:11.811/18.984 mss:42496 bytes_sent:3429 bytes_acked:3429 bytes_received:3693 segs_out:13 segs_in:18 data_segs_in:10 retrans:0/2';
const TEXT = `tcp   LISTEN 0      128          127.0.0.1:2218       0.0.0.0:*    users:(("sshd",pid=19703,fd=4)) ino:59 sk:ef899 cgroup:/ <->
\t bbr cwnd:10
udp   UNCONN 0      0       127.0.0.53%lo:53        0.0.0.0:*    uid:101 ino:5 sk:2001 cgroup:/dns <->
tcp   ESTAB  0      0           127.0.0.1:2218    127.0.0.1:53842 users:(("sshd",pid=21423,fd=4)) timer:(keepalive,119min,0) ino:60 sk:1000ef8a0 cgroup:/a <->
${INFO}
tcp   ESTAB  0      0  [fe80::1]%eth0:22   [fe80::2]:5 uid:1000 ino:61 sk:9 <->
${INFO}
nonsense
`;

function processes(
  ...rows: readonly (readonly [pid: number, name: string, startTicks: number])[]
): ProcessTable {
  const table = new ProcessTable();
  for (const [pid, name, startTicks] of rows) {
    const slot = table.slots.add(pid, 0, 0, 0);
    table.pid[slot] = pid;
    table.names[slot] = name;
    table.startTicks[slot] = startTicks;
  }
  return table;
}

describe('the output of ss', () => {
  test('is read with addresses, owners and cookies', () => {
    const heads = TEXT.split('\n').filter((line) => !line.startsWith('\t'));
    const [listener, datagrams, connection, linkLocal, ...others] = heads.map((line) => parseSsHead(line));
    expect(others).toEqual([undefined, undefined]);
    expect(listener).toMatchObject({ state: TcpState.LISTEN, local: { address: '127.0.0.1', port: 2218 } });
    expect(datagrams).toMatchObject({ protocol: 17, state: TcpState.CLOSE, uid: 101, local: { port: 53 } });
    expect(connection?.cookie).toEqual([0x000ef8a0, 1]);
    expect(connection?.cgroup).toBe('/a');
    expect(linkLocal?.local).toEqual({ address: 'fe80::1', port: 22 });
  });

  test('of a socket that is known, the figures are read alone; another state or holder is seen', () => {
    const table = processes([21_423, 'sshd', 5], [9, 'sshd', 6]);
    const sockets = new SsSockets(table);
    const line = (state: string, timer: string, pids: string, queue: number, acked: number): Buffer =>
      Buffer.from(
        `tcp ${state} ${queue} 0 1.1.1.1:40000   2.2.2.2:2 users:((${pids}))${timer} ino:7 sk:77 cgroup:/a <->\n\t ts bytes_sent:${acked} bytes_acked:${acked} rtt:1.5/2\n`,
      );
    const first = '"sshd",pid=21423,fd=4';
    const { rows } = sockets;
    sockets.store(line('ESTAB', ' timer:(keepalive,119min,0)', first, 0, 10), 1);
    const slot = rows.find(0x77, 0);
    expect(sockets.cgroups.get(21_423)).toBe('/a');
    sockets.store(line('ESTAB', ' timer:(on,204ms,1)', first, 33, 500), 2);
    sockets.store(line('ESTAB', ' timer:(on,8.5ms,1)', first, 4, 600), 3);
    expect([rows.find(0x77, 0), rows.table.slots.count, rows.table.txBytes[slot]]).toEqual([slot, 1, 600]);
    expect(rows.table.rttMicros[slot]).toBe(1500);
    sockets.store(line('FIN-WAIT-1', '', `${first}),("sshd",pid=9,fd=4`, 0, 600), 4);
    expect([rows.table.state[slot], rows.table.ownerPid[slot]]).toEqual([TcpState.FIN_WAIT1, 9]);
    expect([...sockets.cgroups.keys()]).toEqual([9]);
  });

  test('a process that was not known yet is the owner as soon as it is', () => {
    const table = processes();
    const sockets = new SsSockets(table);
    const line = Buffer.from('tcp ESTAB 0 0 1.1.1.1:1 2.2.2.2:2 users:(("late",pid=5,fd=4)) ino:7 sk:77\n');
    sockets.store(line, 1);
    const slot = sockets.rows.find(0x77, 0);
    expect(sockets.rows.table.ownerBasis[slot]).toBe(OwnerBasis.HIDDEN);
    const process = table.slots.add(5, 0, 0, 0);
    table.pid[process] = 5;
    table.names[process] = 'late';
    sockets.store(line, 2);
    expect(sockets.rows.table.ownerPid[slot]).toBe(5);
  });

  test('becomes rows; who is not listed any more has closed with its last figures', () => {
    const sockets = new SsSockets(processes([21_423, 'sshd', 5]));
    sockets.store(Buffer.from(TEXT), 1000);
    const { table } = sockets.rows;
    const slot = sockets.rows.find(0x000ef8a0, 1);
    expect([table.txBytes[slot], table.rxBytes[slot], table.ownerPid[slot]]).toEqual([3429, 3693, 21_423]);
    expect([table.rttMicros[slot], table.retransmits[slot], table.txSegments[slot]]).toEqual([11_811, 2, 13]);
    expect(table.ownerBasis[sockets.rows.find(9, 0)]).toBe(OwnerBasis.HIDDEN);
    sockets.store(Buffer.from(TEXT.split('\n').slice(0, 3).join('\n')), 2000);
    expect(Array.from(sockets.rows.closed.slots.subarray(0, sockets.rows.closed.count))).toContain(slot);
    expect(table.txBytes[slot]).toBe(3429);
  });

  test.each(['",pid=1,fd=1),(', 'a",pid=1,fd=3)', ')) sk:1 ino:2', '"', '","x",pid=1,f'])(
    'the name %p gives its socket to nobody else',
    (name) => {
      const line = `tcp ESTAB 0 0 1.1.1.1:1 2.2.2.2:2 users:(("${name}",pid=555,fd=4)) ino:7 sk:77 cgroup:/ <->\n`;
      const sockets = new SsSockets(processes([1, 'init', 9], [555, name, 5]));
      sockets.store(Buffer.from(line), 1);
      const slot = sockets.rows.find(0x77, 0);
      expect(sockets.rows.table.ownerPid[slot]).toBe(555);
    },
  );

  test('of several holders the one that started last serves the socket', () => {
    const line =
      'tcp LISTEN 0 9 *:80 *:* users:(("web",pid=3,fd=4),("web",pid=2,fd=4),("web",pid=1,fd=4)) ino:7 sk:77\n';
    const sockets = new SsSockets(processes([1, 'web', 1], [2, 'web', 3], [3, 'web', 2]));
    sockets.store(Buffer.from(line), 1);
    expect(sockets.rows.table.ownerPid[sockets.rows.find(0x77, 0)]).toBe(2);
  });

  test('changed at random does no harm', () => {
    const sockets = new SsSockets(processes([21_423, 'sshd', 5]));
    let seed = 7;
    for (let round = 0; round < 2000; round++) {
      const bytes = Buffer.from(TEXT);
      for (let i = 0; i < 8; i++) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        bytes[seed % bytes.length] = seed >>> 24;
      }
      sockets.store(bytes, round);
      const { table } = sockets.rows;
      for (const slot of table.slots.rows.subarray(0, table.slots.count)) {
        expect(table.txBytes[slot]! >= 0 || Number.isNaN(table.txBytes[slot])).toBe(true);
      }
    }
  });
});
