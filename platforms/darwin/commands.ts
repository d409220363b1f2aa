import { existsSync } from 'node:fs';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { type ChildProgram, outputOf } from '../child-output.ts';

/** The programs of macOS that are asked, each with its one path: PATH is never searched. */
const PATHS = {
  ...{ ps: '/bin/ps', df: '/bin/df', mount: '/sbin/mount', ifconfig: '/sbin/ifconfig' },
  ...{ netstat: '/usr/sbin/netstat', sysctl: '/usr/sbin/sysctl', lsof: '/usr/sbin/lsof' },
  ...{ vm_stat: '/usr/bin/vm_stat', nettop: '/usr/bin/nettop' },
} as const;
export type CommandName = keyof typeof PATHS;

/** All that a program finds in its environment: its words and numbers are those of C, its times those of UTC. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' } as const;
const DEADLINE_MILLIS = 5000;
const OUTPUT_LIMIT_BYTES = 16 << 20;
const COMPLAINT_LIMIT_BYTES = 512;
/** A line of nettop has some 200 bytes. */
const LINE_LIMIT = 64 * 1024;

/**
 * Where the programs stand, for tests of a whole executable: a folder that has all of them, by their names. A constant
 * of each build, and empty in those that people run.
 */
const TEST_FOLDER = process.env['SSTOP_COMMAND_FOLDER'] ?? '';

export interface CommandOptions {
  /** Where the programs stand by their names; default: where macOS has them. */
  readonly folder?: string;
  /** Default 5 s. */
  readonly deadlineMillis?: number;
  /** Default 16 MiB. */
  readonly outputLimitBytes?: number;
}

/** Runs programs of the system: on macOS the only place that starts one. */
export class Commands {
  readonly #folder: string;
  readonly #deadlineMillis: number;
  readonly #outputLimitBytes: number;

  constructor(options: CommandOptions = {}) {
    this.#folder = options.folder ?? TEST_FOLDER;
    this.#deadlineMillis = options.deadlineMillis ?? DEADLINE_MILLIS;
    this.#outputLimitBytes = options.outputLimitBytes ?? OUTPUT_LIMIT_BYTES;
  }

  has(name: CommandName): boolean {
    return existsSync(this.#pathOf(name));
  }

  /**
   * What a program says, in full. Rejects with OpError: `ENOENT` it is not there, `DEADLINE` it did not end in time,
   * `TOO_LONG` it said more than the limit, `EXIT` it failed; its first complaint is in the message.
   */
  async run(name: CommandName, args: readonly string[]): Promise<string> {
    const { text, complaint, isCut, exitCode } = await outputOf(this.#start(name, args), {
      deadlineMillis: this.#deadlineMillis,
      limit: this.#outputLimitBytes,
      complaintLimit: COMPLAINT_LIMIT_BYTES,
    });
    if (isCut) throw failure(name, 'TOO_LONG', 'printed too much');
    if (exitCode === undefined) throw failure(name, 'DEADLINE', 'timed out');
    // lsof ends with 1 where there was anything that it may not see.
    if (exitCode !== 0 && !(name === 'lsof' && text !== '')) {
      const [words = ''] = complaint.trim().split('\n');
      throw failure(name, 'EXIT', words === '' ? `exited with code ${exitCode}` : `failed: ${words}`);
    }
    return text;
  }

  /**
   * Starts a program that goes on until it is closed, and says whole lines. It has a terminal of its own: into a pipe
   * it would say nothing until some kilobytes have come together, eight seconds late. Throws OpError, `ENOENT`.
   */
  follow(name: CommandName, args: readonly string[], line: (text: string) => void): FollowedCommand {
    return new FollowedCommand(name, [this.#found(name), ...args], line);
  }

  #start(name: CommandName, args: readonly string[]): ChildProgram {
    return Bun.spawn([this.#found(name), ...args], {
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', cwd: '/' },
      env: ENVIRONMENT,
    });
  }

  #found(name: CommandName): string {
    const path = this.#pathOf(name);
    if (!existsSync(path)) throw failure(name, 'ENOENT', 'not found');
    return path;
  }

  #pathOf(name: CommandName): string {
    return this.#folder === '' ? PATHS[name] : `${this.#folder}/${name}`;
  }
}

/** A child program that keeps running, on a pseudo-terminal of its own. */
export class FollowedCommand {
  /** Why there is no more output; undefined: it is still running. */
  failure: OpError | undefined;
  readonly #child: Bun.Subprocess;
  readonly #name: CommandName;
  readonly #line: (text: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(name: CommandName, command: readonly string[], line: (text: string) => void) {
    this.#name = name;
    this.#line = line;
    this.#child = Bun.spawn([...command], {
      ...{ cwd: '/', env: ENVIRONMENT },
      terminal: {
        data: (_terminal, bytes) => this.#take(bytes),
        exit: () => this.#end('EXIT', 'has exited'),
      },
    });
    // It must not keep this program alive.
    this.#child.unref();
    this.#child.terminal?.unref();
  }

  close(): void {
    this.#end('CLOSED', 'was closed');
  }

  #take(bytes: Uint8Array): void {
    if (this.failure !== undefined) return;
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    // A terminal ends lines with a carriage return too.
    for (const each of lines) this.#line(each.endsWith('\r') ? each.slice(0, -1) : each);
    if (this.#rest.length > LINE_LIMIT) this.#end('TOO_LONG', 'printed a line that is too long');
  }

  #end(code: string, why: string): void {
    if (this.failure !== undefined) return;
    this.failure = failure(this.#name, code, why);
    this.#child.kill('SIGKILL');
    this.#child.terminal?.close();
    // Ends a pending wait for a line.
    this.#line('');
  }
}

function failure(name: CommandName, code: string, why: string): OpError {
  return new OpError({ op: `run ${name}`, code, message: `${PATHS[name]} ${why}` });
}
