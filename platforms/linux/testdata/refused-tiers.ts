// Asks for the tiers that need a privilege, and says how each is refused and what it leaves open.
import { readdirSync } from 'node:fs';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { LinuxPlatform } from '../linux-platform.ts';

function openCount(): number {
  return readdirSync('/proc/self/fd').length;
}

const platform = new LinuxPlatform();
await platform.load('network');
const refusals = (['ebpf', 'packet'] as const).map((tier) => {
  const before = openCount();
  try {
    platform.openNetwork({ tier }).close();
    return { tier, code: 'OPENED' };
  } catch (thrown) {
    const { code, message } =
      thrown instanceof OpError ? thrown : { code: 'NO_OP_ERROR', message: String(thrown) };
    return { tier, code, message, leftOpen: openCount() - before };
  }
});
process.stdout.write(`${JSON.stringify(refusals)}\n`);
process.exit(0);
