import { describe, expect, test } from 'bun:test';
import type { LinkDescription } from '../link.ts';
import { overUplinks, uplinkIndexes } from './uplinks.ts';

type Row = Partial<Omit<LinkDescription, 'master' | 'lower'>> & {
  name: string;
  master?: string;
  lower?: string | number;
};

/** Indexes are given in order; masters and lowers are named. */
function machine(...rows: Row[]): LinkDescription[] {
  const indexOf = (name: string | number | undefined): number =>
    typeof name === 'number' ? name : rows.findIndex((row) => row.name === name) + 1;
  return rows.map(({ master, lower, ...row }, i) => ({
    index: i + 1,
    isUp: true,
    isLoopback: row.name === 'lo',
    isHardware: row.kind === undefined && row.name !== 'lo',
    kind: '',
    ...row,
    master: master === undefined ? 0 : indexOf(master),
    lower: lower === undefined ? 0 : indexOf(lower),
  }));
}

function uplinkNames(links: LinkDescription[]): string[] {
  const uplinks = uplinkIndexes(links);
  return links.filter((link) => uplinks.has(link.index)).map((link) => link.name);
}

const LO = { name: 'lo' };

describe('uplinkIndexes', () => {
  const cases: [string, LinkDescription[], string[]][] = [
    ['a laptop, cable out', machine(LO, { name: 'eth0', isUp: false }, { name: 'wlan0' }), ['eth0', 'wlan0']],
    [
      'a docker host',
      machine(
        LO,
        { name: 'eth0' },
        { name: 'docker0', kind: 'bridge' },
        { name: 'veth1', kind: 'veth', master: 'docker0' },
        { name: 'br-7', kind: 'bridge', isUp: false },
      ),
      ['eth0'],
    ],
    [
      'a bond with a VLAN on it',
      machine(
        LO,
        { name: 'eth0', master: 'bond0' },
        { name: 'eth1', master: 'bond0' },
        { name: 'bond0', kind: 'bond' },
        { name: 'bond0.7', kind: 'vlan', lower: 'bond0' },
      ),
      ['bond0'],
    ],
    [
      'a KVM host: bridge over hardware and taps',
      machine(
        LO,
        { name: 'eth0', master: 'br0' },
        { name: 'br0', kind: 'bridge' },
        { name: 'vnet0', kind: 'tun', master: 'br0' },
        { name: 'virbr0', kind: 'bridge' },
      ),
      ['br0'],
    ],
    [
      'a bond in a bridge',
      machine(
        LO,
        { name: 'eth0', master: 'bond0' },
        { name: 'bond0', kind: 'bond', master: 'br0' },
        { name: 'br0', kind: 'bridge' },
      ),
      ['br0'],
    ],
    [
      'a bridge over a VLAN: the hardware counts, not the bridge',
      machine(
        LO,
        { name: 'eth0' },
        { name: 'eth0.7', kind: 'vlan', lower: 'eth0', master: 'br7' },
        { name: 'br7', kind: 'bridge' },
      ),
      ['eth0'],
    ],
    [
      'a calico host: veths without a bridge, a tunnel',
      machine(
        LO,
        { name: 'eth0' },
        { name: 'cali1', kind: 'veth' },
        { name: 'cali2', kind: 'veth' },
        { name: 'tunl0', kind: 'ipip' },
        { name: 'vxlan.calico', kind: 'vxlan', lower: 'eth0' },
      ),
      ['eth0'],
    ],
    ['wireguard', machine(LO, { name: 'eth0' }, { name: 'wg0', kind: 'wireguard' }), ['eth0']],
    [
      'a switch chip: its ports stand on the processor port',
      machine(
        LO,
        { name: 'eth0' },
        { name: 'lan1', lower: 'eth0', master: 'br' },
        { name: 'br', kind: 'bridge' },
      ),
      ['eth0'],
    ],
    [
      'a VRF does not count for its members',
      machine(LO, { name: 'eth0', master: 'red' }, { name: 'red', kind: 'vrf' }),
      ['eth0'],
    ],
    [
      'Open vSwitch',
      machine(
        LO,
        { name: 'eth0', master: 'ovs-system' },
        { name: 'ovs-system', kind: 'openvswitch', isUp: false },
        { name: 'ovsbr', kind: 'openvswitch' },
      ),
      ['eth0'],
    ],
    [
      'a virtual function under its synthetic device',
      machine(LO, { name: 'eth0' }, { name: 'vf', master: 'eth0' }),
      ['eth0'],
    ],
    [
      'mirrors and dummies',
      machine(LO, { name: 'ifb0', kind: 'ifb' }, { name: 'dummy0', kind: 'dummy' }, { name: 'eth0' }),
      ['eth0'],
    ],
    ['a container: its one veth leads out', machine(LO, { name: 'eth0', kind: 'veth' }), ['eth0']],
    [
      'a container with containers',
      machine(
        LO,
        { name: 'eth0', kind: 'veth' },
        { name: 'docker0', kind: 'bridge' },
        { name: 'veth1', kind: 'veth', master: 'docker0' },
        { name: 'tun0', kind: 'tun' },
        { name: 'dummy0', kind: 'dummy' },
      ),
      ['eth0'],
    ],
    [
      'a rootless container: a tap leads out',
      machine(LO, { name: 'tap0', kind: 'tun' }, { name: 'podman0', kind: 'bridge' }),
      ['tap0'],
    ],
    [
      'a veth pair with both ends here leads nowhere',
      machine(LO, { name: 'a', kind: 'veth', lower: 'b' }, { name: 'b', kind: 'veth', lower: 'a' }),
      [],
    ],
    [
      'a VLAN on a container veth',
      machine(LO, { name: 'eth0', kind: 'veth' }, { name: 'eth0.5', kind: 'vlan', lower: 'eth0' }),
      ['eth0'],
    ],
    [
      'hardware down, a modem line up',
      machine(LO, { name: 'eth0', isUp: false }, { name: 'ppp0', kind: 'ppp' }),
      ['eth0', 'ppp0'],
    ],
    ['a namespace with nothing', machine(LO), []],
    ['a master of another namespace', machine(LO, { name: 'eth0', master: 'nowhere' }), ['eth0']],
    ['nothing at all', [], []],
  ];
  test.each(cases)('%s', (_what, links, expected) => {
    expect(uplinkNames(links)).toEqual(expected);
  });

  test('masters that go in a circle end', () => {
    const links = machine(LO, { name: 'a', master: 'b' }, { name: 'b', kind: 'bond', master: 'a' });
    expect(uplinkIndexes(links).size).toBe(1);
  });
});

