import { describe, expect, test } from 'bun:test';
import {
  ascii,
  clientHello,
  cryptoFrame,
  type DnsRecordBytes,
  dnsName,
  dnsReply,
  joined,
  sealedInitial,
  tlsRecords,
} from './asked-bytes.fixture.ts';
import { hostNameIn, PieceBuffer, STREAM_LIMIT_BYTES } from './asked-bytes.ts';
import { nameOfClientHello, nameOfTlsStream } from './client-hello.ts';
import { parseDnsAnswer } from './dns-answer.ts';
import { type InitialKeys, initialKeys, openInitials } from './quic-initial.ts';
import { nameOfHttpStream } from './stream-names.ts';

const A = 1;
const CNAME = 5;
const AAAA = 28;
const ADDRESS = Uint8Array.of(192, 0, 2, 7);
const WORDS = Uint32Array.of(0, 0, 0xffff, 0xc0000207);

describe('host names', () => {
  test('are letters, digits, hyphens and underscores, in lower case', () => {
    expect(hostNameIn(ascii('WWW.Example.ORG.'))).toBe('www.example.org');
    expect(hostNameIn(ascii('_dmarc.xn--bcher-kva.example'))).toBe('_dmarc.xn--bcher-kva.example');
  });

  test('are not addresses, controls, empty labels or long ones', () => {
    const bad = [
      '',
      '.',
      'a..b',
      '192.0.2.7',
      '10',
      'a b',
      'a\u001b[2J',
      'a/b',
      `${'a'.repeat(64)}.b`,
      'b.9',
    ];
    for (const text of [...bad, `${'abc.'.repeat(64)}d`])
      expect([text, hostNameIn(ascii(text))]).toEqual([text, undefined]);
  });
});

describe('DNS answers', () => {
  test('give the addresses of the name that was asked for', () => {
    const reply = dnsReply({ question: 'Example.org', answers: [['example.ORG', A, 60, ADDRESS]] });
    expect(parseDnsAnswer(reply)).toEqual({ name: 'example.org', addresses: [WORDS], ttlSeconds: 60 });
  });

  test('follow CNAMEs in any order, with the least lifetime on the way', () => {
    const answers: DnsRecordBytes[] = [
      ['edge.cdn.example', AAAA, 20, Uint8Array.from({ length: 16 }, (_, at) => at)],
      ['www.example.org', CNAME, 300, dnsName('site.cdn.example')],
      ['site.cdn.example', CNAME, 5, dnsName('edge.cdn.example')],
      ['unrelated.example', AAAA, 1, new Uint8Array(16)],
    ];
    expect(parseDnsAnswer(dnsReply({ question: 'www.example.org', type: AAAA, answers }))).toEqual({
      name: 'www.example.org',
      addresses: [Uint32Array.of(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)],
      ttlSeconds: 5,
    });
  });

  test('read compressed names, and end at pointers that go round', () => {
    const pointer = Uint8Array.of(0xc0, 12);
    const reply = dnsReply({ question: 'a.example', answers: [[pointer, A, 9, ADDRESS]] });
    expect(parseDnsAnswer(reply)?.addresses).toEqual([WORDS]);
    const at = 12 + dnsName('a.example').length + 4;
    const itself = dnsReply({ question: 'a.example', answers: [[Uint8Array.of(0xc0, at), A, 9, ADDRESS]] });
    expect(parseDnsAnswer(itself)).toBeUndefined();
    const ahead = dnsReply({
      question: 'a.example',
      answers: [[Uint8Array.of(0xc0, at + 2), A, 9, ADDRESS]],
    });
    expect(parseDnsAnswer(ahead)).toBeUndefined();
  });

  test('CNAMEs that go round have no address', () => {
    const answers: DnsRecordBytes[] = [
      ['a.example', CNAME, 1, dnsName('b.example')],
      ['b.example', CNAME, 1, dnsName('a.example')],
    ];
    expect(parseDnsAnswer(dnsReply({ question: 'a.example', answers }))).toBeUndefined();
  });

  test('queries, failures, other questions and names with controls say nothing', () => {
    const answers: DnsRecordBytes[] = [['a.example', A, 60, ADDRESS]];
    expect(parseDnsAnswer(dnsReply({ flags: 0x0100, question: 'a.example', answers }))).toBeUndefined();
    expect(parseDnsAnswer(dnsReply({ flags: 0x8183, question: 'a.example', answers }))).toBeUndefined();
    expect(parseDnsAnswer(dnsReply({ question: 'a.example', type: 255, answers }))).toBeUndefined();
    const odd: DnsRecordBytes[] = [['a\u001b.example', A, 60, ADDRESS]];
    expect(parseDnsAnswer(dnsReply({ question: 'a\u001b.example', answers: odd }))).toBeUndefined();
    expect(parseDnsAnswer(new Uint8Array(11))).toBeUndefined();
  });
});

