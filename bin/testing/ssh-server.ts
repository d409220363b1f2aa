import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { keptPort } from './agent-process.ts';
import { SOCKTOP_AGENT } from './executables.ts';

const SSHD = '/usr/sbin/sshd';
const BUSYBOX = ['/usr/bin/busybox', '/bin/busybox'].find((path) => existsSync(path));
/** What busybox has of what the loop of a machine without an agent starts; not ss. */
const APPLETS = ['sh', 'cat', 'grep', 'ls', 'df', 'ip'];
/** A private mount of it is where the server's users, homes and jail are: sshd trusts no folder below /tmp. */
const STAGE = '/mnt';

/** Why these tests cannot run here; undefined: they can. */
export const sshObstacle: string | undefined =
  process.getuid?.() !== 0
    ? 'needs root'
    : !existsSync(SSHD) || Bun.which('ssh') === null
      ? 'needs openssh-server and openssh-client'
      : BUSYBOX === undefined
        ? 'needs busybox-static'
        : Bun.spawnSync(['unshare', '-m', 'true']).exitCode !== 0
          ? 'needs unshare and a mount namespace'
          : undefined;

/**
 * Users of the server, each with a home of its own: with the agent in it, with one that ends as those before 0.2 do, or
 * without; `jailed` sees busybox alone.
 */
export const SSH_USERS = {
  rootWithAgent: 'rwa',
  root: 'rna',
  ordinaryWithAgent: 'owa',
  ordinary: 'ona',
  withOldAgent: 'ooa',
  jailed: 'jail',
} as const;
export const SSH_PASSWORD = 'correct horse';
const UIDS: Readonly<Record<string, number>> = {
  rwa: 0,
  rna: 0,
  owa: 61_001,
  ona: 61_002,
  jail: 61_003,
  ooa: 61_004,
};

/** How a client logs in. */
export interface SshLogin {
  /** Which host key the client knows: the server's, another, or none. */
  readonly known: 'host' | 'other' | undefined;
  /** With the key that the server accepts, with another one, or by a password. */
  readonly by: 'id' | 'other' | 'password';
}

/** A host of the client's configuration behind the server: it has an address there alone. */
export const HOST_BEHIND = 'behind';

const KEY_LOGIN: SshLogin = { known: 'host', by: 'id' };

