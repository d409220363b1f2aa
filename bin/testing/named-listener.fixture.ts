/** A listening process whose task name is the bytes given as hexadecimal; prints its pid when it is ready. */
import { writeFileSync } from 'node:fs';

const name = Uint8Array.fromHex(process.argv[2] ?? '');
Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
writeFileSync('/proc/self/comm', name);
process.stdout.write(`${process.pid}\n`);