describe('TLS', () => {
  const hello = clientHello({ name: 'Shop.Example', alpn: ['h2', 'http/1.1'] });
  const found = { kind: 'found', name: 'shop.example', basis: 'sni', alpn: 'h2,http/1.1' } as const;

  test('the name of a ClientHello, whatever its records are', () => {
    for (const recordBytes of [16_384, 100, 7, 1]) {
      expect(nameOfTlsStream(tlsRecords(hello, recordBytes))).toEqual(found);
    }
  });

  test('every shorter part wants more, or has the name already', () => {
    const stream = tlsRecords(hello, 50);
    const kinds = new Set<string>();
    for (let length = 1; length < stream.length; length++) {
      const asked = nameOfTlsStream(stream.subarray(0, length));
      kinds.add(asked.kind === 'found' ? asked.name : asked.kind);
    }
    expect([...kinds]).toEqual(['more', 'shop.example']);
  });

  test('a name beyond a segment is found when the rest has come, and beyond the limit never', () => {
    const long = tlsRecords(clientHello({ name: 'far.example', paddingBytes: 3000 }));
    expect(nameOfTlsStream(long.subarray(0, 1448)).kind).toBe('more');
    expect(nameOfTlsStream(long)).toMatchObject({ name: 'far.example' });
    const tooLong = tlsRecords(clientHello({ name: 'far.example', paddingBytes: STREAM_LIMIT_BYTES }));
    expect(nameOfTlsStream(tooLong.subarray(0, STREAM_LIMIT_BYTES)).kind).toBe('none');
  });

  test('no name where there is none, or none that can be shown', () => {
    expect(nameOfTlsStream(tlsRecords(clientHello({})))).toEqual({ kind: 'none' });
    expect(nameOfTlsStream(tlsRecords(clientHello({ name: '192.0.2.7' })))).toEqual({ kind: 'none' });
    expect(nameOfTlsStream(tlsRecords(joined([2], hello.subarray(1))))).toEqual({ kind: 'none' });
    expect(nameOfTlsStream(ascii('SSH-2.0-x'))).toEqual({ kind: 'none' });
  });
});

describe('HTTP', () => {
  const request = (lines: string): string => nameText(ascii(lines));
  const nameText = (bytes: Uint8Array): string => {
    const asked = nameOfHttpStream(bytes);
    return asked.kind === 'found' ? asked.name : asked.kind;
  };

  test('the Host field of the first request', () => {
    expect(request('GET / HTTP/1.1\r\nAccept: */*\r\nhOsT: \tExample.org:8080 \r\n\r\n')).toBe('example.org');
    expect(request('OPTIONS * HTTP/1.1\nHost: a.example\n\nHost: b.example\n\n')).toBe('a.example');
  });

  test('wants more until the fields end', () => {
    const whole = 'POST /x HTTP/1.1\r\nHost: a.example\r\n\r\n';
    for (let length = 1; length < whole.length; length++) {
      expect([length, request(whole.slice(0, length))]).toEqual([length, 'more']);
    }
    expect(request(whole)).toBe('a.example');
  });

  test('proxies, two hosts, addresses and other protocols have none', () => {
    expect(request('CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n')).toBe('none');
    expect(request('GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n')).toBe('none');
    expect(request('GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n')).toBe('none');
    expect(request('GET / HTTP/1.1\r\nHost: 192.0.2.7\r\n\r\n')).toBe('none');
    expect(request('GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n')).toBe('none');
    expect(request('PRI * HTTP/2.0\r\n\r\n')).toBe('none');
    expect(request(`GET /${'x'.repeat(STREAM_LIMIT_BYTES)}`)).toBe('none');
  });
});

