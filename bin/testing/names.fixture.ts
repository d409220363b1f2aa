/**
 * Runs a program that prints lines of JSON in the network namespace it is started in. After its first line, processes
 * use names there; prints one line with them, and then all lines of the program, until standard input ends.
 *
 *   names.fixture.ts KIND,KIND,... COMMAND [ARGUMENT...]
 */
import { NamesWorld } from '../../platforms/linux/names/names-world.fixture.ts';
import { linesOf } from '../../platforms/linux/packet/lines.fixture.ts';

const [kinds = '', ...command] = process.argv.slice(2);
const world = await NamesWorld.open();
const program = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
const lines = linesOf(program.stdout);
await lines.next();
const clients = await world.startClients(kinds.split(','));
process.stdout.write(`${JSON.stringify(clients)}\n`);
const forwarded = (async () => {
  for await (const line of lines) process.stdout.write(`${line}\n`);
})();
for await (const _ of process.stdin);
program.kill('SIGTERM');
await forwarded;
const code = await program.exited;
await world.close();
process.exit(code);
