/**
 * What runs in the virtual machine, started by its init: asks sstop what it can do on this kernel, sends traffic of
 * known size on every tier that it says works, and prints each result as a line of machine-report.ts.
 *
 *   machine-guest.ts MODULE...    kernel modules in the order to load them
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { SSTOP } from './executables.ts';
import { watchLoopback } from './machine-loopback.ts';
import { type Examination, MARK, type MachineLine, type Stage, type Who } from './machine-report.ts';
import { CASES, slowedDown } from './veth-cases.ts';
import { SstopMonitor, type TierName } from './veth-monitor.ts';
import { type Session, watch } from './veth-session.ts';
import { tierStates } from './veth-tiers.ts';
import { rowSumOf, verdictsOf } from './veth-verdict.ts';

/** sstop as an ordinary user; the machine's image holds it. */
const SSTOP_AS_NOBODY = '/sstop-as-nobody';
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
const EXECUTABLES: Readonly<Record<Who, string>> = { root: SSTOP, nobody: SSTOP_AS_NOBODY };
const PREFIXES: Readonly<Record<Who, readonly string[]>> = { root: [], nobody: NOBODY };
/** An emulated processor needs longer to look, another one's still longer, so that what lasts has to last longer. */
const SLOWNESS = process.arch === 'arm64' ? 10 : 4;
const IN_OTHER_PIDS = ['unshare', '--pid', '--fork', '--mount-proc', '--'];
/** It counts nothing, so there is nothing to compare. */
const COUNTLESS: TierName = 'proc';

function say(line: MachineLine): void {
  process.stdout.write(`${MARK}${JSON.stringify(line)}\n`);
}

function upMillis(): number {
  return 1000 * Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));
}

/** A step that fails is told, and the next one is tried. */
async function attempt(step: string, run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    say({ kind: 'failure', step, message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

function output(argv: readonly string[]): string {
  const done = Bun.spawnSync([...argv], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  if (done.success) return done.stdout.toString();
  throw new Error(`${argv.join(' ')}: exit ${done.exitCode}, ${done.stderr.toString().trim()}`);
}

function examine(stage: Stage, who: Who, wrapper: readonly string[] = []): void {
  const examination: Examination = JSON.parse(output([...wrapper, EXECUTABLES[who], '--doctor', '--json']));
  say({ kind: 'examination', stage, who, examination });
}

async function compare(who: Who, where: 'loopback' | 'veth', tier: TierName, run: () => Promise<Session>) {
  await attempt(`${tier} as ${who} over ${where}`, async () => {
    const start = performance.now();
    const session = await run();
    say({
      kind: 'accuracy',
      tier,
      who,
      where,
      verdicts: verdictsOf(session),
      rowSum: rowSumOf(session) ?? null,
      segmentsPerFrame: session.segmentsPerFrame,
      remarks: session.shown.remarks,
      elapsedMillis: performance.now() - start,
    });
  });
}

async function compareAll(who: Who): Promise<void> {
  const executable = EXECUTABLES[who];
  for (const { tier, obstacle, countsUdp } of tierStates(executable)) {
    if (obstacle !== undefined || tier === COUNTLESS) continue;
    await compare(who, 'loopback', tier, () => watchLoopback({ tier, countsUdp, executable }, PREFIXES[who]));
    if (who === 'nobody') continue;
    await compare(who, 'veth', tier, () =>
      watch(
        CASES.map((spec) => slowedDown(spec, SLOWNESS)),
        (network) => SstopMonitor.start({ tier, network, countsUdp }),
      ),
    );
  }
}

say({ kind: 'started', release: release(), upMillis: upMillis() });
await attempt('examine without modules', () => examine('bare', 'root'));
for (const module of process.argv.slice(2)) {
  await attempt(`load ${module}`, () => void output(['insmod', module]));
}
// Over loopback nobody but the ends can tell what passed: TCP must not send a probe for what is merely late.
await attempt('settle TCP', () => writeFileSync('/proc/sys/net/ipv4/tcp_early_retrans', '0'));
await attempt('examine in a PID namespace', () => examine('contained', 'root', IN_OTHER_PIDS));
for (const who of ['root', 'nobody'] as const) {
  await attempt(`examine as ${who}`, () => examine('ready', who));
  await attempt(`compare as ${who}`, () => compareAll(who));
}
say({ kind: 'finished', upMillis: upMillis() });
