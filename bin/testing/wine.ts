import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { outputOf } from '../dev/run-tool.ts';
import { debianRoot } from './bare-root.ts';
import { HOST, unavailable } from './machine-tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RELEASE = `${ROOT}dist/release`;
/** The release with Wine 10; the 8 of the one before does not start the runtime. */
const SUITE = 'trixie';
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
    if (HOST !== 'amd64') throw unavailable('needs a processor of that architecture');
    if (Bun.which('unzip') === null) throw unavailable('needs unzip');
    this.#root = debianRoot(SUITE, HOST, ['wine', 'wine64']);
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

const ENTER = `
root=$1 layer=$2; shift 2
mount -t overlay -o "lowerdir=$root,upperdir=$layer/upper,workdir=$layer/work" overlay "$layer/root"
mount -t proc proc "$layer/root/proc"
mount --rbind /dev "$layer/root/dev"
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin XDG_RUNTIME_DIR=/tmp WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=' \\
  chroot "$layer/root" sh -c 'cd ${PROGRAMS} && exec "$@"' sh "$@"
`;
