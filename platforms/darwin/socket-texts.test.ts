import { describe, expect, test } from 'bun:test';
import { addressText } from '../../src/data/sample/address.ts';
import { PROTOCOL_TCP } from '../../src/data/sample/socket-table.ts';
import { capture } from './fake-mac.fixture.ts';
import { parseSocketHolders } from './lsof.ts';
import { damagedText, MUTATIONS, MUTATIONS_MILLIS, seeded } from './mutations.fixture.ts';
import { hasProcesses, netstatSteps } from './netstat-sockets.ts';
import { isNettopHeader, NettopParser } from './nettop.ts';
import { parseEndpoint, type SocketFact } from './socket-fact.ts';

/** What a test looks at: `protocol local remote pid rx tx`. */
function described(fact: SocketFact): string {
  const protocol = `${fact.protocol === PROTOCOL_TCP ? 'tcp' : 'udp'}${fact.isIpv6 ? 6 : 4}`;
  const local = `${addressText(fact.local, 0)} ${fact.localPort}`;
  const remote = `${addressText(fact.remote, 0)} ${fact.remotePort}`;
  const cut = fact.isWhole ? '' : ' cut';
  return `${protocol} ${local} > ${remote} ${fact.state} pid ${fact.pid} ${fact.rxBytes} ${fact.txBytes}${cut}`;
}

function parseNetstatSockets(text: string, visit: (fact: SocketFact) => void): void {
  const steps = netstatSteps(text, visit);
  while (steps.next().done !== true);
}

function netstat(text: string): string[] {
  const found: string[] = [];
  parseNetstatSockets(text, (fact) => found.push(described(fact)));
  return found;
}

function nettop(text: string): string[] {
  const found: string[] = [];
  readNettop(text, (fact) => found.push(described(fact)));
  return found;
}

function readNettop(text: string, visit: (fact: SocketFact) => void): void {
  const parser = new NettopParser();
  for (const line of text.split('\n')) {
    if (isNettopHeader(line)) parser.begin(line);
    else parser.read(line, visit);
  }
}

describe('ends of sockets', () => {
  test.each([
    ['127.0.0.1.443', false, '127.0.0.1', 443],
    ['127.0.0.1:443', false, '127.0.0.1', 443],
    ['*.5353', true, '', 5353],
    ['*:*', false, '', 0],
    ['*.*', true, '', 0],
    ['::1.443', true, '::1', 443],
    ['[::1]:443', true, '::1', 443],
    ['2408:1::2.53147', true, '2408:1::2', 53147],
    ['fe80::1%en0.443', true, 'fe80::1%en0', 443],
  ] as const)('%s', (text, isIpv6, host, port) => {
    expect(parseEndpoint(text, isIpv6)).toEqual({ host, port, isWhole: true });
  });

  test.each([
    ['127.0.0.443', false],
    ['127.0.0.1.65536', false],
    ['127.0.0.1', true],
    ['::1.443', false],
    ['2600:1700:bab0:d.5', true],
    ['fe80::aede:48ff:.4', true],
    ['', false],
    ['.', true],
  ] as const)('%s is none (IPv6: %p)', (text, isIpv6) => {
    const { host, isWhole } = parseEndpoint(text, isIpv6);
    expect([host, isWhole]).toEqual(['', false]);
  });
});

