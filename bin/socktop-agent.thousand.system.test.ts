import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { AgentProcess } from './testing/agent-process.ts';
import { OriginalClient } from './testing/original-client.ts';

const CLIENTS = 1000;
const RUN_MILLIS = 60_000;
/** As the original client polls. */
const CADENCES = [
  { request: 'get_metrics', everyMillis: 500 },
  { request: 'get_processes', everyMillis: 2000 },
  { request: 'get_disks', everyMillis: 5000 },
] as const;
const CPU_LIMIT_PERCENT = 10;
const GROWTH_LIMIT_BYTES = 128 << 20;
const TOKEN = 'thousand';

function status(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
}

/** CPU seconds of a process so far. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const ticks = Number(Bun.spawnSync(['getconf', 'CLK_TCK']).stdout.toString());
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

test(
  'a thousand clients for a minute miss no reply, and cost little more than one',
  async () => {
    const agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN } });
    const clients: OriginalClient[] = [];
    try {
      while (clients.length < CLIENTS) {
        const some = Array.from({ length: 50 }, () => OriginalClient.open(agent.port, { token: TOKEN }));
        clients.push(...(await Promise.all(some)));
      }
      const startBytes = status(agent.pid, 'VmRSS') * 1024;
      let asked = 0;
      let answered = 0;
      let isOver = false;
      const poll = async (client: OriginalClient): Promise<void> => {
        const due = CADENCES.map(({ everyMillis }) => performance.now() + Math.random() * everyMillis);
        while (!isOver) {
          for (const [at, { request, everyMillis }] of CADENCES.entries()) {
            if (performance.now() < due[at]!) continue;
            due[at]! += everyMillis;
            asked++;
            await client.receive(request);
            answered++;
          }
          await Bun.sleep(Math.max(1, Math.min(...due) - performance.now()));
        }
      };
      const polling = clients.map(poll);
      // The first requests are not what is measured: they find cold code.
      await Bun.sleep(5000);
      const [startSeconds, startMillis] = [cpuSeconds(agent.pid), performance.now()];
      await Bun.sleep(RUN_MILLIS);
      const seconds = (performance.now() - startMillis) / 1000;
      const percent = ((cpuSeconds(agent.pid) - startSeconds) / seconds) * 100;
      const grownBytes = status(agent.pid, 'VmRSS') * 1024 - startBytes;
      isOver = true;
      await Promise.all(polling);
      process.stderr.write(
        `${answered} replies (${(answered / (seconds + 5)).toFixed(0)} a second), ${percent.toFixed(1)} % of a core, ` +
          `${status(agent.pid, 'VmRSS') >> 10} MiB, grown by ${(grownBytes / 2 ** 20).toFixed(1)}\n`,
      );
      expect(answered).toBe(asked);
      expect(clients.filter(({ closed }) => closed !== undefined)).toEqual([]);
      expect(percent).toBeLessThan(CPU_LIMIT_PERCENT);
      expect(grownBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
    } finally {
      for (const client of clients) client.close();
      await agent.close();
    }
  },
  RUN_MILLIS * 3,
);
