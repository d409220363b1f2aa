/** An agent, and what it is called; a name of the user's own is another than the host's. */
interface CalledHost {
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
}

/** Names of hosts: with the port where several are called by the same host's name. */
export function namesWithPorts(hosts: readonly CalledHost[]): readonly string[] {
  return hosts.map(({ name, hostName, port }) => {
    const isShared = hosts.filter((other) => other.name === name).length > 1;
    if (!isShared || name !== hostName) return name;
    return `${hostName.includes(':') ? `[${hostName}]` : hostName}:${port}`;
  });
}

/** Unique host names: all but the first of equal names get a number. */
export function distinctNames(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
