/**
 * Runs a script again, with `--inside` before its arguments, in a network namespace of its own: the sockets there are
 * those that it makes. Resolves to its exit code.
 */
export async function inOwnNetwork(script: string, args: readonly string[]): Promise<number> {
  const inside = ['unshare', '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const command = [process.execPath, script, '--inside', ...args];
  const child = Bun.spawn([...inside, ...command], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  return child.exited;
}
