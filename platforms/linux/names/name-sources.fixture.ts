/**
 * Sends bursts of segments that begin with no name, in the network namespace it is started in, and prints how many of
 * each a NameRing was shown.
 */
import { openLinkSource } from '../machine/interface-collector.ts';
import { NameSniffer } from './name-sniffer.ts';
import { NameRing } from './name-sources.ts';

const SEGMENTS = 1000;
const MINUTE_MICROS = 61e6;
/** Until the ring hands over what it has for certain, on a busy machine too. */
const RING_MILLIS = 200;

let micros = 1e6;
const clock = (): number => micros;
const sniffer = new NameSniffer(clock);
const ring = new NameRing({ sniffer, clock, links: openLinkSource('/sys') });

/** How many segments of a burst were shown, each of which is the answer to the one before. */
async function burst(port: number): Promise<number> {
  let left = SEGMENTS;
  const { promise, resolve } = Promise.withResolvers<void>();
  const data = (socket: Bun.Socket): void => {
    if (left-- > 0) socket.write('x');
    else resolve();
  };
  const listener = Bun.listen({ hostname: '127.0.0.1', port, socket: { data } });
  const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data } });
  socket.write('x');
  await promise;
  await Bun.sleep(RING_MILLIS);
  ring.drain();
  socket.terminate();
  listener.stop(true);
  return sniffer.passedOver;
}

const shown = { first: await burst(8000), other: await burst(8000), web: await burst(80) };
const none = await burst(80);
micros += MINUTE_MICROS;
ring.drain();
const later = await burst(8000);
ring.close();
process.stdout.write(JSON.stringify({ ...shown, none, later }));
process.exit(0);
