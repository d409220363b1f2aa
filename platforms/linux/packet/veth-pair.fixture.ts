import { OpError } from '../../../src/kit/errors/op-error.ts';
import { linesOf } from './lines.fixture.ts';

const TOOLS = ['unshare', 'nsenter', 'ip', 'tc'] as const;
export const ADDRESSES = {
  near4: '10.78.0.1',
  far4: '10.78.0.2',
  near6: 'fd78::1',
  far6: 'fd78::2',
} as const;
export const STATIONS = { near: '02:00:00:00:78:01', far: '02:00:00:00:78:02' } as const;
const ETHERNET_BYTES = 14;

/** What left an end by its device, as the queue before it counts: each segment with its own headers. */
export interface Sent {
  readonly ipBytes: number;
  readonly packets: number;
}

export interface FarPorts {
  readonly udp4: number;
  readonly udp6: number;
  readonly tcp: number;
}

/** Why a private network namespace cannot be had here, or undefined. */
export function namespaceObstacle(): string | undefined {
  const missing = TOOLS.filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return `lacks ${missing.join(', ')}`;
  const tried = Bun.spawnSync(['unshare', '--net', 'ip', 'link', 'add', 'near0', 'type', 'veth'], {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  return tried.success ? undefined : 'may not make a network namespace with a veth pair';
}

/** Runs one of the fixtures that want a network namespace of their own, and returns what it printed as JSON. */
export async function runInNamespace(script: string, ...args: readonly string[]): Promise<unknown> {
  const shell = 'ip link set lo up && exec "$@"';
  const child = Bun.spawn(['unshare', '--net', 'sh', '-c', shell, 'sh', process.execPath, script, ...args], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) {
    throw new OpError({ op: 'run in namespace', code: 'FIXTURE', message: `${errors}${output}` });
  }
  return JSON.parse(output);
}

/** A script of sh(1); returns its output. Throws OpError with its words. */
export function sh(script: string, prefix: readonly string[] = []): string {
  const done = Bun.spawnSync([...prefix, 'sh', '-ec', script], { stdout: 'pipe', stderr: 'pipe' });
  if (!done.success)
    throw new OpError({ op: 'set up network', code: 'NETWORK', message: done.stderr.toString() });
  return done.stdout.toString();
}

/**
 * This process's namespace joined by a veth pair to another one, where far-end.fixture.ts runs. Segmentation offload
 * is on, as it is by default; nothing but what is sent goes over the pair.
 */
export class VethPair {
  readonly ports: FarPorts;
  readonly #far: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly #lines: AsyncGenerator<string>;
  readonly #interfaceName: string;

  private constructor(
    far: Bun.Subprocess<'pipe', 'pipe', 'inherit'>,
    lines: AsyncGenerator<string>,
    interfaceName: string,
    ports: FarPorts,
  ) {
    this.#far = far;
    this.#lines = lines;
    this.#interfaceName = interfaceName;
    this.ports = ports;
  }

  /** `interface` is what carries this end's addresses; `prepare` makes it where it is not near0 itself. */
  static async open(options: { interface?: string; prepare?: string } = {}): Promise<VethPair> {
    const program = `${import.meta.dir}/far-end.fixture.ts`;
    const wait = 'ip link set lo up && read go && exec "$@"';
    const far = Bun.spawn(['unshare', '--net', 'sh', '-c', wait, 'sh', process.execPath, program], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const lines = linesOf(far.stdout);
    try {
      await hasOwnNamespace(far.pid);
      sh(
        `ip link add near0 address ${STATIONS.near} type veth peer name far0 netns ${far.pid} address ${STATIONS.far}`,
      );
      const interfaceName = options.interface ?? 'near0';
      sh(`ip link set near0 addrgenmode none up\n${options.prepare ?? ''}`);
      const [link]: { address: string }[] = JSON.parse(sh(`ip -j link show ${interfaceName}`));
      sh(`tc qdisc add dev near0 root pfifo\n${configuration(interfaceName, 'near', STATIONS.far)}`);
      const nearStation = link?.address ?? STATIONS.near;
      const farScript = `tc qdisc add dev far0 root pfifo\n${configuration('far0', 'far', nearStation)}`;
      sh(farScript, nsenter(far.pid));
      far.stdin.write('go\n');
      await far.stdin.flush();
      const { value } = await lines.next();
      return new VethPair(far, lines, interfaceName, JSON.parse(value ?? ''));
    } catch (thrown) {
      far.kill('SIGKILL');
      throw thrown;
    }
  }

  /** Sends a frame from the other end. */
  async sendFrame(frame: Uint8Array): Promise<void> {
    const [link]: { ifindex: number }[] = JSON.parse(sh('ip -j link show far0', nsenter(this.#far.pid)));
    this.#far.stdin.write(`frame ${link?.ifindex} ${frame.toHex()}\n`);
    await this.#far.stdin.flush();
    await this.#lines.next();
  }

  nearSent(): Sent {
    return sentBy('near0', this.#interfaceName, []);
  }

  farSent(): Sent {
    return sentBy('far0', 'far0', nsenter(this.#far.pid));
  }

  async close(): Promise<void> {
    this.#far.kill('SIGKILL');
    await this.#far.exited;
  }
}

function nsenter(pid: number): string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

/** Without the groups' memberships, which the kernel itself announces when it likes (MLD, RFC 3810). */
function sentBy(device: string, speaker: string, prefix: readonly string[]): Sent {
  const readGroups = (): { bytes: number; packets: number } => {
    const snmp = sh(`cat /proc/self/net/dev_snmp6/${speaker}`, prefix);
    const value = (name: string): number => Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(snmp)?.[1]);
    return { bytes: value('Ip6OutMcastOctets'), packets: value('Ip6OutMcastPkts') };
  };
  for (;;) {
    const groups = readGroups();
    const [queue]: { bytes: number; packets: number }[] = JSON.parse(
      sh(`tc -s -j qdisc show dev ${device}`, prefix),
    );
    // One announced in between may be in one of the two counts alone.
    if (!Object.is(readGroups().packets, groups.packets)) continue;
    const packets = queue?.packets ?? Number.NaN;
    return {
      ipBytes: (queue?.bytes ?? Number.NaN) - packets * ETHERNET_BYTES - groups.bytes,
      packets: packets - groups.packets,
    };
  }
}

/** unshare(1) needs a moment from its start to its new namespace. */
async function hasOwnNamespace(pid: number): Promise<void> {
  const namespaceOf = (process: number | 'self'): string => sh(`readlink /proc/${process}/ns/net`);
  const own = namespaceOf('self');
  while (namespaceOf(pid) === own) await Bun.sleep(1);
}

/** Neighbours are known and there are no link-local addresses: hardly a packet but those of the sockets. */
function configuration(name: string, end: 'near' | 'far', otherStation: string): string {
  const [own4, own6, other4, other6] =
    end === 'near'
      ? [ADDRESSES.near4, ADDRESSES.near6, ADDRESSES.far4, ADDRESSES.far6]
      : [ADDRESSES.far4, ADDRESSES.far6, ADDRESSES.near4, ADDRESSES.near6];
  return [
    `ip link set dev ${name} addrgenmode none`,
    `ip addr add ${own4}/24 dev ${name}`,
    `ip addr add ${own6}/64 dev ${name} nodad`,
    `ip link set dev ${name} up`,
    `ip neigh replace ${other4} lladdr ${otherStation} dev ${name} nud permanent`,
    `ip neigh replace ${other6} lladdr ${otherStation} dev ${name} nud permanent`,
  ].join('\n');
}
