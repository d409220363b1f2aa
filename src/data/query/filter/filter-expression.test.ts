import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { addressText } from '../../sample/address.ts';
import type { NetworkSection } from '../../sample/network-section.ts';
import type { SocketSpec } from '../../sample/sample-world.fixture.ts';
import { isListener, PROTOCOL_TCP, PROTOCOL_UDP } from '../../sample/socket-table.ts';
import { ADDRESS_WORDS, TcpState } from '../../schema/network-columns.ts';
import { controlGroupOf } from '../control-groups.ts';
import { HostRows } from '../host-rows.ts';
import { EVERYTHING, Machine, OUTSIDE } from '../machine.fixture.ts';
import { ProcessRows } from '../process-rows.ts';
import { socketStateName } from '../row-texts.ts';
import type { Scope } from '../scope.ts';
import type { FilterNames } from './filter-context.ts';
import { FilterExpression } from './filter-expression.ts';
import type { Alternative, Comparison, FilterTerm, FilterTest } from './filter-term.ts';
import { anyText, filterTerms } from './filter-terms.fixture.ts';
import { parseFilter } from './parse-filter.ts';

const SERVICES: Readonly<Record<string, string>> = {
  '22/tcp': 'ssh',
  '443/tcp': 'HTTPS',
  '53/udp': 'domain',
};
const HOSTS: Readonly<Record<string, string>> = {
  '192.0.2.1': 'One.Example.org',
  '2001:db8::1': 'six.example.org',
};
const NAMES: FilterNames = {
  serviceName: (port, protocol) => SERVICES[`${port}/${protocol}`],
  hostName: (address) => HOSTS[address],
};

/** Processes 7 to 9: sshd listens, redis talks to itself, Curl downloads and asks a name server. */
function smallMachine(): { machine: Machine; section: NetworkSection } {
  const machine = new Machine();
  const { world } = machine;
  machine.commandLines.set(9, '/usr/bin/Curl -T x');
  machine.cgroups.set(7, '/system.slice/ssh.service');
  machine.cgroups.set(9, '/user.slice/user-1000.slice/session-1.scope');
  world.addProcess(7, { name: 'sshd', uid: 0 });
  world.addProcess(8, { name: 'redis' });
  world.addProcess(9, { name: 'Curl' });
  machine.step();
  world.addListener(22, { pid: 7 });
  world.addSocket({ pid: 8, local: '127.0.0.1', remote: '127.0.0.1', remotePort: 6379, tx: 9, rx: 9 });
  world.addSocket({ pid: 9, remote: '192.0.2.1', remotePort: 443, tx: 4096, rx: 100 });
  world.addSocket({ pid: 9, remote: '192.0.2.9', remotePort: 53, protocol: PROTOCOL_UDP, tx: Number.NaN });
  world.addSocket({ pid: 9, remote: '2001:db8::1', local: '2001:db8::5', state: TcpState.TIME_WAIT });
  return { machine, section: machine.step() };
}

function pidsOf(text: string, scope: Scope = OUTSIDE): number[] {
  const { machine, section } = smallMachine();
  const parsed = parseFilter(text, NAMES);
  if ('error' in parsed) throw new TypeError(parsed.error.message);
  const rows = new ProcessRows();
  rows.build(section, machine.rates, scope, parsed.filter);
  return Array.from(
    rows.order({ key: 'pid', isReversed: false }),
    (row) => section.owners.pid[rows.owner[row]!]!,
  );
}

