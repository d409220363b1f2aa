/** An agent and its name; a profile's name is kept apart from host names. */
interface CalledHost {
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
}

/** Display names of hosts, with the port if several have the same host name. */
export function namesWithPorts(hosts: readonly CalledHost[]): readonly string[] {
  return hosts.map(({ name, hostName, port }) => {
    const isShared = hosts.filter((other) => other.name === name).length > 1;
    if (!isShared || name !== hostName) return name;
    return `${hostName.includes(':') ? `[${hostName}]` : hostName}:${port}`;
  });
}

/** Unique host names: duplicates get a number. */
export function distinctNames(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
