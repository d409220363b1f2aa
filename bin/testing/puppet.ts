import { loadExecutable } from '../../bench/build-floors.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { linesOf } from './traffic.ts';
import type { Side, VethNetwork } from './veth-network.ts';

/** Arguments that a title can be written over. */
const ROOM_FOR_TITLE = ['--', 'x'.repeat(64)];

/** A process that does what it is told: see bench/loads/puppet.c. */
export class Puppet {
  readonly #process: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  readonly #lines: AsyncGenerator<string>;

  private constructor(argv: readonly string[]) {
    this.#process = Bun.spawn([...argv], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    this.#lines = linesOf(this.#process.stdout);
  }

  /** @param wrapper starts it, such as nsenter(1) */
  static async start(network: VethNetwork, side: Side, wrapper: readonly string[] = []): Promise<Puppet> {
    const argv = network.command(side, [...wrapper, loadExecutable('puppet'), ...ROOM_FOR_TITLE]);
    const puppet = new Puppet(argv);
    await puppet.#line('start');
    return puppet;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Does one thing, and answers with what it said after `ok`. Rejects with `PUPPET` and its words. */
  async does(command: string): Promise<string> {
    this.begins(command);
    return await this.ends(command);
  }

  /** Begins one thing; `ends` is its answer. */
  begins(command: string): void {
    this.#process.stdin.write(`${command}\n`);
    this.#process.stdin.flush();
  }

  async ends(command: string): Promise<string> {
    const line = await this.#line(command);
    return line.replace(/^ok ?/, '');
  }

  /** Ends as a program does that is done. */
  async leaves(): Promise<void> {
    this.#process.stdin.end();
    await this.#process.exited;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #line(command: string): Promise<string> {
    const { value } = await this.#lines.next();
    if (value !== undefined) return value;
    const message = (await new Response(this.#process.stderr).text()).trim() || 'it ended without a word';
    throw new OpError({ op: `puppet: ${command}`, code: 'PUPPET', message });
  }
}
