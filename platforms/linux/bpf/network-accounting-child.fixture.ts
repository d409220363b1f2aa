import { readFileSync } from 'node:fs';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { NativeBuffer, systemCall } from '../libc.ts';
import { BpfError } from './bpf-call.ts';
import { NetworkAccounting } from './network-accounting.ts';
import { readFlows } from './network-traffic.fixture.ts';

/*
 * Counts in a process of its own, which may have other rights than the test. It says in lines of JSON how opening went,
 * and does then what it is told line by line: `drop`, `read`, `holders`, `remove`, `end`.
 */

const SYS_CAPSET = process.arch === 'arm64' ? 91 : 126;
const SYS_SETRESUID = process.arch === 'arm64' ? 147 : 117;
const NOBODY = 65534;
/** _LINUX_CAPABILITY_VERSION_3, include/uapi/linux/capability.h. */
const CAPABILITY_VERSION = 0x2008_0522;

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Gives up every right of this thread for good. Returns what the kernel says is left. */
function drop(): string {
  systemCall(SYS_SETRESUID, NOBODY, NOBODY, NOBODY);
  const header = new NativeBuffer(8);
  header.u32[0] = CAPABILITY_VERSION;
  const none = new NativeBuffer(24);
  systemCall(SYS_CAPSET, header.pointer, none.pointer);
  return /^CapPrm:\t(\w+)/m.exec(readFileSync('/proc/thread-self/status', 'latin1'))?.[1] ?? '';
}

function holderCount(accounting: NetworkAccounting): number {
  let count = 0;
  accounting.holders(() => count++);
  return count;
}

/** How many flows could be removed. */
function removeAll(accounting: NetworkAccounting): number {
  let count = 0;
  accounting.begin();
  while (accounting.next(100, (flow) => void (accounting.remove(flow) && count++)));
  return count;
}

function answer(accounting: NetworkAccounting, command: string): unknown {
  if (command === 'drop') return drop();
  if (command === 'read') return readFlows(accounting);
  if (command === 'holders') return holderCount(accounting);
  if (command === 'remove') return removeAll(accounting);
  return `what is ${command}?`;
}

function refusal(thrown: unknown) {
  const { op, code, message } = toOpError('', thrown);
  return { op, code, message, log: thrown instanceof BpfError ? thrown.log : '' };
}

async function serve(accounting: NetworkAccounting): Promise<void> {
  const { lastUser, seeded, release, scope, problems } = accounting.parts;
  say({ lastUser, seeded, release, scope, problems: problems.map((problem) => problem.message) });
  for await (const command of console) {
    if (command === 'end') break;
    try {
      say(answer(accounting, command));
    } catch (thrown) {
      say({ error: refusal(thrown) });
    }
  }
  accounting.close();
}

try {
  await serve(NetworkAccounting.open());
} catch (thrown) {
  say({ error: refusal(thrown) });
}
