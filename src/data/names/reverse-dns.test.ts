import { describe, expect, test } from 'bun:test';
import { NXDOMAIN, openDnsServer } from './dns-server.fixture.ts';
import { ManualTimers } from './manual-timers.fixture.ts';
import {
  openReverseResolver,
  ReverseDns,
  type ReverseDnsOptions,
  type ReverseLookup,
  type ReverseResolver,
} from './reverse-dns.ts';

/** A resolver whose questions a test answers by hand, or never. */
class HandResolver implements ReverseResolver {
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  readonly #pending = new Map<string, PromiseWithResolvers<readonly string[]>>();

  reverse(address: string): ReverseLookup {
    this.asked.push(address);
    const pending = Promise.withResolvers<readonly string[]>();
    this.#pending.set(address, pending);
    const cancel = (): void => {
      this.cancelled.push(address);
      pending.reject(new TypeError('cancelled'));
    };
    return { names: pending.promise, cancel };
  }

  answer(address: string, ...names: string[]): void {
    this.#pending.get(address)?.resolve(names);
  }

  fail(address: string): void {
    this.#pending.get(address)?.reject(new TypeError('no such name'));
  }
}

function setUp(options: ReverseDnsOptions = {}) {
  const resolver = new HandResolver();
  const timers = new ManualTimers();
  const changes: number[] = [];
  const dns = new ReverseDns({
    resolver,
    timers,
    onChange: () => changes.push(timers.nowMillis()),
    ...options,
  });
  return { resolver, timers, changes, dns };
}

const address = (i: number): string => `198.51.${100 + (i >> 8)}.${i & 255}`;

describe('names', () => {
  test('are known after the answer, asked for once, and told', async () => {
    const { dns, resolver, timers, changes } = setUp();
    expect(dns.nameOf('1.1.1.1')).toBeUndefined();
    expect(resolver.asked).toEqual([]);
    await timers.advance(0);
    expect([dns.nameOf('1.1.1.1'), dns.nameOf('1.1.1.1')]).toEqual([undefined, undefined]);
    await timers.advance(10);
    resolver.answer('1.1.1.1', 'one.one\u001b.one.');
    await timers.advance(0);
    expect(dns.nameOf('1.1.1.1')).toBe('one.one\u00b7.one');
    await timers.advance(1_000);
    expect(resolver.asked).toEqual(['1.1.1.1']);
    expect(changes).toEqual([1_010]);
    expect(timers.count).toBe(0);
  });

  test('are asked for again after five minutes, shown meanwhile, and gone when there is none any more', async () => {
    const { dns, resolver, timers, changes } = setUp();
    dns.nameOf('1.1.1.1');
    await timers.advance(0);
    resolver.answer('1.1.1.1', 'old.example');
    await timers.advance(299_999);
    expect([dns.nameOf('1.1.1.1'), resolver.asked.length]).toEqual(['old.example', 1]);
    await timers.advance(1);
    expect(dns.nameOf('1.1.1.1')).toBe('old.example');
    await timers.advance(0);
    expect([dns.nameOf('1.1.1.1'), resolver.asked.length]).toEqual(['old.example', 2]);
    resolver.fail('1.1.1.1');
    await timers.advance(0);
    expect(dns.nameOf('1.1.1.1')).toBeUndefined();
    expect(changes.length).toBe(2);
  });

  test('that do not exist are cached for five minutes too, and no news', async () => {
    const { dns, resolver, timers, changes } = setUp();
    for (const [millis, asked] of [
      [0, 1],
      [299_999, 1],
      [1, 2],
    ] as const) {
      await timers.advance(millis);
      dns.nameOf('1.1.1.1');
      await timers.advance(0);
      resolver.fail('1.1.1.1');
      await timers.advance(0);
      expect(resolver.asked.length).toBe(asked);
    }
    expect(changes).toEqual([]);
  });

  test('of the hosts file are known without asking', () => {
    const { dns, timers } = setUp({ hosts: new Map([['10.0.0.7', 'nas.lan']]) });
    expect(dns.nameOf('10.0.0.7')).toBe('nas.lan');
    expect(timers.count).toBe(0);
  });

  test('are asked for of private networks, never of this machine, link, groups, or what is no address', async () => {
    const { dns, resolver, timers } = setUp();
    const asked = ['10.0.0.1', '192.168.1.1', 'fd00::1', '100.64.0.1', '192.0.2.1', '8.8.8.8'];
    const unasked = ['127.0.0.1', '::1', '0.0.0.0', '::', '169.254.0.1', 'fe80::1', '224.0.0.1', 'ff02::fb'];
    for (const one of [...asked, ...unasked, '255.255.255.255', '240.0.0.1', '', 'example.org'])
      dns.nameOf(one);
    await timers.advance(0);
    expect(resolver.asked.toSorted()).toEqual(asked.toSorted());
  });

  test('a resolver that throws is a failed look-up', async () => {
    const resolver: ReverseResolver = {
      reverse: () => {
        throw new TypeError('broken');
      },
    };
    const { dns, timers } = setUp({ resolver });
    dns.nameOf('1.1.1.1');
    await timers.advance(0);
    expect([dns.nameOf('1.1.1.1'), dns.lookupCount, timers.count]).toEqual([undefined, 0, 0]);
  });
});

