import { secondsEastOfUtc } from './clock.ts';

const offsets = process.argv.slice(2).map((wallMillis) => secondsEastOfUtc(Number(wallMillis)));
process.stdout.write(JSON.stringify(offsets));