/** RFC 9001, appendix A.1 and A.2; RFC 9369, appendix A.1. */
const CONNECTION_ID = Uint8Array.fromHex('8394c8f03e515708');
const RFC_HELLO_FRAME = Uint8Array.fromHex(
  '060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868' +
    '04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578' +
    '616d706c652e636f6dff01000100000a00080006001d00170018001000070005' +
    '04616c706e000500050100000000003300260024001d00209370b2c9caa47fba' +
    'baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400' +
    '0d0010000e0403050306030203080408050806002d00020101001c0002400100' +
    '3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000' +
    '75300901100f088394c8f03e51570806048000ffff',
);

function assemble(datagrams: readonly Uint8Array[]): { name: string; isOpened: boolean } {
  const pieces = new PieceBuffer();
  let keys: InitialKeys | undefined;
  for (const datagram of datagrams) {
    keys = openInitials(datagram, keys, (offset, bytes) => pieces.put(offset, bytes)) ?? keys;
  }
  const asked = nameOfClientHello(pieces.prefix, pieces.isFull);
  return { name: asked.kind === 'found' ? asked.name : asked.kind, isOpened: keys !== undefined };
}

describe('QUIC', () => {
  test('keys are those of the RFCs', () => {
    const v1 = initialKeys(1, CONNECTION_ID);
    expect([v1.key, v1.iv, v1.header].map((one) => Buffer.from(one).toString('hex'))).toEqual([
      '1f369613dd76d5467730efcbe3b1a22d',
      'fa044b2f42a3fd3b46fb255c',
      '9f50449e04a0e810283a1e9933adedd2',
    ]);
    const v2 = initialKeys(0x6b3343cf, CONNECTION_ID);
    expect([v2.key, v2.iv, v2.header].map((one) => Buffer.from(one).toString('hex'))).toEqual([
      '8b1a0bc121284290a29e0971b5cd045d',
      '91f73e2351d8fa91660e909f',
      '45b95e15235d6f45a6b19cbcb0294ba9',
    ]);
  });

  test("the RFC's packet is opened: its first bytes and its tag are those printed there", () => {
    const destination = CONNECTION_ID;
    const packet = sealedInitial({ destination, number: 2, frames: RFC_HELLO_FRAME, payloadBytes: 1162 });
    expect(packet.length).toBe(1200);
    expect(packet.toHex().slice(0, 128)).toBe(
      'c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11' +
        'd242b123dc9bd8bab936b47d92ec356c0bab7df5976d27cd449f63300099f399',
    );
    expect(packet.toHex().slice(-32)).toBe('e221af44860018ab0856972e194cd934');
    expect(assemble([packet])).toEqual({ name: 'example.com', isOpened: true });
  });

  test('frames over several packets, in any order, with the IDs of later packets, in both versions', () => {
    const hello = clientHello({ name: 'quic.example', alpn: ['h3'], paddingBytes: 1800 });
    const frame = (start: number, end: number): Uint8Array => cryptoFrame(start, hello.subarray(start, end));
    for (const version of [1, 0x6b3343cf]) {
      const first = { version, destination: CONNECTION_ID, payloadBytes: 1200 };
      const later = { ...first, destination: Uint8Array.of(1, 2, 3), keyedBy: CONNECTION_ID };
      const datagrams = [
        sealedInitial({ ...first, number: 0, frames: joined([1], frame(1000, 2000), frame(0, 100)) }),
        sealedInitial({ ...later, number: 1, numberBytes: 1, frames: frame(2000, hello.length) }),
        sealedInitial({
          ...first,
          number: 2,
          numberBytes: 2,
          frames: joined([2, 0, 0, 0, 0], frame(100, 1000)),
        }),
      ];
      expect(assemble(datagrams.slice(0, 2)).name).toBe('more');
      expect(assemble(datagrams)).toEqual({ name: 'quic.example', isOpened: true });
    }
  });

  test('packets that share a datagram are both opened', () => {
    const hello = clientHello({ name: 'two.example' });
    const destination = CONNECTION_ID;
    const part = (number: number, start: number, end: number): Uint8Array =>
      sealedInitial({
        destination,
        number,
        frames: cryptoFrame(start, hello.subarray(start, end)),
        payloadBytes: 400,
      });
    expect(assemble([joined(part(0, 0, 40), part(1, 40, hello.length))]).name).toBe('two.example');
  });
});