describe('bounds', () => {
  test('16 look-ups at once, 256 waiting, the last wanted first, the longest unwanted dropped', async () => {
    const { dns, resolver, timers } = setUp();
    for (let i = 0; i < 1_000; i++) dns.nameOf(address(i));
    expect([dns.lookupCount, dns.waitingCount]).toEqual([0, 256]);
    dns.nameOf(address(800));
    await timers.advance(0);
    const newest = Array.from({ length: 15 }, (_, i) => address(999 - i));
    expect(resolver.asked).toEqual([address(800), ...newest]);
    expect([dns.lookupCount, dns.waitingCount]).toEqual([16, 240]);
    resolver.answer(address(999), 'a.example');
    await timers.advance(0);
    expect(resolver.asked.at(-1)).toBe(address(984));
    expect(dns.lookupCount).toBe(16);
  });

  test('a look-up ends after two seconds, and its late answer is not taken for another', async () => {
    const { dns, resolver, timers } = setUp();
    dns.nameOf('1.1.1.1');
    await timers.advance(1_999);
    expect(dns.lookupCount).toBe(1);
    await timers.advance(1);
    expect([dns.lookupCount, timers.count]).toEqual([0, 0]);
    expect(resolver.cancelled).toEqual(['1.1.1.1']);
    resolver.answer('1.1.1.1', 'late.example');
    await timers.advance(0);
    expect(dns.nameOf('1.1.1.1')).toBeUndefined();
  });

  test('4096 answers are kept, those least recently used go first', async () => {
    const asked: string[] = [];
    const resolver: ReverseResolver = {
      reverse: (one) => {
        asked.push(one);
        return { names: Promise.resolve([`h${one}`]), cancel: () => undefined };
      },
    };
    const { dns, timers } = setUp({ resolver });
    for (let i = 0; i < 4_096; i += 128) {
      for (let j = i; j < i + 128; j++) dns.nameOf(`8.0.${j >> 8}.${j & 255}`);
      await timers.advance(0);
    }
    expect(asked.length).toBe(4_096);
    expect(dns.nameOf('8.0.0.127')).toBe('h8.0.0.127');
    dns.nameOf('9.9.9.9');
    await timers.advance(0);
    // The first look-up of all was for 8.0.0.127, the second for 8.0.0.126.
    expect(dns.nameOf('8.0.0.127')).toBe('h8.0.0.127');
    expect(dns.nameOf('8.0.0.126')).toBeUndefined();
    expect(dns.nameOf('8.0.0.125')).toBe('h8.0.0.125');
  });

  test('changes are told at most once in 100 ms', async () => {
    const { dns, resolver, timers, changes } = setUp();
    for (let i = 0; i < 16; i++) dns.nameOf(address(i));
    await timers.advance(0);
    for (let i = 0; i < 16; i++) {
      resolver.answer(address(i), `h${i}.example`);
      await timers.advance(20);
    }
    await timers.advance(1_000);
    expect(changes).toEqual([1_000, 1_100, 1_200, 1_300, 1_400]);
  });
});

