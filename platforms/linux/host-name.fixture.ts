import { Host } from './host.ts';

// In a UTS namespace of its own: prints what the host is called before and after it is given another name.
Bun.spawnSync(['hostname', 'before']);
const host = new Host('/proc');
const before = host.facts.hostName;
Bun.spawnSync(['hostname', 'after']);
process.stdout.write(JSON.stringify([before, host.facts.hostName]));
