import { afterEach, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { AgentProcess } from './testing/agent-process.ts';
import { OriginalClient } from './testing/original-client.ts';
import { V2Client } from './testing/v2-client.ts';

const IDLE_MILLIS = 60_000;
/** Until what starting or the last request has set going is done. */
const SETTLE_MILLIS = 60_000;
/** How long accounting goes on after the last request. */
const LEASE_MILLIS = 60_000;
const LIMIT_MILLIS = 180_000;
/** The pages of the executable that only its start has run are given back: 12 MB, where they stay 49. */
const RESIDENT_MEGABYTES = 30;

let agent: AgentProcess | undefined;

afterEach(async () => {
  await agent?.close();
});

/** Voluntary context switches so far, by thread. */
function switches(pid: number): Map<number, number> {
  const of = (tid: string): number =>
    Number(
      /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(
        readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8'),
      )?.[1],
    );
  return new Map(readdirSync(`/proc/${pid}/task`).map((tid) => [Number(tid), of(tid)]));
}

/** In a minute: of the main thread, and of all threads that are there at its end. */
async function idleSwitches(pid: number): Promise<{ readonly main: number; readonly all: number }> {
  await Bun.sleep(SETTLE_MILLIS);
  const before = switches(pid);
  await Bun.sleep(IDLE_MILLIS);
  const grown = [...switches(pid)].map(([tid, count]) => [tid, count - (before.get(tid) ?? 0)] as const);
  return {
    main: grown.find(([tid]) => tid === pid)![1],
    all: grown.reduce((sum, [, count]) => sum + count, 0),
  };
}

function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

describe('an agent that nobody asks', () => {
  test(
    'without clients does not wake up',
    async () => {
      agent = await AgentProcess.start();
      const { main, all } = await idleSwitches(agent.pid);
      const resident = residentMegabytes(agent.pid);
      process.stderr.write(`no client: ${resident.toFixed(1)} MB resident\n`);
      expect(resident).toBeLessThan(RESIDENT_MEGABYTES);
      process.stderr.write(`no client: main thread ${main}, all threads ${all} in a minute\n`);
      expect(main).toBe(0);
      expect(all).toBeLessThanOrEqual(2);
    },
    LIMIT_MILLIS,
  );

  test(
    'after clients that have gone does not wake up either',
    async () => {
      agent = await AgentProcess.start();
      const client = await OriginalClient.open(agent.port);
      for (const request of ['get_metrics', 'get_processes', 'get_disks']) await client.ask(request);
      client.close();
      const { main, all } = await idleSwitches(agent.pid);
      process.stderr.write(`after a client: main thread ${main}, all threads ${all} in a minute\n`);
      expect(main).toBe(0);
      expect(all).toBeLessThanOrEqual(2);
    },
    LIMIT_MILLIS,
  );

  test(
    'a minute after the network was asked for does not wake up either, and has given back what it had opened',
    async () => {
      agent = await AgentProcess.start();
      const descriptors = (): number => readdirSync(`/proc/${agent!.pid}/fd`).length;
      const before = descriptors();
      const client = await V2Client.open(agent.port);
      expect((await client.ask('get_network')).reply).toBe('get_network');
      const whileCounting = descriptors();
      client.close();
      await Bun.sleep(LEASE_MILLIS);
      const { main, all } = await idleSwitches(agent.pid);
      process.stderr.write(
        `after accounting: main thread ${main}, all threads ${all} in a minute; ` +
          `${before}, ${whileCounting}, ${descriptors()} descriptors\n`,
      );
      expect(main).toBe(0);
      expect(all).toBeLessThanOrEqual(2);
      expect(descriptors()).toBeLessThan(whileCounting);
    },
    LIMIT_MILLIS + LEASE_MILLIS,
  );

  test(
    'with silent clients wakes up at most twice a second',
    async () => {
      agent = await AgentProcess.start();
      const clients = await Promise.all(Array.from({ length: 10 }, () => OriginalClient.open(agent!.port)));
      const { main, all } = await idleSwitches(agent.pid);
      process.stderr.write(`10 silent clients: main thread ${main}, all threads ${all} in a minute\n`);
      expect(main).toBeLessThanOrEqual((IDLE_MILLIS / 1000) * 2);
      expect(clients.every(({ closed }) => closed === undefined)).toBe(true);
      for (const client of clients) client.close();
    },
    LIMIT_MILLIS,
  );
});