describe('off and closed', () => {
  test('off: nobody is asked, what is known stays known; on: asks again', async () => {
    const { dns, resolver, timers } = setUp({ isEnabled: false });
    dns.nameOf('1.1.1.1');
    expect([timers.count, dns.waitingCount]).toEqual([0, 0]);
    dns.setEnabled(true);
    dns.nameOf('1.1.1.1');
    await timers.advance(0);
    resolver.answer('1.1.1.1', 'one.example');
    dns.nameOf('2.2.2.2');
    dns.setEnabled(false);
    await timers.advance(0);
    expect([resolver.asked, dns.isEnabled, dns.nameOf('1.1.1.1')]).toEqual([
      ['1.1.1.1'],
      false,
      'one.example',
    ]);
  });

  test('a resolver that never answers: closing ends 200 addresses at once, no timer and no callback left', async () => {
    const { dns, resolver, timers, changes } = setUp();
    for (let frame = 0; frame < 20; frame++) {
      for (let i = 0; i < 200; i++) expect(dns.nameOf(address(i))).toBeUndefined();
      await timers.advance(50);
      expect(dns.lookupCount).toBe(16);
      expect(dns.waitingCount).toBeLessThanOrEqual(200);
    }
    dns.close();
    expect([dns.lookupCount, dns.waitingCount, timers.count, resolver.cancelled.length]).toEqual([
      0, 0, 0, 16,
    ]);
    dns.nameOf(address(300));
    await timers.advance(10_000);
    expect([dns.waitingCount, timers.count, changes, resolver.asked.length]).toEqual([0, 0, [], 16]);
  });

  test('all 200 are through after 13 time limits, and none is asked twice', async () => {
    const { dns, resolver, timers } = setUp();
    for (let i = 0; i < 200; i++) dns.nameOf(address(i));
    await timers.advance(13 * 2_000);
    expect([new Set(resolver.asked).size, resolver.asked.length, timers.count]).toEqual([200, 200, 0]);
  });
});

describe('real name servers', () => {
  test('names arrive, the missing are undefined', async () => {
    const server = await openDnsServer((question) =>
      question.startsWith('9.') ? NXDOMAIN : { names: [`h${question.split('.')[0]}.lan`] },
    );
    const changed = Promise.withResolvers<void>();
    const dns = new ReverseDns({
      resolver: openReverseResolver(2_000, [server.address]),
      onChange: () => {
        if (dns.lookupCount === 0 && dns.waitingCount === 0) changed.resolve();
      },
    });
    for (let i = 1; i <= 16; i++) dns.nameOf(`10.0.0.${i}`);
    await changed.promise;
    const names = Array.from({ length: 16 }, (_, i) => dns.nameOf(`10.0.0.${i + 1}`));
    expect(names).toEqual(names.map((_, i) => (i === 8 ? undefined : `h${i + 1}.lan`)));
    expect(server.questions.length).toBe(16);
    dns.close();
    server.close();
  });

  test('one that never answers: 200 wanted, 16 asked, the program ends at once by itself', async () => {
    const server = await openDnsServer(() => undefined);
    const child = Bun.spawn(
      [process.execPath, `${import.meta.dir}/silent-resolver.fixture.ts`, server.address],
      {
        stdout: 'pipe',
        stderr: 'inherit',
      },
    );
    const seen = JSON.parse(await new Response(child.stdout).text());
    expect(await child.exited).toBe(0);
    expect(seen).toMatchObject({ lookupCount: 16, waitingCount: 184 });
    // On a busy machine, too; who waited for an answer would wait two seconds.
    for (const millis of [seen.askedMillis, seen.closeMillis, seen.exitMillis])
      expect(millis).toBeLessThan(1500);
    expect(new Set(server.questions).size).toBe(16);
    server.close();
  });
});
