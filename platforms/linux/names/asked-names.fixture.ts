/**
 * Learns names in the network namespace it is started in, from processes that it starts, and prints what the rows of
 * each process say. Its loopback interface gets packets as short as those of an Ethernet without offload.
 *
 *   asked-names.fixture.ts TIER KIND...
 *
 * A kind is one of asking-client.fixture.ts, with `-v6` behind it for IPv6.
 */
import { addressText } from '../../../src/data/sample/address.ts';
import { TIERS } from '../../../src/data/sample/network-sample.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { openLinuxNetwork } from '../network/network.ts';
import { sh } from '../packet/veth-pair.fixture.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import { NamesWorld, WORLD_ADDRESSES } from './names-world.fixture.ts';

const DEADLINE_MILLIS = 20_000;
const COLLECT_MILLIS = 100;
const DRAIN_MILLIS = 50;

const [tierText = '', ...kinds] = process.argv.slice(2);
const tier = TIERS.find((one) => one === tierText);
if (tier === undefined) throw new RangeError(`unknown tier '${tierText}'`);

sh('ip link set lo mtu 1500 gso_max_segs 1');
const world = await NamesWorld.open();
const network = openLinuxNetwork({ tier, sniff: true });
await network.collect(UNHURRIED);
// As programs do: other processes of the machine may fill the ring of the tier ebpf.
const draining = setInterval(() => network.drainClosings(), DRAIN_MILLIS);
const clients = await world.startClients(kinds);

const seen = new Map<string, { name: string | undefined; basis: number; offered: string | undefined }>();
const deadline = performance.now() + DEADLINE_MILLIS;
let parts: unknown;
while (seen.size < clients.length && performance.now() < deadline) {
  const { sockets, parts: sampled } = await network.collect(UNHURRIED);
  parts = sampled;
  for (const slot of sockets.slots.rows.subarray(0, sockets.slots.count)) {
    const client = clients.find(({ pid }) => pid === sockets.ownerPid[slot]);
    if (client === undefined || sockets.nameBasis[slot] === 0) continue;
    if (!WORLD_ADDRESSES.includes(addressText(sockets.remoteAddress, slot * ADDRESS_WORDS))) continue;
    const [name, basis] = [sockets.remoteName[slot], sockets.nameBasis[slot]!];
    seen.set(client.name, { name, basis, offered: sockets.offeredProtocols[slot] });
  }
  await Bun.sleep(COLLECT_MILLIS);
}
clearInterval(draining);
await world.close();
network.close();
process.stdout.write(JSON.stringify({ parts, seen: Object.fromEntries(seen) }));
process.exit(0);