describe('processes', () => {
  test.each([
    ['', [7, 9]],
    ['curl', [9]],
    ['-t x', [9]],
    ['9', [9]],
    ['curl sshd', []],
    ['curl | sshd', [7, 9]],
    ['!curl', [7]],
    ['port:443', [9]],
    ['port:22', [7]],
    ['!port:443', [7]],
    ['port:1,22', [7]],
    ['port>1024', [9]],
    ['host:192.0', [9]],
    ['host:one.example', [9]],
    ['host=192.0.2', []],
    ['host=192.0.2.9', [9]],
    ['host:192.0.2.8/31', [9]],
    ['host:192.0.2.10/31', []],
    ['host:2001:db8::/32', [9]],
    ['proto:udp', [9]],
    ['proto:tcp', [7, 9]],
    ['state:listen', [7]],
    ['state:time_wait', [9]],
    ['up>1K', [9]],
    ['up>4K', []],
    ['up<1K', [7]],
    ['conns=3', [9]],
    ['conns<1', [7]],
    ['user:root', [7]],
    ['user:roo', []],
    ['svc:https', [9]],
    ['svc:domain', [9]],
    ['svc:ssh', [7]],
    ['group:ssh', [7]],
    ['group=ssh', []],
    ['group="user 1000"', [9]],
    ['pid:7', [7]],
    ['pid<9', [7]],
    ['port:443 proto:udp', []],
    ['port:443 proto:tcp', [9]],
    ['port:53 !proto:tcp', [9]],
    ['port:53 !proto:udp', []],
    ['!port:1 !proto:udp', [7]],
    ['port:443 up>1K | user:root', [7, 9]],
  ] as const)('%s', (text, pids) => {
    expect(pidsOf(text)).toEqual([...pids]);
  });

  test('connections out of scope do not count', () => {
    expect(pidsOf('port:6379')).toEqual([]);
    expect(pidsOf('port:6379', EVERYTHING)).toEqual([8]);
    expect(pidsOf('port:443', { interfaceIndex: 1, includeLoopback: false })).toEqual([]);
  });

  test('an unknown rate is neither more nor less than anything', () => {
    const { machine } = smallMachine();
    machine.world.addProcess(10, { name: 'dns' });
    machine.world.addSocket({ pid: 10, protocol: PROTOCOL_UDP, tx: Number.NaN, rx: Number.NaN });
    const section = machine.step();
    for (const [text, isShown] of [
      ['dns up>=0', false],
      ['dns up<1', false],
      ['dns !up>=0', true],
    ] as const) {
      const parsed = parseFilter(text);
      const rows = new ProcessRows();
      if ('filter' in parsed) rows.build(section, machine.rates, OUTSIDE, parsed.filter);
      expect([text, rows.count]).toEqual([text, isShown ? 1 : 0]);
    }
  });

  test('one filter serves one sample after another', () => {
    const { machine, section } = smallMachine();
    const parsed = parseFilter('host:one | port:80', NAMES);
    if ('error' in parsed) throw new TypeError(parsed.error.message);
    const rows = new ProcessRows();
    rows.build(section, machine.rates, OUTSIDE, parsed.filter);
    expect(rows.count).toBe(1);
    const { sockets } = machine.world;
    for (const slot of sockets.slots.rows.slice(0, sockets.slots.count)) {
      if (sockets.remotePort[slot] === 443) machine.world.close(slot);
    }
    rows.build(machine.step(), machine.rates, OUTSIDE, parsed.filter);
    expect(rows.count).toBe(0);
    machine.world.addSocket({ pid: 7, localPort: 80, remote: '192.0.2.77' });
    rows.build(machine.step(), machine.rates, OUTSIDE, parsed.filter);
    expect(rows.count).toBe(1);
  });
});

describe('hosts', () => {
  test.each([
    ['', ['192.0.2.1', '192.0.2.9', '2001:db8::1']],
    ['curl', ['192.0.2.1', '192.0.2.9', '2001:db8::1']],
    ['192.0', ['192.0.2.1', '192.0.2.9']],
    ['example.org', ['192.0.2.1', '2001:db8::1']],
    ['port:443 proto:tcp !state:time_wait', ['192.0.2.1']],
    ['host:2001:db8::/32', ['2001:db8::1']],
    ['up>1K', ['192.0.2.1']],
    ['user:root', []],
    ['!svc:https', ['192.0.2.9']],
  ] as const)('%s', (text, addresses) => {
    const { machine, section } = smallMachine();
    const parsed = parseFilter(text, NAMES);
    if ('error' in parsed) throw new TypeError(parsed.error.message);
    const rows = new HostRows();
    rows.build(section, machine.rates, OUTSIDE, parsed.filter);
    const order = rows.order({ key: 'name', isReversed: false });
    expect(Array.from(order, (row) => rows.addressOf(row))).toEqual([...addresses]);
    expect(rows.unfilteredCount).toBe(3);
  });
});

