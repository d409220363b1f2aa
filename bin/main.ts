import { roleOf } from './role.ts';

/** The one executable: the name it is started under says which program it is. */
async function main(): Promise<number> {
  const role = roleOf(process.argv0);
  const argv = process.argv.slice(2);
  if (role === 'sstop') return (await import('./sstop.ts')).runSstop(argv);
  if (role === 'socktop') return (await import('./socktop.ts')).runSocktop(argv);
  return (await import('./socktop-agent.ts')).runAgent(argv);
}

process.exit(await main());
