/** A program that uses every kind of name once, with the database of its first argument and the server of its second. */
import { openNames } from './names.ts';
import { openReverseResolver } from './reverse-dns.ts';

const resolver = openReverseResolver(2_000, [process.argv[3] ?? '']);
const { names } = await openNames({
  ...{ hostsPath: '/etc/hosts', servicesPath: '/etc/services', countryFolders: [] },
  ...{ isDnsOn: true, geoipPath: process.argv[2] ?? '', resolver },
});
const changed = new Promise<void>((resolve) => {
  names.onChange = resolve;
});
names.host('8.8.8.8');
// Timers of names do not keep a program alive; this one has something to wait for.
const waiting = setInterval(() => undefined, 1_000);
await changed;
clearInterval(waiting);
process.stdout.write([names.host('8.8.8.8'), names.country('8.8.8.8'), names.service(443, 'udp')].join(' '));
names.close();