/** The rules again, as slow and plain as they can be said. */
class NaiveFilter {
  readonly #alternatives: readonly Alternative[];
  readonly #section: NetworkSection;
  readonly #rows: ProcessRows;

  constructor(alternatives: readonly Alternative[], section: NetworkSection, unfiltered: ProcessRows) {
    this.#alternatives = alternatives;
    this.#section = section;
    this.#rows = unfiltered;
  }

  shows(owner: number): boolean {
    if (this.#alternatives.length === 0) return true;
    return this.#alternatives.some((terms) => this.#holdTogether(terms, owner));
  }

  #holdTogether(terms: Alternative, owner: number): boolean {
    const isSocketTerm = ({ test: { key } }: FilterTerm): boolean =>
      ['port', 'host', 'network', 'proto', 'state', 'svc'].includes(key);
    const socketTerms = terms.filter(isSocketTerm);
    const others = terms.filter((term) => !isSocketTerm(term));
    if (!others.every(({ test: each, isNegated }) => this.#isTrueOfOwner(each, owner) !== isNegated))
      return false;
    if (socketTerms.length === 0) return true;
    const sockets = this.#socketsOf(owner);
    if (socketTerms.every(({ isNegated }) => isNegated)) {
      return !sockets.some((socket) =>
        socketTerms.some(({ test: each }) => this.#isTrueOfSocket(each, socket)),
      );
    }
    return sockets.some((socket) =>
      socketTerms.every(({ test: each, isNegated }) => this.#isTrueOfSocket(each, socket) !== isNegated),
    );
  }

  /** Live ones outside of loopback. */
  #socketsOf(owner: number): number[] {
    const { sockets, accounts } = this.#section;
    return [...sockets.slots.rows.subarray(0, sockets.slots.count)].filter((slot) => {
      if (accounts.owner[slot] !== owner || accounts.isClosed[slot] === 1) return false;
      return isListener(sockets, slot) || accounts.interfaceIndex[slot] !== 1;
    });
  }

  #isTrueOfOwner(each: FilterTest, owner: number): boolean {
    const { owners } = this.#section;
    const row = this.#rows.rowOfOwner(owner);
    const pid = owners.pid[owner]!;
    switch (each.key) {
      case 'text': {
        const pidText = pid > 0 ? String(pid) : '';
        const text = `${owners.names[owner]}\n${owners.commandLines[owner] ?? ''}\n${pidText}`;
        return text.toLowerCase().includes(each.text);
      }
      case 'pid':
        return pid > 0 && each.values.some((value) => isTrue(each.comparison, pid, value));
      case 'user':
        return (owners.users[owner] ?? '').toLowerCase() === each.text;
      case 'group': {
        const name = (controlGroupOf(owners.cgroups[owner])?.name ?? '').toLowerCase();
        return each.match === 'equals' ? name === each.text : name.includes(each.text);
      }
      case 'up':
        return isTrue(each.comparison, this.#rows.up[row]!, each.value);
      case 'down':
        return isTrue(each.comparison, this.#rows.down[row]!, each.value);
      case 'conns':
        return isTrue(each.comparison, this.#rows.connections[row]!, each.value);
      default:
        return false;
    }
  }

  #isTrueOfSocket(each: FilterTest, socket: number): boolean {
    const { sockets, accounts } = this.#section;
    const ports = [sockets.localPort[socket]!, sockets.remotePort[socket]!];
    const protocol = sockets.protocol[socket] === PROTOCOL_UDP ? 'udp' : 'tcp';
    const at = socket * ADDRESS_WORDS;
    switch (each.key) {
      case 'port':
        return each.values.some((value) => ports.some((port) => isTrue(each.comparison, port, value)));
      case 'proto':
        return each.protocols.includes(protocol);
      case 'state':
        return each.states.includes(socketStateName(sockets, socket));
      case 'svc':
        return ports.some((port) => NAMES.serviceName?.(port, protocol)?.toLowerCase() === each.text);
      case 'host': {
        if (accounts.host[socket]! < 0) return false;
        const address = addressText(sockets.remoteAddress, at);
        const texts = [address, (NAMES.hostName?.(address) ?? address).toLowerCase()];
        return texts.some((text) =>
          each.match === 'equals' ? text === each.text : text.includes(each.text),
        );
      }
      case 'network': {
        if (accounts.host[socket]! < 0) return false;
        const bits = [...sockets.remoteAddress.subarray(at, at + ADDRESS_WORDS)].map(bitsOf).join('');
        return bits.startsWith([...each.prefix.words].map(bitsOf).join('').slice(0, each.prefix.bits));
      }
      default:
        return false;
    }
  }
}

function bitsOf(word: number): string {
  return word.toString(2).padStart(32, '0');
}

function isTrue(comparison: Comparison, a: number, b: number): boolean {
  const answers: Readonly<Record<Comparison, boolean>> = {
    '=': a === b,
    '<': a < b,
    '<=': a <= b,
    '>': a > b,
    '>=': a >= b,
  };
  return answers[comparison];
}

const randomSocket: fc.Arbitrary<SocketSpec> = fc.record({
  pid: fc.constantFrom(7, 8, 9),
  local: fc.constantFrom('10.0.0.5', '10.0.0.5', '127.0.0.1', '2001:db8::5'),
  localPort: fc.constantFrom(22, 80, 5000),
  remote: fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.7', '2001:db8::1', '2001:db8:0:2::1'),
  remotePort: fc.constantFrom(53, 443, 5000),
  protocol: fc.constantFrom(PROTOCOL_TCP, PROTOCOL_UDP),
  state: fc.constantFrom(
    TcpState.ESTABLISHED,
    TcpState.ESTABLISHED,
    TcpState.LISTEN,
    TcpState.TIME_WAIT,
    TcpState.CLOSE,
  ),
  tx: fc.constantFrom(0, 100, 2048, Number.NaN),
});

const telling = fc.oneof(
  anyText,
  fc.constantFrom(
    'ssh',
    'https',
    'example',
    '192.0.2',
    '2001:db8::1',
    'root',
    'user-1000',
    'nginx.service',
    '',
  ),
);

test('any filter on any sockets shows what the plain rules show', () => {
  fc.assert(
    fc.property(
      fc.array(randomSocket, { maxLength: 12 }),
      fc.array(filterTerms(telling), { minLength: 1, maxLength: 4 }),
      (specs, filters) => {
        const machine = new Machine();
        const { world } = machine;
        machine.cgroups.set(7, '/system.slice/nginx.service');
        for (const pid of [7, 8, 9])
          world.addProcess(pid, { name: `curl-${pid}`, uid: pid === 8 ? 0 : 1000 });
        machine.step();
        const slots = specs.map((spec) => world.addSocket(spec));
        if (slots.length > 3) world.close(slots[0]!);
        const section = machine.step();
        const unfiltered = new ProcessRows();
        unfiltered.build(section, machine.rates, OUTSIDE);
        for (const alternatives of filters) {
          const naive = new NaiveFilter(alternatives, section, unfiltered);
          const rows = new ProcessRows();
          rows.build(section, machine.rates, OUTSIDE, new FilterExpression(alternatives, NAMES));
          const shown = [...rows.owner.subarray(0, rows.count)].sort();
          const all = [...unfiltered.owner.subarray(0, unfiltered.count)].sort();
          expect(shown).toEqual(all.filter((owner) => naive.shows(owner)));
        }
      },
    ),
    { numRuns: 400 },
  );
});
