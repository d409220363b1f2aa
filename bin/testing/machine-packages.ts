import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { outputOf } from '../dev/run-tool.ts';
import { type Architecture, unavailable } from './machine-tools.ts';

/** Debian's releases by name. */
export type Suite = 'bullseye' | 'bookworm' | 'trixie';

/** The mirror is the one that this machine's apt has, unless this names another. */
const MIRROR_VARIABLE = 'SSTOP_DEBIAN_MIRROR';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What runs in the machine beside our own programs; the libraries that these need come along. */
const TOOL_PACKAGES = ['busybox-static', 'dash', 'iproute2', 'mount', 'util-linux'] as const;
/** All that is used of a kernel's package: 60 MB instead of 300. */
const KERNEL_FILES = ['*/vmlinuz-*', '*/kernel/net/*', '*/kernel/drivers/net/veth.ko*'] as const;

const LIBRARY = /^(lib.*\d|zlib1g)/;

/** Unpacked packages of one release for one architecture. */
export interface UnpackedPackages {
  readonly kernelFolder: string;
  readonly toolsFolder: string;
}

/**
 * Fetches a kernel and a few tools into a folder and unpacks them there, once. Apt works on lists and settings in
 * that folder, so it needs no root, leaves this machine's packages alone and checks Debian's signatures.
 * Throws `UNAVAILABLE` with apt's words.
 */
export function fetchPackages(suite: Suite, architecture: Architecture, cache: string): UnpackedPackages {
  const folder = `${cache}/${suite}-${architecture}`;
  const unpacked = { kernelFolder: `${folder}/kernel`, toolsFolder: `${folder}/tools` };
  const complete = `${folder}/complete-${recipe()}`;
  if (existsSync(complete)) return unpacked;
  rmSync(folder, { recursive: true, force: true });
  const apt = new PrivateApt(suite, architecture, `${folder}/apt`);
  const kernel = apt.dependencyOf(`linux-image-${architecture}`, 'linux-image-');
  unpackKernel(apt.download([kernel], `${folder}/packages/kernel`), unpacked.kernelFolder);
  const tools = apt.withLibraries(TOOL_PACKAGES);
  unpackTools(apt.download(tools, `${folder}/packages/tools`), unpacked.toolsFolder);
  for (const name of ['apt', 'packages']) rmSync(`${folder}/${name}`, { recursive: true });
  writeFileSync(complete, `${[kernel, ...tools].join('\n')}\n`);
  return unpacked;
}

/**
 * Fetches packages of one release and unpacks them into a folder, without what they depend on. Throws `UNAVAILABLE`
 * with apt's words.
 */
export function unpackPackages(
  suite: Suite,
  architecture: Architecture,
  names: readonly string[],
  folder: string,
): void {
  const work = `${folder}.apt`;
  rmSync(work, { recursive: true, force: true });
  const archives = new PrivateApt(suite, architecture, work).download(names, `${work}/packages`);
  mkdirSync(folder, { recursive: true });
  unpackTools(archives, folder);
  rmSync(work, { recursive: true });
}

/** What was fetched by another recipe is fetched again. */
function recipe(): string {
  const parts = [...TOOL_PACKAGES, ...KERNEL_FILES, LIBRARY.source];
  return Bun.hash(parts.join('\n')).toString(16);
}

function unpackKernel(archives: readonly string[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  const script = 'dpkg-deb --fsys-tarfile "$1" | tar -xC "$2" --wildcards "$3" "$4" "$5"';
  for (const archive of archives) {
    outputOf(['sh', '-c', script, 'sh', archive, folder, ...KERNEL_FILES], 'UNPACK');
  }
}

function unpackTools(archives: readonly string[], folder: string): void {
  for (const archive of archives) outputOf(['dpkg-deb', '-x', archive, folder], 'UNPACK');
}

/** Apt with nothing installed and one release to choose from. */
class PrivateApt {
  readonly #options: readonly string[];

  constructor(suite: Suite, architecture: Architecture, folder: string) {
    for (const part of ['state/lists/partial', 'cache/archives/partial']) {
      mkdirSync(`${folder}/${part}`, { recursive: true });
    }
    if (!existsSync(KEYRING))
      throw unavailable(`lacks ${KEYRING} (Debian: apt-get install debian-archive-keyring)`);
    const source = `deb [arch=${architecture} signed-by=${KEYRING}] ${mirror()} ${suite} main\n`;
    writeFileSync(`${folder}/sources.list`, source);
    writeFileSync(`${folder}/status`, '');
    const settings = {
      'APT::Architecture': architecture,
      'APT::Architectures::': architecture,
      'APT::Sandbox::User': '',
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
      'Dir::Cache': `${folder}/cache`,
      'Dir::Etc::sourcelist': `${folder}/sources.list`,
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::State': `${folder}/state`,
      'Dir::State::status': `${folder}/status`,
    };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    // Unasked, apt takes a mirror that does not answer for a warning.
    this.#run(['apt-get', '-o', 'APT::Update::Error-Mode=any', 'update']);
  }

  /** The one package that `name` stands for, whose name begins with `prefix`. */
  dependencyOf(name: string, prefix: string): string {
    const lines = this.#run(['apt-cache', 'depends', '--important', name]).split('\n');
    const found = lines
      .map((line) => /Depends: (\S+)/.exec(line)?.[1] ?? '')
      .find((one) => one.startsWith(prefix));
    if (found === undefined) throw unavailable(`finds no ${name} at the mirror`);
    return found;
  }

  /** `roots` and all libraries that they need, but nothing else that they ask for. */
  withLibraries(roots: readonly string[]): string[] {
    const plan = this.#run(['apt-get', 'install', '--simulate', '--no-install-recommends', ...roots]);
    const names = [...plan.matchAll(/^Inst (\S+) /gm)].map(([, name]) => name ?? '');
    return names.filter((name) => roots.includes(name) || LIBRARY.test(name)).sort();
  }

  /** Paths of the packages' files. */
  download(names: readonly string[], folder: string): string[] {
    mkdirSync(folder, { recursive: true });
    this.#run(['apt-get', 'download', ...names], folder);
    return readdirSync(folder).map((file) => `${folder}/${file}`);
  }

  #run([tool, ...args]: readonly ['apt-get' | 'apt-cache', ...string[]], folder?: string): string {
    try {
      return outputOf([tool, ...this.#options, ...args], 'APT', folder);
    } catch (thrown) {
      throw unavailable(
        `cannot fetch Debian's packages: ${thrown instanceof Error ? thrown.message : thrown}`,
      );
    }
  }
}

/** Address of the mirror: the first that apt knows to hold Debian's main archive. */
export function mirror(): string {
  const named = process.env[MIRROR_VARIABLE];
  if (named !== undefined && named !== '') return named;
  const argv = ['apt-get', 'indextargets', '--format', '$(REPO_URI) $(LABEL)', 'Created-By: Packages'];
  for (const line of outputOf(argv, 'APT').split('\n')) {
    const [address = '', label = ''] = line.split(' ');
    // The label is known once a list has been fetched.
    if (label === 'Debian' || (label === '' && address.endsWith('/debian/'))) return address;
  }
  throw unavailable(`has no mirror of Debian among apt's sources (${MIRROR_VARIABLE} can name one)`);
}
