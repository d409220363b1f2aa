import { OpError } from '../../src/kit/errors/op-error.ts';
import { FIXTURES } from './executables.ts';
import { linesOf } from './traffic.ts';

/** Sides of the line: sstop looks at `near`, `far` is another network namespace. */
type Side = 'near' | 'far';

export const FAR = '10.78.0.2';
const ADDRESSES: Readonly<Record<Side, string>> = { near: '10.78.0.1', far: FAR };

/** What the line does to packets; shares are of the TCP segments with data that leave the near side. */
interface Line {
  readonly delayMillis: number;
  readonly loss: number;
  readonly reorder: number;
  /** Packets to this TCP port go nowhere; 0: none. */
  readonly droppedPort: number;
}

/** What the forwarder has counted. */
export interface LineCounts {
  readonly packets: number;
  readonly dataSegments: number;
  readonly lost: number;
  readonly overtaken: number;
  readonly dropped: number;
  readonly overflown: number;
}

const TOOLS = ['unshare', 'nsenter', 'ip', 'ss', 'nstat'] as const;

/** Why no such line can be had here, or undefined. */
export async function lineObstacle(): Promise<string | undefined> {
  const missing = TOOLS.filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return `lacks ${missing.join(', ')}`;
  if (
    !(await Bun.file('/dev/net/tun')
      .stat()
      .then(
        () => true,
        () => false,
      ))
  )
    return 'lacks /dev/net/tun';
  const tried = Bun.spawnSync(['unshare', '--net', 'ip', 'link', 'set', 'lo', 'up'], { stderr: 'ignore' });
  return tried.success ? undefined : 'may not make network namespaces';
}

type Child = Bun.Subprocess<'pipe', 'pipe', 'inherit'>;

function start(argv: readonly string[]): Child {
  return Bun.spawn([...argv], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
}

/** A child under way, with the lines that it prints. */
export class Program {
  readonly child: Child;
  readonly lines: AsyncGenerator<string>;

  constructor(argv: readonly string[]) {
    this.child = start(argv);
    this.lines = linesOf(this.child.stdout);
  }

  /** Rejects with `NETWORK` where the next line is another one. */
  async says(wanted: string): Promise<void> {
    const { value } = await this.lines.next();
    if (value === wanted) return;
    throw new OpError({
      op: 'start',
      code: 'NETWORK',
      message: `${value ?? 'it ended'} in place of ${wanted}`,
    });
  }

  async end(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
  }
}

/**
 * Two network namespaces joined by a forwarder in between (forwarder.fixture.ts). Everything ends with this process,
 * however it ends.
 */
export class LossyNetwork {
  readonly #holders: Readonly<Record<Side, Program>>;
  readonly #programs: Program[] = [];
  #forwarder: Program | undefined;

  private constructor(holders: Readonly<Record<Side, Program>>) {
    this.#holders = holders;
  }

  static async open(line: Line): Promise<LossyNetwork> {
    const hold = ['unshare', '--net', 'sh', '-ec', 'ip link set lo up && echo up && exec cat'];
    const network = new LossyNetwork({ near: new Program(hold), far: new Program(hold) });
    try {
      for (const holder of Object.values(network.#holders)) await holder.says('up');
      const { near, far } = network.#holders;
      const { delayMillis, loss, reorder, droppedPort } = line;
      const argv = [near.child.pid, far.child.pid, delayMillis, loss, reorder, droppedPort].map(String);
      network.#forwarder = new Program([process.execPath, `${FIXTURES}/forwarder.fixture.ts`, ...argv]);
      await network.#forwarder.says('ready');
      for (const side of ['near', 'far'] as const) {
        const other = side === 'near' ? 'far' : 'near';
        network.run(
          side,
          `ip addr add ${ADDRESSES[side]} peer ${ADDRESSES[other]} dev tun0; ip link set tun0 up`,
        );
      }
      return network;
    } catch (thrown) {
      await network.close();
      throw thrown;
    }
  }

  /** A command line that runs on that side, with this machine's files. */
  command(side: Side, argv: readonly string[]): string[] {
    return ['nsenter', `--net=/proc/${this.#holders[side].child.pid}/ns/net`, '--', ...argv];
  }

  /** Runs a script of sh(1) on that side and returns what it printed. */
  run(side: Side, script: string): string {
    const done = Bun.spawnSync(this.command(side, ['sh', '-ec', script]), { stdout: 'pipe', stderr: 'pipe' });
    if (done.success) return done.stdout.toString();
    throw new OpError({ op: script, code: 'NETWORK', message: done.stderr.toString().trim() });
  }

  /** A program of trouble-traffic.fixture.ts, when it is ready. */
  async traffic(side: Side, ...argv: readonly (string | number)[]): Promise<Program> {
    const script = `${FIXTURES}/trouble-traffic.fixture.ts`;
    const program = this.program(side, [process.execPath, script, ...argv.map(String)]);
    await program.says('ready');
    return program;
  }

  program(side: Side, argv: readonly string[]): Program {
    const program = new Program(this.command(side, argv));
    this.#programs.push(program);
    return program;
  }

  /** Ends the forwarder, and says what it has counted. */
  async counts(): Promise<LineCounts> {
    const forwarder = this.#forwarder!;
    await forwarder.child.stdin.end();
    const { value } = await forwarder.lines.next();
    return JSON.parse(value ?? '');
  }

  async close(): Promise<void> {
    const forwarder = this.#forwarder === undefined ? [] : [this.#forwarder];
    // Clients, which are started last, before what they connect to: nobody on this machine is to see them refused.
    for (const program of [...this.#programs.toReversed(), ...forwarder, ...Object.values(this.#holders)])
      await program.end();
  }
}