/** Debian's sshd on a port of loopback, with keys and users of its own, in a private mount namespace. */
export class SshServer {
  readonly port: number;
  /** First in PATH: a `ssh` that reads the configuration of this test alone. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly #child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, port: number, folder: string) {
    this.#child = child;
    this.port = port;
    this.folder = folder;
    this.environment = { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, XDG_CONFIG_HOME: folder };
  }

  /** Resolves when it accepts connections. */
  static async start(): Promise<SshServer> {
    const folder = mkdtempSync(join(tmpdir(), 'socktop-ssh-'));
    for (const name of ['host', 'id', 'other'])
      run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name));
    const port = keptPort();
    writeServer(folder, port);
    writeClient(folder, port, KEY_LOGIN);
    mkdirSync('/run/sshd', { recursive: true });
    const child = Bun.spawn(['unshare', '-m', 'sh', join(folder, 'start')], {
      ...{ stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' },
    });
    let said = '';
    for await (const chunk of child.stderr) {
      said += Buffer.from(chunk).toString();
      if (said.includes('Server listening')) break;
    }
    if (!said.includes('Server listening'))
      throw new OpError({ op: 'start sshd', code: 'EXIT', message: said });
    return new SshServer(child, port, folder);
  }

  url(user: string): string {
    return `ssh://${user}@127.0.0.1:${this.port}`;
  }

  /** How the client logs in from now on. */
  login(how: Partial<SshLogin>): void {
    writeClient(this.folder, this.port, { ...KEY_LOGIN, ...how });
  }

  /** Ends every connection, and whatever was started over it. */
  cutConnections(): void {
    for (const pid of descendantsOf(this.#child.pid)) signalProcess(pid);
  }

  /** Every connection hangs, as one to a machine that stands still; another try hangs not. */
  freezeConnections(): void {
    for (const pid of descendantsOf(this.#child.pid)) signalProcess(pid, 'SIGSTOP');
  }

  async stop(): Promise<void> {
    this.cutConnections();
    this.#child.kill('SIGKILL');
    await this.#child.exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function writeServer(folder: string, port: number): void {
  const names = Object.values(SSH_USERS);
  const line = (name: string): string =>
    `${name}:x:${UIDS[name]}:${UIDS[name]}::${STAGE}/home/${name}:/bin/sh\n`;
  const own = names.map(line).join('');
  const nobody = 'root:x:0:0:root:/root:/bin/sh\nsshd:x:61000:65534::/run/sshd:/usr/sbin/nologin\n';
  writeFileSync(join(folder, 'passwd'), `${nobody}${own}`);
  const hash = Bun.spawnSync(['openssl', 'passwd', '-6', SSH_PASSWORD]).stdout.toString().trim();
  const shadow = ['root', 'sshd', ...names].map((name) => `${name}:${hash}:19000:0:99999:7:::\n`).join('');
  writeFileSync(join(folder, 'shadow'), shadow, { mode: 0o600 });
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${folder}/host`, 'PidFile none'],
      ...[`AuthorizedKeysFile ${STAGE}/authorized`, 'StrictModes no', 'UsePAM no', 'PermitRootLogin yes'],
      ...['PasswordAuthentication yes', 'LogLevel INFO'],
      ...[`Match User ${SSH_USERS.jailed}`, `ChrootDirectory ${STAGE}/jail`, ''],
    ].join('\n'),
  );
  const withAgent = [SSH_USERS.rootWithAgent, SSH_USERS.ordinaryWithAgent];
  const homes = names.map((name) => `mkdir -p home/${name}/.local/bin; chown -R ${UIDS[name]} home/${name}`);
  const agents = withAgent.map((name) => `ln -s '${SOCKTOP_AGENT}' home/${name}/.local/bin/socktop-agent`);
  const oldAgent = `home/${SSH_USERS.withOldAgent}/.local/bin/socktop-agent`;
  const applets = APPLETS.map((name) => `ln -s busybox jail/bin/${name}`);
  writeFileSync(
    join(folder, 'start'),
    [
      ...['set -e', `mount -t tmpfs none ${STAGE}`, `chmod 755 ${STAGE}`, `cd ${STAGE}`],
      ...homes,
      ...agents,
      `printf '#!/bin/sh\\nexit 2\\n' >${oldAgent}; chmod 755 ${oldAgent}`,
      'mkdir -p jail/bin jail/proc jail/etc jail/mnt/home/jail',
      `cp '${folder}/id.pub' authorized`,
      `cp ${BUSYBOX} jail/bin/busybox; cp '${folder}/passwd' jail/etc/passwd`,
      ...applets,
      'mount --bind /proc jail/proc',
      // The whole folder: a mount on a file of it would be gone when somebody replaces that, who adds a user for example.
      `cp -a /etc etc; cp '${folder}/passwd' '${folder}/shadow' etc`,
      `echo 127.0.0.1 ${HOST_BEHIND}.invalid >etc/hosts; mount --bind etc /etc`,
      `exec ${SSHD} -D -e -f '${folder}/sshd_config'`,
      '',
    ].join('\n'),
  );
}

function writeClient(folder: string, port: number, { known, by }: SshLogin): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  rmSync(join(folder, 'known'), { force: true });
  if (known !== undefined) {
    const key = readFileSync(join(folder, `${known}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
    writeFileSync(join(folder, 'known'), `[127.0.0.1]:${port},${HOST_BEHIND} ${key}\n`);
  }
  writeFileSync(
    join(folder, 'client_config'),
    [
      ...[`Host ${HOST_BEHIND}`, `HostName ${HOST_BEHIND}.invalid`, `Port ${port}`],
      ...[`HostKeyAlias ${HOST_BEHIND}`, `ProxyJump ${SSH_USERS.ordinaryWithAgent}@127.0.0.1:${port}`],
      ...['Host *', `UserKnownHostsFile ${folder}/known`, 'GlobalKnownHostsFile /dev/null'],
      ...['IdentitiesOnly yes', `IdentityFile ${folder}/${by === 'password' ? 'none' : by}`],
      `PreferredAuthentications ${by === 'password' ? 'password' : 'publickey'}`,
      '',
    ].join('\n'),
  );
  const real = Bun.which('ssh') ?? '/usr/bin/ssh';
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec ${real} -F '${folder}/client_config' "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
}

/** A `ssh` in a folder of its own that does something else. */
export function fakeSsh(folder: string, name: string, script: string): Readonly<Record<string, string>> {
  const bin = join(folder, name);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  return { PATH: `${bin}:${process.env['PATH'] ?? ''}`, XDG_CONFIG_HOME: folder };
}

/** unshare and sh have executed sshd in their place: its processes are the children of the one that was started. */
function descendantsOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const children = text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
  return children.flatMap((child) => [...descendantsOf(child), child]);
}

function signalProcess(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    // It has ended since.
    if (!(thrown instanceof Error)) throw thrown;
  }
}

function run(...command: readonly string[]): void {
  Bun.spawnSync([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
}
