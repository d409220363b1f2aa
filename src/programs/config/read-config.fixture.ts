import { problemText, readConfig } from './config-file.ts';
import { VOCABULARY } from './vocabulary.fixture.ts';

// A program of its own: prints the problems of a file, read by somebody without privileges unless told to stay.
const [path = '', stay] = process.argv.slice(2);
if (stay === undefined) process.setuid?.(65_534);
for (const problem of (await readConfig(path, VOCABULARY)).problems)
  process.stdout.write(`${problemText(problem)}\n`);
