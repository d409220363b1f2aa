// Collects twice with sockets of its own and says what an ordinary user sees of them and of a given port's listener.
import { openLinuxNetwork } from '../network/network.ts';
import { Pair, rowOf, WHOLE_SLICE } from './loopback.ts';

const othersPort = Number(process.argv[2]);
const network = openLinuxNetwork({ tier: 'auto' });
await network.collect(WHOLE_SLICE);
const pair = await Pair.open('127.0.0.1');
pair.client.send(2500);
await pair.server.until(() => pair.server.received === 2500);
const { sockets, errors } = await network.collect(WHOLE_SLICE);
const client = rowOf(sockets, pair.clientPort, pair.serverPort);
const others = rowOf(sockets, othersPort, 0);
process.stdout.write(
  `${JSON.stringify({
    tier: network.tier,
    errors,
    pid: process.pid,
    uid: process.geteuid?.(),
    ownerPid: sockets.ownerPid[client],
    ownerBasis: sockets.ownerBasis[client],
    txBytes: sockets.txBytes[client],
    othersUid: sockets.uid[others],
    othersPid: sockets.ownerPid[others],
    othersBasis: sockets.ownerBasis[others],
  })}\n`,
);
process.exit(0);