describe('overUplinks', () => {
  const cases: [string, LinkDescription[], string[]][] = [
    [
      'a VLAN, what stands on it, and a macvlan',
      machine(
        LO,
        { name: 'mv0', kind: 'macvlan', lower: 'eth0.7' },
        { name: 'eth0.7', kind: 'vlan', lower: 'eth0' },
        { name: 'eth0' },
        { name: 'mv1', kind: 'macvlan', lower: 'eth0' },
      ),
      ['mv0', 'eth0.7', 'mv1'],
    ],
    [
      'a bridge over a VLAN; a VLAN on a bridge or bond',
      machine(
        LO,
        { name: 'br7', kind: 'bridge' },
        { name: 'eth0.7', kind: 'vlan', lower: 'eth0', master: 'br7' },
        { name: 'eth0' },
        { name: 'eth1', master: 'bond0' },
        { name: 'bond0', kind: 'bond' },
        { name: 'bond0.8', kind: 'vlan', lower: 'bond0' },
      ),
      ['br7', 'eth0.7', 'bond0.8'],
    ],
    [
      'ports of a switch chip',
      machine(
        LO,
        { name: 'eth0' },
        { name: 'lan1', lower: 'eth0', master: 'br' },
        { name: 'br', kind: 'bridge' },
      ),
      ['lan1', 'br'],
    ],
    [
      'not tunnels, and not what stays inside',
      machine(
        LO,
        { name: 'eth0' },
        { name: 'vxlan.calico', kind: 'vxlan', lower: 'eth0' },
        { name: 'docker0', kind: 'bridge' },
        { name: 'a', kind: 'veth', lower: 'b', master: 'docker0' },
        { name: 'b', kind: 'veth', lower: 'a' },
        { name: 'docker0.5', kind: 'vlan', lower: 'docker0' },
      ),
      [],
    ],
    ['nothing at all', [], []],
  ];
  test.each(cases)('%s', (_what, links, expected) => {
    const over = overUplinks(links, uplinkIndexes(links));
    expect(links.filter(({ index }) => over.has(index)).map(({ name }) => name)).toEqual(expected);
  });
});
