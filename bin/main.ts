import { EXIT_FAILURE } from './exit-codes.ts';
import { complain } from './messages.ts';
import { roleOf } from './role.ts';
import { runSocktop } from './socktop.ts';
import { runSstop } from './sstop.ts';
import { VERSION } from './version.ts';

/** The one executable: the name it is started under says which program it is. */
async function main(): Promise<number> {
  const role = roleOf(process.argv0);
  const argv = process.argv.slice(2);
  if (role === 'sstop') return runSstop(argv);
  if (role === 'socktop') return runSocktop(argv);
  complain(role, `version ${VERSION} holds sstop and socktop; ${role} is not part of it`);
  return EXIT_FAILURE;
}

process.exit(await main());
