import { beforeEach, describe, expect, test } from 'bun:test';
import { FOREIGN_INTERFACE } from '../../data/sample/socket-table.ts';
import { Bench } from './bench.fixture.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

/** The columns of the head that carry the mark of the order, from the left. */
function marked(): string[] {
  const head = bench.lines().find((line) => /PROC|REMOTE/.test(line)) ?? '';
  return Array.from(head.matchAll(/[▴▾]([\w/]+)|([\w/]+)[▴▾]/g), ([, after, before]) => after ?? before!);
}

describe('the mark of the order', () => {
  test('stands on both rates where their sum orders, on the one column otherwise', () => {
    bench.send(bench.program.resized(bench.model, 120, 24));
    const rates = ['UPLOAD/s', 'DOWNLOAD/s'];
    expect(marked()).toEqual(rates);
    bench.type('2');
    expect(marked()).toEqual(['DOWNLOAD/s']);
    bench.type('4');
    expect(marked()).toEqual(['PID']);
    bench.type('1c');
    expect(marked()).toEqual(['UP', 'DN']);
    bench.type('cj\r');
    expect(marked()).toEqual(['UP/s', 'DOWN/s']);
    bench.type('3');
    expect(marked()).toEqual(['UP/s']);
    for (const view of ['h', 'D']) {
      bench.type(view);
      expect(marked()).toEqual(rates);
      bench.type('3');
      expect(marked()).toEqual(['UPLOAD/s']);
    }
  });

  test('a click on a column that shares it sorts by that column alone', () => {
    const y = bench.lines().findIndex((line) => line.includes('UPLOAD/s'));
    const click = (title: string) => {
      bench.type(`\x1b[<0;${bench.lines()[y]!.indexOf(title) + 1};${y + 1}M`);
      return bench.state.sort;
    };
    expect(click('UPLOAD/s')).toEqual({ key: 'upload', isReversed: false });
    bench.type('1');
    expect(click('DOWNLOAD/s')).toEqual({ key: 'download', isReversed: false });
  });
});

describe('the interval in force', () => {
  test('stands in the header of every view from 80 columns up, and follows the keys', () => {
    bench.type('A1\r');
    bench.sample(0, 0, 0, 0, 2 ** 40);
    for (const width of [80, 81, 100, 120, 200]) {
      bench.send(bench.program.resized(bench.model, width, 24));
      for (const keys of ['h', 'l', 'D', '\x1b', '\x1b', '\x1b', ' ', ' ']) {
        bench.type(keys);
        expect(bench.lines()[0]).toMatch(/ {2}1s {2}/);
        bench.type('++');
        expect(bench.lines()[0]).toMatch(/ {2}200ms {2}/);
        bench.type('--');
      }
    }
    expect(bench.lines()[0]).toMatch(/\d\d:\d\d:\d\d {2}1s {2}/);
  });

  test('stands there for another machine too, whatever its name, while it is live, lost and paused', () => {
    const data = bench.collect();
    bench.send({
      kind: 'sampled',
      data: { ...data, header: { ...data.header, hostName: `${'far-away.'.repeat(6)}example` } },
    });
    const live = {
      ...{
        hostName: 'far',
        isEncrypted: true,
        hasToken: true,
        latencyMicros: 120_000,
      },
      protocol: 'socktop.v2',
      answeredMillis: undefined,
      ...{ nextTryMillis: undefined, reason: undefined },
    } as const;
    for (const phase of ['live', 'lost'] as const) {
      bench.send({ kind: 'linked', link: { ...live, phase } });
      for (const key of ['h', 'l', ' ', ' ']) {
        bench.type(key);
        expect(bench.lines()[0]).toMatch(/ {2}1s {2}/);
        if (phase === 'lost') expect(bench.lines()[0]).toContain(phase);
      }
    }
  });

  test('is not that of a recording', () => {
    const progress = {
      ...{ positionMillis: 0, durationMillis: 1000, isDurationExact: true, speed: 1, isPaused: false },
      ...{ isAtEnd: false, isSeeking: false, endsEarly: false, damage: undefined },
    };
    bench.send({ kind: 'played', playback: { fileName: 'x.gz', progress } });
    expect(bench.lines()[0]).not.toMatch(/ 1s\b/);
  });
});

describe('where a process listens', () => {
  const listening = () => bench.lines().find((line) => /^ (Listening|No listening)/.test(line));

  test('is nowhere without a port, unknown in another network namespace, and told where it is known', () => {
    const { world, slots } = bench;
    bench.type('j\r');
    expect(listening()).toBe(' No listening ports');
    world.sockets.interfaceIndex[slots[4]!] = FOREIGN_INTERFACE;
    bench.sample(0, 0, 0, 0, 10);
    expect(listening()).toBe(' Listening  unknown: another network namespace');
    // It stays so while nothing is heard of the socket.
    world.close(slots[4]!);
    for (let i = 0; i < 3; i++) bench.sample(0, 0, 0, 0);
    expect(listening()).toBe(' Listening  unknown: another network namespace');
    world.addListener(8080, { pid: 15 });
    bench.sample(0, 0, 0, 0);
    expect(listening()).toBe(' Listening  ● TCP 0.0.0.0:8080  others unknown: another network namespace');
  });

  test('is not unknown because another process was elsewhere', () => {
    const { world, slots } = bench;
    world.sockets.interfaceIndex[slots[4]!] = FOREIGN_INTERFACE;
    bench.sample(0, 0, 0, 0, 10);
    bench.type('j\r');
    expect(listening()).toContain('unknown');
    bench.type('\x1b');
    bench.type('j\r');
    expect(listening()).toBe(' No listening ports');
  });
});

describe('what a row says in little room', () => {
  const row = (pattern: RegExp) => bench.lines().find((line) => pattern.test(line));

  test('the process table shows the program without its directory, and not twice', () => {
    bench.send(bench.program.resized(bench.model, 200, 24));
    expect(row(/process-15/)).toMatch(/ process-15 {2}program-15 --serve /);
    bench.world.addProcess(21, { name: 'program-21' });
    bench.world.addSocket({ pid: 21, localPort: 40_021 });
    bench.sample(0, 0, 0, 0, 0);
    expect(row(/program-21/)).toMatch(/ program-21 {2}--serve /);
  });

  test('users such as www-data are whole at 80 columns, and names of twelve letters', () => {
    bench.world.addProcess(33, { name: 'mail-sender1', uid: 33 });
    bench.world.addSocket({ pid: 33, localPort: 40_033, uid: 33 });
    bench.sample(0, 0, 0, 0, 0);
    expect(row(/ 33 /)).toMatch(/ 33 user-33 +mail-sender1 /);
  });

  test('the connections of a process show the whole remote address and the local port, whatever their addresses', () => {
    bench.type('j\r');
    expect(row(/^.TCP/)).toMatch(/^.TCP +\S+:40015 +\S+:443 +ESTAB/);
    bench.world.addSocket({
      ...{ pid: 15, localPort: 51_234, local: '2001:db8:1:2:3:4:5:6' },
      ...{ remote: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', remotePort: 8443 },
    });
    bench.sample(0, 0, 0, 0, 0);
    expect(row(/8443/)).toContain(' [2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:8443 ');
  });
});
