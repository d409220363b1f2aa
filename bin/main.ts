import { ranAsFileSystemHelper } from '../platforms/helper-role.ts';
import { complain, EXIT_FAILURE, EXIT_OK } from '../src/programs/shared/messages.ts';
import { roleOf } from './executable.ts';
import { endByError } from './last-words.ts';

/** The one executable: the name it is started under says which program it is. */
async function main(): Promise<number> {
  if (await ranAsFileSystemHelper(process.argv[2])) return EXIT_OK;
  const role = roleOf(process.argv0);
  // The import opens the C library: install the error handler first.
  const { isSecureExecution } = await import('../platforms/index.ts');
  // Capabilities were given to one program: its user must not turn it into another one.
  if (roleOf(process.execPath) !== role && (await isSecureExecution())) {
    complain(role, `'${process.execPath}' has privileges and must be started by its own name`);
    return EXIT_FAILURE;
  }
  const argv = process.argv.slice(2);
  if (role === 'sstop') return (await import('./sstop.ts')).runSstop(argv);
  if (role === 'socktop') return (await import('./socktop.ts')).runSocktop(argv);
  return (await import('./socktop-agent.ts')).runAgent(argv);
}

try {
  process.exit(await main());
} catch (thrown) {
  endByError(roleOf(process.argv0), thrown);
}