const MUTATIONS = 20_000;
/** CPU time of all mutations of one kind together. */
const MUTATIONS_MILLIS = 20_000;

/** A generator of numbers from a seed (mulberry32): a failure can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word ^= word + Math.imul(word ^ (word >>> 7), 61 | word);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Some bytes changed, some cut off, some put in or in double. */
function mutated(bytes: Uint8Array, next: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(next() * limit);
  let result: Uint8Array = bytes.slice();
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(Math.max(1, result.length));
    const kind = below(6);
    if (kind === 0) result = result.slice(0, at);
    else if (kind === 1) result = joined(result.slice(0, at), Uint8Array.of(below(256)), result.slice(at));
    else if (kind === 2) result = joined(result.slice(0, at), result.slice(Math.max(0, at - 30)));
    else if (result.length > 0) result[at] = kind === 3 ? [0, 0xff, 0xc0, 0x3f][below(4)]! : below(256);
  }
  return result;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

describe('20,000 mutations throw nothing, name nothing that is no name, and cost a bounded time', () => {
  const DNS = dnsReply({
    question: 'www.example.org',
    answers: [
      [Uint8Array.of(0xc0, 12), CNAME, 300, dnsName('edge.cdn.example')],
      ['edge.cdn.example', A, 20, ADDRESS],
      ['edge.cdn.example', AAAA, 20, new Uint8Array(16)],
    ],
  });
  const TLS = tlsRecords(clientHello({ name: 'shop.example', alpn: ['h2'], paddingBytes: 200 }), 100);
  const HTTP = ascii('GET /path HTTP/1.1\r\nAccept: */*\r\nHost: www.example.org:80\r\nX: y\r\n\r\n');
  const QUIC = sealedInitial({
    destination: CONNECTION_ID,
    number: 2,
    frames: RFC_HELLO_FRAME,
    payloadBytes: 1162,
  });

  function check(seed: number, bytes: Uint8Array, names: (hostile: Uint8Array) => readonly string[]): void {
    const next = random(seed);
    const start = process.cpuUsage();
    let slowest = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const hostile = mutated(bytes, next);
      const begun = process.cpuUsage();
      const all = names(hostile);
      slowest = Math.max(slowest, process.cpuUsage(begun).user / 1000);
      for (const name of all) if (!HOST_NAME.test(name)) throw new Error(`${i}: ${JSON.stringify(name)}`);
    }
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(MUTATIONS_MILLIS);
    expect(slowest).toBeLessThan(1000);
  }

  test('DNS', () => {
    check(1, DNS, (hostile) => {
      const answer = parseDnsAnswer(hostile);
      expect(answer?.addresses.length ?? 0).toBeLessThanOrEqual(64);
      return answer === undefined ? [] : [answer.name];
    });
  });

  test('ClientHello', () => {
    check(2, TLS, (hostile) => {
      const asked = nameOfTlsStream(hostile);
      return asked.kind === 'found' ? [asked.name] : [];
    });
  });

  test('HTTP', () => {
    check(3, HTTP, (hostile) => {
      const asked = nameOfHttpStream(hostile);
      return asked.kind === 'found' ? [asked.name] : [];
    });
  });

  test('QUIC: what was changed is not opened, so no other name comes of it', () => {
    check(4, QUIC, (hostile) => {
      const pieces = new PieceBuffer();
      openInitials(hostile, undefined, (offset, bytes) => pieces.put(offset, bytes));
      const asked = nameOfClientHello(pieces.prefix, true);
      if (asked.kind === 'found') expect(asked.name).toBe('example.com');
      return asked.kind === 'found' ? [asked.name] : [];
    });
  }, 60_000);

  test('QUIC frames of whoever makes valid packets', () => {
    const next = random(5);
    check(6, joined([1], RFC_HELLO_FRAME, [2, 0, 0, 1, 0, 0, 0]), (frames) => {
      if (next() > 0.05) return [];
      const packet = sealedInitial({ destination: CONNECTION_ID, number: 0, frames, payloadBytes: 1162 });
      return [assemble([packet]).name];
    });
  });
});