describe('netstat', () => {
  test('of 10.14: bytes of each socket; ends that fill their column are not known', () => {
    const text = capture('macos-10.14-netstat-Abn.txt');
    const found = netstat(text);
    expect(found.length).toBe(137);
    expect(hasProcesses(text)).toBe(false);
    // 192.168.1.221.5486 has lost the last digit of its port; the other end is whole.
    expect(found[0]).toBe('tcp4 0.0.0.0 0 > 140.82.113.26 443 1 pid 0 4958 3996 cut');
    expect(found).toContain('tcp4 127.0.0.1 53755 > 127.0.0.1 53763 1 pid 0 3182238 0');
    expect(found.filter((each) => /^tcp6 (?!::) /.test(each))).toEqual([]);
    expect(found).toContain('udp4 0.0.0.0 58043 > 0.0.0.0 0 7 pid 0 48 76');
    const keys = new Set<string>();
    parseNetstatSockets(text, (fact) => keys.add(fact.keyText));
    expect(keys.size).toBe(found.length);
    expect(keys).toContain('s7fb03cb94d505aed');
  });

  test('of 12: a column of pids, no bytes', () => {
    const text = capture('macos-12-netstat-anv.txt');
    expect(hasProcesses(text)).toBe(true);
    expect(netstat(text)).toEqual([
      'tcp4 192.168.1.98 51741 > 192.0.2.22 443 1 pid 704 NaN NaN',
      // 22 characters wide, the address cut to 16.
      'tcp6 :: 0 > :: 443 1 pid 704 NaN NaN cut',
      'tcp6 :: 0 > :: 443 1 pid 704 NaN NaN cut',
      'tcp6 :: 50539 > :: 0 10 pid 634 NaN NaN',
      'tcp4 0.0.0.0 50539 > 0.0.0.0 0 10 pid 634 NaN NaN',
      'tcp4 127.0.0.1 49399 > 0.0.0.0 0 10 pid 848 NaN NaN',
      'tcp4 192.168.1.98 51746 > 203.0.113.1 53 6 pid 28786 NaN NaN',
      'udp6 :: 0 > :: 443 1 pid 704 NaN NaN cut',
      'udp4 0.0.0.0 65115 > 0.0.0.0 0 7 pid 56 NaN NaN',
      'udp4 0.0.0.0 0 > 0.0.0.0 0 7 pid 0 NaN NaN',
    ]);
  });

  test('of 13: bytes and pids, and a number for each socket', () => {
    expect(netstat(capture('macos-13-netstat-anbv.txt'))).toEqual([
      'tcp4 127.0.0.1 8443 > 127.0.0.1 49300 1 pid 31607 4606 3816077',
      'tcp4 127.0.0.1 49300 > 127.0.0.1 8443 1 pid 4719 8237954 2199',
      'tcp4 127.0.0.1 49301 > 127.0.0.1 8443 6 pid 4720 0 0',
      'udp4 0.0.0.0 5353 > 0.0.0.0 0 7 pid 272 70116364 13929787',
    ]);
    const keys: string[] = [];
    parseNetstatSockets(capture('macos-13-netstat-anbv.txt'), ({ keyText }) => keys.push(keyText));
    expect(keys).toEqual(['b27dec', 'b27deb', 'b27dea', '1'].map((each) => `g${each.padStart(16, '0')}`));
  });

  test('of 14: process and pid in one, with spaces and colons', () => {
    expect(netstat(capture('macos-14-netstat-anbv.txt'))).toEqual([
      'tcp4 192.168.1.20 64809 > 198.51.100.7 443 1 pid 7187 8237954 2199',
      'tcp4 127.0.0.1 59357 > 0.0.0.0 0 10 pid 46708 0 0',
      'tcp6 :: 24800 > :: 0 10 pid 62071 0 0',
      'tcp6 :: 0 > :: 80 2 pid 35474 0 0 cut',
      'udp6 :: 5353 > :: 0 7 pid 272 14431855 8190886',
    ]);
  });

  test('with -W: an address longer than its column shows that none is cut', () => {
    expect(netstat(capture('macos-14-netstat-anblvW.txt'))).toEqual([
      'tcp6 2001:db8:5610:3a00:bb:9ad:34c5:2e9a 50624 > 2001:db8:4110:800::200e 443 1 pid 35474 167633 41617',
      'tcp6 2001:db8:310:a:: 50625 > 2001:db8:310:b:: 443 1 pid 35474 1 2',
      'tcp6 fe80::1 1024 > fe80::2 1025 1 pid 360 929 1397',
    ]);
  });

  test(
    'damaged: no crash, and no address that the text does not have',
    () => {
      const random = seeded(21);
      const captures = ['12-netstat-anv', '13-netstat-anbv', '14-netstat-anbv', '14-netstat-anblvW'].map(
        (name) => capture(`macos-${name}.txt`),
      );
      let shown = 0;
      for (let run = 0; run < MUTATIONS; run++) {
        const text = damagedText(captures[run % captures.length]!, random);
        parseNetstatSockets(text, (fact) => {
          shown++;
          const port = `.${fact.localPort} `;
          if (fact.localPort !== 0 && !text.includes(port)) expect(text).toContain(port);
          if (fact.pid !== 0 && !new RegExp(`[: ]0*${fact.pid}(\\s|$)`, 'm').test(text))
            expect(text).toBe('');
        });
      }
      expect(shown).toBeGreaterThan(MUTATIONS);
    },
    MUTATIONS_MILLIS,
  );
});

