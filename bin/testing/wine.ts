import { mkdirSync } from 'node:fs';
import { outputOf } from '../dev/run-tool.ts';
import { wineRoot } from './bare-root.ts';
import { HOST, unavailable } from './machine-tools.ts';
import { released } from './released.ts';

/** Folder of the programs, in the root; `Z:\programs` to them. */
const PROGRAMS = '/programs';

/** What is released for Windows, where it can be run by Wine. */
export class WinePrograms {
  /** With the programs, and with all that is written while they run. */
  readonly #layer: string;
  readonly #root: string;

  /** Makes the root once, and unpacks into a folder of the caller's. Throws `UNAVAILABLE` with the reason. */
  constructor(layer: string) {
    if (HOST !== 'amd64') throw unavailable('needs a processor of that architecture');
    if (Bun.which('unzip') === null) throw unavailable('needs unzip');
    this.#root = wineRoot();
    this.#layer = layer;
    for (const folder of [`upper${PROGRAMS}`, 'work', 'root'])
      mkdirSync(`${layer}/${folder}`, { recursive: true });
    for (const name of ['sstop', 'socktop']) {
      const archive = released(`${name}-windows-amd64.zip`);
      outputOf(['unzip', '-q', archive, '-d', this.folder], 'UNPACK');
    }
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
