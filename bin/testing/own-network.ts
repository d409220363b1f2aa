/** Whether this test may have a network of its own; else it shares that of the machine. */
const CAN_UNSHARE = process.getuid?.() === 0 && Bun.which('unshare') !== null && Bun.which('ip') !== null;

/** A command in a network namespace of its own with loopback alone, so that a fixed port is nobody else's. */
export function inOwnNetwork(command: readonly string[]): string[] {
  if (!CAN_UNSHARE) return [...command];
  return ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command];
}
