import type { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import type { LinkDescription } from '../link.ts';

/** Masters that route between their members instead of joining them: a member's bytes are its own. */
const TRANSPARENT_MASTERS = new Set(['vrf', 'openvswitch']);

/** No bytes of theirs ever leave, or they are copies of another interface's. */
const NEVER = new Set(['dummy', 'ifb', 'nlmon', 'vcan', 'vrf', 'lowpan', 'vsockmon', 'netdevsim']);

/** What they carry leaves, wrapped, by another interface. */
const TUNNELS = new Set(
  (
    'tun wireguard ipip sit gre gretap erspan ip6gre ip6gretap ip6erspan ip6tnl vti vti6 xfrm vxlan geneve ' +
    'bareudp gtp fou amt ovpn pfcp ppp'
  ).split(' '),
);

/** Pairs of ends, of which none carries what the other one does any further. */
const PAIRS = new Set(['veth', 'netkit', 'vxcan']);

const BRIDGES = new Set(['bridge', 'openvswitch']);
const MASTERS_DEPTH_LIMIT = 8;

/** Brings the rows up to date with the links that there are, but for their counters. */
export function storeLinks(table: InterfaceTable, links: readonly LinkDescription[]): void {
  const uplinks = uplinkIndexes(links);
  const over = overUplinks(links, uplinks);
  const present = new Set(links.map(({ index }) => index));
  table.slots.removeWhere((slot) => !present.has(table.index[slot]!));
  for (const link of links) {
    const slot = table.slotOf(link.index);
    if (slot < 0) continue;
    table.names[slot] = link.name;
    table.isLoopback[slot] = link.isLoopback ? 1 : 0;
    table.isUp[slot] = link.isUp ? 1 : 0;
    table.isUplink[slot] = uplinks.has(link.index) ? 1 : 0;
    table.isOverUplink[slot] = over.has(link.index) ? 1 : 0;
  }
}

/**
 * The ifindexes through which bytes enter or leave this machine, no byte on two of them.
 *
 * Every hardware device counts at the top of its chain of masters: its bond's or bridge's counters where it is a
 * member, its own otherwise. What is stacked on another interface, carries tunnels or stays inside does not count.
 * A container or a network namespace has no hardware that is up: there the plainest interfaces that lead out do.
 */
export function uplinkIndexes(links: readonly LinkDescription[]): Set<number> {
  const byIndex = new Map(links.map((link) => [link.index, link]));
  const uplinks = new Set<number>();
  let isAnyUp = false;
  for (const link of links) {
    if (!link.isHardware || link.isLoopback || byIndex.has(link.lower)) continue;
    const top = topMaster(link, byIndex);
    uplinks.add(top.index);
    isAnyUp ||= top.isUp;
  }
  if (!isAnyUp) for (const index of waysOut(links, byIndex)) uplinks.add(index);
  return uplinks;
}

/**
 * The ifindexes of what stands on an uplink without being one: what sockets there send and get passes the uplink as it
 * is (VLAN, macvlan, ports of a switch, bridges and bonds of those). Not tunnels, whose bytes leave in packets of others.
 */
export function overUplinks(links: readonly LinkDescription[], uplinks: ReadonlySet<number>): Set<number> {
  const over = new Set<number>();
  for (let grown = -1; grown !== over.size; ) {
    grown = over.size;
    for (const { index, kind, lower, master } of links) {
      const isOut = uplinks.has(index) || over.has(index);
      const standsOn = !TUNNELS.has(kind) && !PAIRS.has(kind) ? lower : 0;
      if (!isOut && (uplinks.has(standsOn) || over.has(standsOn))) over.add(index);
      if (isOut && master !== 0 && !uplinks.has(master)) over.add(master);
    }
  }
  return over;
}

type LinksByIndex = ReadonlyMap<number, LinkDescription>;

function masterOf(link: LinkDescription, byIndex: LinksByIndex): LinkDescription | undefined {
  const master = link.master === 0 ? undefined : byIndex.get(link.master);
  return master === undefined || TRANSPARENT_MASTERS.has(master.kind) ? undefined : master;
}

function topMaster(link: LinkDescription, byIndex: LinksByIndex): LinkDescription {
  let top = link;
  for (let depth = 0; depth < MASTERS_DEPTH_LIMIT; depth++) {
    const master = masterOf(top, byIndex);
    if (master === undefined) break;
    top = master;
  }
  return top;
}

/** Of several kinds only the plainest: a bridge or a tunnel beside a veth passes on what the veth carries too. */
function waysOut(links: readonly LinkDescription[], byIndex: LinksByIndex): number[] {
  const candidates = links.filter(
    (link) =>
      link.isUp &&
      !link.isLoopback &&
      !NEVER.has(link.kind) &&
      !byIndex.has(link.lower) &&
      masterOf(link, byIndex) === undefined,
  );
  const plainest = Math.min(...candidates.map(rank));
  return candidates.filter((link) => rank(link) === plainest).map((link) => link.index);
}

function rank(link: LinkDescription): number {
  if (BRIDGES.has(link.kind)) return 2;
  return TUNNELS.has(link.kind) ? 1 : 0;
}
