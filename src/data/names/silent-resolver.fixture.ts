/**
 * A program that asks for 200 addresses at a name server that never answers (its address is the argument), closes,
 * and has nothing left to wait for: it ends by itself, and prints what it saw.
 */
import { openReverseResolver, ReverseDns } from './reverse-dns.ts';

const dns = new ReverseDns({ resolver: openReverseResolver(2_000, [process.argv[2] ?? '']) });
const started = performance.now();
for (let i = 1; i <= 200; i++) dns.nameOf(`203.0.113.${i}`);
const askedMillis = performance.now() - started;
while (dns.lookupCount < 16) await Bun.sleep(1);
const { lookupCount, waitingCount } = dns;
const closing = performance.now();
dns.close();
const closeMillis = performance.now() - closing;
process.on('exit', () => {
  const exitMillis = performance.now() - closing;
  process.stdout.write(JSON.stringify({ askedMillis, lookupCount, waitingCount, closeMillis, exitMillis }));
});