describe('nettop', () => {
  test('sockets of each process, with names that have spaces, dots and commas', () => {
    const found = nettop(capture('macos-14-nettop.csv'));
    expect(found).toEqual([
      'udp6 :: 5353 > :: 0 7 pid 272 14431855 8190886',
      'udp6 :: 5353 > :: 0 7 pid 272 5 6',
      'udp4 0.0.0.0 5353 > 0.0.0.0 0 7 pid 272 70116364 13929787',
      'udp4 192.168.1.20 9993 > 192.0.2.8 53 1 pid 772 17411503 19446381',
      'tcp4 192.168.1.20 56241 > 198.51.100.55 5223 1 pid 772 27201 31090',
      'tcp6 2001:db8:1::2 53147 > 2001:db8:49::113 80 4 pid 772 10 20',
      'tcp4 0.0.0.0 8080 > 0.0.0.0 0 10 pid 772 NaN NaN',
      'tcp6 fe80::1 1024 > fe80::2 1025 1 pid 901 1 2',
    ]);
    const facts: [string, string, number][] = [];
    readNettop(capture('macos-14-nettop.csv'), ({ keyText, interfaceName, rttMicros }) =>
      facts.push([keyText, interfaceName, rttMicros]),
    );
    expect(new Set(facts.map(([key]) => key)).size).toBe(found.length);
    expect(facts[4]).toEqual([
      '772 tcp4 192.168.1.20:56241<->198.51.100.55:5223 en0',
      'en0',
      expect.closeTo(108_530),
    ]);
    expect(facts[5]?.[2]).toBeNaN();
  });

  test('another header has its columns in other places; before the first there may be what terminals are told', () => {
    const text = '\x04\x08\x08time,,state,interface,bytes_out,bytes_in,\n10:00:00.1,a.b.7,,,,,\n';
    const row = '10:00:00.2,tcp4 10.0.0.1:1<->10.0.0.2:2,Listen,en0,5,6,\n';
    expect(nettop(text + row)).toEqual(['tcp4 10.0.0.1 1 > 10.0.0.2 2 10 pid 7 6 5']);
  });

  test(
    'damaged: no crash, and never the socket of another process',
    () => {
      const random = seeded(22);
      const whole = capture('macos-14-nettop.csv');
      let shown = 0;
      for (let run = 0; run < MUTATIONS; run++) {
        const lines = damagedText(whole, random).split('\n');
        const parser = new NettopParser();
        let lastOwner = 'none';
        for (const line of lines) {
          if (isNettopHeader(line)) parser.begin(line);
          else
            parser.read(line, (fact) => {
              shown++;
              const isOf = lastOwner.includes(`.${fact.pid},`);
              if (!isOf) expect([lastOwner, line]).toEqual(['the process of', line]);
            });
          // Whatever is no socket may have been the process of those below it.
          if (!/^\d\d:\d\d:\d\d[^,]*,(tcp|udp)[46] \S+<->\S+,/.test(line)) lastOwner = line;
        }
      }
      expect(shown).toBeGreaterThan(MUTATIONS);
    },
    MUTATIONS_MILLIS,
  );
});

describe('lsof', () => {
  const holders = parseSocketHolders(capture('macos-14-lsof.txt'));

  function pidsIn(netstatText: string, from = holders): number[] {
    const pids: number[] = [];
    parseNetstatSockets(netstatText, (fact) => pids.push(from.pidOf(fact)));
    return pids;
  }
  const header = 'Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)\n';

  test('names who holds a socket by protocol, family and both ends', () => {
    const rows = [
      'tcp4       0      0  *.49159                *.*                    LISTEN',
      'tcp46      0      0  *.49159                *.*                    LISTEN',
      'tcp6       0      0  ::1.9229               ::1.50000              ESTABLISHED',
      'tcp4       0      0  192.168.1.98.51741     192.0.2.22.443         ESTABLISHED',
      'udp4       0      0  *.5353                 *.*',
      'tcp4       0      0  192.168.1.98.51742     192.0.2.22.443         ESTABLISHED',
    ];
    expect(pidsIn(header + rows.join('\n'))).toEqual([455, 455, 1978, 1978, 1978, 0]);
  });

  test('two processes with sockets that look the same: neither', () => {
    expect(
      pidsIn(`${header}tcp4       0      0  127.0.0.1.8080         *.*                    LISTEN`),
    ).toEqual([0]);
  });

  test('a cut address is nobody‘s, though a socket looks like it', () => {
    const text = 'p5\nf3\ntIPv6\nPTCP\nn[2001:db8:310::]:443\nn[2001:db8:310:a::]:443\n';
    const row = (address: string) =>
      `${header}tcp6       0      0  ${address}.443   *.*                    LISTEN`;
    expect(pidsIn(row('2001:db8:310::'), parseSocketHolders(text))).toEqual([5]);
    // 16 characters might have been more.
    expect(pidsIn(row('2001:db8:310:a::'), parseSocketHolders(text))).toEqual([0]);
  });

  test(
    'damaged: no crash, and never a process that does not hold it',
    () => {
      const random = seeded(23);
      const whole = capture('macos-14-lsof.txt');
      const rows = capture('macos-12-netstat-anv.txt').replace('*.50539', '*.49159');
      let joined = 0;
      for (let run = 0; run < MUTATIONS; run++) {
        const text = damagedText(whole, random);
        const found = parseSocketHolders(text);
        // What each process has in the damaged text, read in the plainest way.
        const owned = text
          .split(/^p/m)
          .slice(1)
          .map((part) => part.split('\n'));
        parseNetstatSockets(run % 2 === 0 ? rows : damagedText(rows, random), (fact) => {
          const pid = found.pidOf(fact);
          if (pid === 0) return;
          joined++;
          const end = `:${fact.localPort}`;
          const isHeld = owned.some(
            ([name, ...lines]) => Number(name) === pid && lines.some((line) => line.includes(end)),
          );
          if (!isHeld) expect(text).toContain(`${pid} with ${end}`);
        });
      }
      expect(joined).toBeGreaterThan(MUTATIONS / 2);
    },
    MUTATIONS_MILLIS,
  );
});
