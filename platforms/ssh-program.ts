import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { OpError, orUndefined } from '../src/kit/errors/op-error.ts';

/** What a started program says; `ended` is called once, last. */
interface ProgramListener {
  output(chunk: Uint8Array): void;
  complaint(chunk: Uint8Array): void;
  /** undefined: ended by a signal. */
  ended(exitCode: number | undefined): void;
}

interface StartedProgram {
  /** Never waits. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Asks it to end; one that does not is killed. */
  end(): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

const KILL_MILLIS = 1000;

/**
 * The user's own ssh: the first program of that name in PATH, whose folders must be absolute, so that none from the
 * working directory is ever started. Undefined: there is none.
 */
export function findSsh(environment: Environment, platformName: string): string | undefined {
  const name = platformName === 'win32' ? 'ssh.exe' : 'ssh';
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  const isFile = orUndefined(() => {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  });
  return isFile === true;
}

/**
 * Starts the user's own ssh with his environment: he has chosen both. One that may ask shares this program's terminal;
 * any other has none, and no key that is pressed there reaches it. Throws OpError `NO_SSH`.
 */
export function startSshProgram(
  args: readonly string[],
  mayAsk: boolean,
  listener: ProgramListener,
): StartedProgram {
  const path = findSsh(process.env, process.platform);
  if (path === undefined) {
    const message = 'no program ssh in PATH: install the OpenSSH client';
    throw new OpError({ op: 'start ssh', code: 'NO_SSH', message });
  }
  const child = Bun.spawn([path, ...args], {
    ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
    env: { ...process.env },
    detached: !mayAsk,
  });
  const reading = [
    readAll(child.stdout, (chunk) => listener.output(chunk)),
    readAll(child.stderr, (chunk) => listener.complaint(chunk)),
  ];
  // What it has started in the background may hold its standard error.
  const said = Promise.race([Promise.all(reading), child.exited.then(() => Bun.sleep(KILL_MILLIS))]);
  void Promise.all([child.exited, said]).then(() => listener.ended(child.exitCode ?? undefined));
  return {
    write(bytes) {
      void child.stdin.write(bytes);
      void child.stdin.flush();
    },
    end() {
      void child.stdin.end();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_MILLIS);
      timer.unref();
      void child.exited.then(() => clearTimeout(timer));
    },
  };
}

async function readAll(stream: ReadableStream<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of stream) take(chunk);
}
