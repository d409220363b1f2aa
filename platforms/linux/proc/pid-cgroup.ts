const decoder = new TextDecoder();

/**
 * /proc/PID/cgroup (cgroups(7)): the path in the unified hierarchy, or where that has none but the root the one of
 * systemd's named hierarchy. undefined where neither stands in the text. A cut last line is not used.
 *
 *   0::/user.slice/user-1000.slice
 *   1:name=systemd:/system.slice/cron.service
 */
export function parseControlGroup(bytes: Uint8Array, length: number): string | undefined {
  const lines = decoder.decode(bytes.subarray(0, Math.min(length, bytes.length))).split('\n');
  let unified: string | undefined;
  let systemd: string | undefined;
  for (let i = 0; i < lines.length - 1; i++) {
    const line = lines[i]!;
    if (line.startsWith('0::/')) unified = line.slice(3);
    else if (/^[0-9]+:name=systemd:\//.test(line)) systemd = line.slice(line.indexOf(':/') + 1);
  }
  // On hybrid systems the unified hierarchy may be mounted and unused: everything stands at its root.
  return unified === undefined || unified === '/' ? (systemd ?? unified) : unified;
}
