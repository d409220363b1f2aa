import { existsSync } from 'node:fs';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { EffectiveCapabilities } from './effective-capabilities.ts';
import { systemCall } from './libc.ts';

const PRCTL = process.arch === 'arm64' ? 167 : 157;
/** linux/prctl.h. */
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const LAST_CAPABILITY = 63;
/** All that a child finds in its environment, beside what its caller adds. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' } as const;

/** A program that runs beside this one, its output on pipes. */
export type ChildProgram = Bun.Subprocess<'ignore', 'pipe', 'pipe'>;

/** A program that runs beside this one and is written to; what it says beside its output is thrown away. */
export type ChildToWriteTo = Bun.Subprocess<'pipe', 'pipe', 'ignore'>;

let isPrepared = false;

/**
 * Starts a program of the system without any capability, with an environment of its own. This is the only place that
 * starts one. `paths` are absolute candidates, of which the first that exists is taken: PATH is not searched. Throws
 * OpError: `ENOENT` none of them exists, `EINVAL` a path is not absolute.
 */
export function startChild(
  paths: readonly string[],
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): ChildProgram {
  const command = [prepared(paths), ...args];
  return Bun.spawn(command, {
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', cwd: '/' },
    env: { ...ENVIRONMENT, ...variables },
  });
}

/** As `startChild`, for a program that is written to. Throws OpError as that does. */
export function startChildToWriteTo(path: string, args: readonly string[]): ChildToWriteTo {
  const command = [prepared([path]), ...args];
  return Bun.spawn(command, {
    ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'ignore', cwd: '/' },
    env: ENVIRONMENT,
  });
}

/** The first path that exists. From now on no child of this thread has a capability. */
function prepared(paths: readonly string[]): string {
  if (paths.some((path) => !path.startsWith('/'))) throw new OpError({ op: 'start child', code: 'EINVAL' });
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new OpError({ op: 'start child', code: 'ENOENT' });
  if (!isPrepared) dropCapabilitiesOfChildren();
  isPrepared = true;
  return path;
}

/**
 * What this thread, which makes the children, could hand on: nothing stays. A child of an ordinary user has what is
 * ambient; one of root has what is inheritable and in the bounding set, which root alone may empty (capabilities(7)).
 */
function dropCapabilitiesOfChildren(): void {
  for (let bit = 0; bit <= LAST_CAPABILITY; bit++) systemCall(PRCTL, PR_CAPBSET_DROP, bit);
  systemCall(PRCTL, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  new EffectiveCapabilities().inheritNone();
}

/** What a program said. */
interface ChildOutput {
  readonly text: string;
  /** Of standard error, as far as it was kept. */
  readonly complaint: string;
  /** It said more than was to be kept. */
  readonly isCut: boolean;
  /** undefined: it did not end before the deadline. */
  readonly exitCode: number | undefined;
}

/**
 * What a program says until it ends. At the deadline, or when it says more than the limit of bytes, it is killed: what
 * it has said until then counts. Of its complaints the first `complaintLimit` bytes are kept.
 */
export async function outputOf(
  child: ChildProgram,
  limits: { readonly deadlineMillis: number; readonly limit: number; readonly complaintLimit: number },
): Promise<ChildOutput> {
  const output = new BoundedOutput(child.stdout, limits.limit);
  const complaint = new BoundedOutput(child.stderr, limits.complaintLimit);
  const late = Promise.withResolvers<undefined>();
  // The pipes are closed too, for what the program has started may hold them.
  const end = (): void => {
    child.kill('SIGKILL');
    output.stop();
    complaint.stop();
  };
  const timer = setTimeout(() => {
    end();
    late.resolve(undefined);
  }, limits.deadlineMillis);
  timer.unref();
  try {
    await output.read();
    if (output.isCut) end();
    await complaint.read();
    // One that hangs in the kernel does not end when it is killed either.
    const exitCode = await Promise.race([child.exited, late.promise]);
    return { text: output.text, complaint: complaint.text, isCut: output.isCut, exitCode };
  } finally {
    clearTimeout(timer);
    end();
  }
}

interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** What a stream holds, up to a limit; then it is closed. */
class BoundedOutput {
  isCut = false;
  readonly #reader: ByteReader;
  readonly #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(stream: ReadableStream<Uint8Array>, limit: number) {
    this.#reader = stream.getReader();
    this.#limit = limit;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** To the end, the limit, or `stop`. */
  async read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done || value === undefined) return;
      const room = this.#limit - this.#length;
      this.#chunks.push(value.subarray(0, room));
      this.#length += Math.min(value.length, room);
      if (value.length <= room) continue;
      this.isCut = true;
      this.stop();
      return;
    }
  }

  stop(): void {
    void this.#reader.cancel();
  }
}
