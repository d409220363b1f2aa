import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { outputOf } from '../dev/run-tool.ts';
import { unavailable } from './machine-tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RELEASE = `${ROOT}dist/release`;
const CACHE = `${ROOT}.cache/roots`;
/** Wine 10; the 8 of the release before does not start the runtime. */
const SUITE = 'trixie';
const TOOLS = ['debootstrap', 'unshare', 'unzip'] as const;
/** Folder of the programs, in the root; `Z:\programs` to them. */
const PROGRAMS = '/programs';

/** What is released for Windows, where it can be run by Wine. */
export class WinePrograms {
  /** With the programs, and with all that is written while they run. */
  readonly #layer: string;
  readonly #root: string;

  /** Makes the root once, and unpacks into a folder of the caller's. Throws `UNAVAILABLE` with the reason. */
  constructor(layer: string) {
    const archives = ['sstop', 'socktop'].map((name) => `${RELEASE}/${name}-windows-amd64.zip`);
    const missing = archives.find((archive) => !existsSync(archive));
    if (missing !== undefined) throw unavailable('needs the archives for Windows (npm run release)');
    if (process.getuid?.() !== 0) throw unavailable('needs root, to make a root folder and to change to it');
    const lacking = TOOLS.find((tool) => Bun.which(tool) === null);
    if (lacking !== undefined) throw unavailable(`needs ${lacking}`);
    this.#root = wineRoot();
    this.#layer = layer;
    for (const folder of [`upper${PROGRAMS}`, 'work', 'root'])
      mkdirSync(`${layer}/${folder}`, { recursive: true });
    for (const archive of archives) outputOf(['unzip', '-q', archive, '-d', this.folder], 'UNPACK');
  }

  /** The programs' working directory, as this machine sees it; the programs see what was there when they began. */
  get folder(): string {
    return `${this.#layer}/upper${PROGRAMS}`;
  }

  /** The command line that makes Wine's drive C, which takes many seconds, and ends when it is on the disk. */
  get firstCommand(): string[] {
    return this.#inside('sh', '-c', 'wineboot --init && wineserver --wait');
  }

  /** The command line that runs a program there. */
  command(program: string, ...argv: readonly string[]): string[] {
    return this.#inside('wine', program, ...argv);
  }

  /** In namespaces of mounts and processes that end with the command. */
  #inside(...command: readonly string[]): string[] {
    const enter = ['sh', '-ec', ENTER, 'sh', this.#root, this.#layer, ...command];
    return ['unshare', '--mount', '--pid', '--fork', '--kill-child', ...enter];
  }
}

function wineRoot(): string {
  const folder = `${CACHE}/wine-${SUITE}`;
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    outputOf(['debootstrap', '--variant=minbase', '--include=wine,wine64', SUITE, unfinished], 'DEBOOTSTRAP');
    renameSync(unfinished, folder);
    return folder;
  } catch (thrown) {
    throw unavailable(`cannot install Wine: ${toOpError('debootstrap', thrown).message}`);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

const ENTER = `
root=$1 layer=$2; shift 2
mount -t overlay -o "lowerdir=$root,upperdir=$layer/upper,workdir=$layer/work" overlay "$layer/root"
mount -t proc proc "$layer/root/proc"
mount --rbind /dev "$layer/root/dev"
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin XDG_RUNTIME_DIR=/tmp WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=' \\
  chroot "$layer/root" sh -c 'cd ${PROGRAMS} && exec "$@"' sh "$@"
`;
