import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../src/kit/errors/op-error.ts';
import type { Probe } from './harness.ts';

const BENCH = fileURLToPath(new URL('.', import.meta.url));
const CACHE = fileURLToPath(new URL('../.cache/floors/', import.meta.url));
const FLAGS = ['-O2', '-std=gnu17', '-Wall', '-Wextra', '-Werror'];

type SourceFolder = 'floors' | 'loads';

/** A C program beside ours; see bench/floors/floor.h for what is said on its standard input and output. */
export interface Floor {
  /** One iteration of the floor, its CPU time in microseconds. */
  readonly probe: Probe;
  close(): void;
}

/** A program that makes something to look at; it ends with this process at the latest. */
export interface Load {
  /** What the load said on its `ready` line, after that word. */
  readonly ready: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** Compiles every floor and load that has changed. Throws `NO_COMPILER`, or `COMPILE` with gcc's words. */
export function buildFloors(): void {
  for (const folder of ['floors', 'loads'] as const) {
    for (const file of readdirSync(`${BENCH}${folder}`)) {
      if (file.endsWith('.c')) compile(folder, file.slice(0, -2));
    }
  }
}

/** Starts `bench/floors/NAME.c`. */
export function startFloor(name: string, args: readonly string[] = []): Floor {
  const child = Bun.spawn([compile('floors', name), ...args], { stdin: 'pipe', stdout: 'pipe' });
  const lines = new LineReader(child.stdout);
  const probe = async (): Promise<number> => {
    child.stdin.write('\n');
    await child.stdin.flush();
    const line = await lines.next();
    const micros = Number(line);
    if (line === undefined || !Number.isFinite(micros)) {
      throw new OpError({ op: `floor ${name}`, code: 'FLOOR', message: `${name} said: ${line}` });
    }
    return micros;
  };
  return { probe, close: () => child.kill('SIGKILL') };
}

/** Starts `bench/loads/NAME.c` and waits for its line `ready ...`. */
export async function startLoad(name: string, args: readonly (string | number)[] = []): Promise<Load> {
  const command = [compile('loads', name), ...args.map(String)];
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
  const line = await new LineReader(child.stdout).next();
  if (line === undefined || !line.startsWith('ready')) {
    child.kill('SIGKILL');
    throw new OpError({ op: `load ${name}`, code: 'LOAD', message: `${name} did not start: ${line}` });
  }
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child.exited;
  };
  return { ready: line.slice('ready'.length).trim(), pid: child.pid, close };
}

/** Path of the executable made of `bench/loads/NAME.c`, for those who start it in a namespace of its own. */
export const loadExecutable = (name: string): string => compile('loads', name);

/** Path of the executable made of `bench/FOLDER/NAME.c`, built when its source or the header is new. */
function compile(folder: SourceFolder, name: string): string {
  const source = `${BENCH}${folder}/${name}.c`;
  const hash = createHash('sha256').update(FLAGS.join(' ')).update(readFileSync(source));
  for (const file of readdirSync(`${BENCH}${folder}`).sort()) {
    if (file.endsWith('.h')) hash.update(readFileSync(`${BENCH}${folder}/${file}`));
  }
  const executable = `${CACHE}${name}-${hash.digest('hex').slice(0, 16)}`;
  if (existsSync(executable)) return executable;
  const gcc = Bun.which('gcc');
  if (gcc === null) {
    throw new OpError({
      op: `compile ${name}.c`,
      code: 'NO_COMPILER',
      message: 'The benches compare with C programs and need gcc (Debian: apt-get install gcc libc6-dev)',
    });
  }
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${executable}.${process.pid}`;
  const built = Bun.spawnSync([gcc, ...FLAGS, '-o', unfinished, source], { stderr: 'pipe' });
  if (!built.success) {
    throw new OpError({ op: `compile ${name}.c`, code: 'COMPILE', message: built.stderr.toString() });
  }
  renameSync(unfinished, executable);
  return executable;
}

/** Lines of a stream, one at a time. */
class LineReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#chunks = stream.values();
  }

  /** The next line without its end; undefined when the stream has ended. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#chunks.next();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }
}
