import { roleOf } from './role.ts';
import { runSocktop } from './socktop.ts';
import { runAgent } from './socktop-agent.ts';
import { runSstop } from './sstop.ts';

/** The one executable: the name it is started under says which program it is. */
async function main(): Promise<number> {
  const role = roleOf(process.argv0);
  const argv = process.argv.slice(2);
  if (role === 'sstop') return runSstop(argv);
  if (role === 'socktop') return runSocktop(argv);
  return runAgent(argv);
}

process.exit(await main());
