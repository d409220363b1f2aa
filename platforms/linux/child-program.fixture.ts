import { startChild } from './child-program.ts';

// Prints what a child of a program with this user's rights finds: its capabilities, then its environment.
const status = startChild(['/nowhere/cat', '/bin/cat'], ['/proc/self/status']);
process.stdout.write(await new Response(status.stdout).text());
const environment = startChild(['/usr/bin/env'], [], { ADDED: 'yes' });
process.stdout.write(await new Response(environment.stdout).text());
