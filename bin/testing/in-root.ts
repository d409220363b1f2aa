import { tmpdir } from 'node:os';
import { ARCHITECTURES, type Architecture, HOST } from './machine-tools.ts';

const NOBODY = '65534';
/** Stays empty: what is mounted there is seen by the one command alone. */
const STAGE = `${tmpdir()}/sstop-root`;
/** Where the archives are unpacked to, in the root. */
export const PROGRAMS = '/opt/programs';

/** A command in a root of its own. */
export interface InRoot {
  readonly root: string;
  readonly architecture: Architecture;
  /** .tar.gz files that are unpacked to PROGRAMS before. */
  readonly archives: readonly string[];
  /** As nobody, or as root. */
  readonly asNobody?: boolean;
  /** What `setcap` gives to each of the programs. */
  readonly capabilities?: string;
  /** Folder that keeps what is written in the root; without one nothing is kept. */
  readonly layer?: string;
  /** Files of this machine that stand in PROGRAMS as well. */
  readonly files?: readonly string[];
  readonly command: readonly string[];
}

/**
 * The arguments that start it: in namespaces of its own (mounts, network with loopback), with a layer for
 * what is written over the root, and for another processor with qemu registered in a user namespace of its own
 * (binfmt_misc belongs to those since Linux 6.7), so that nothing outside changes.
 */
export function inRoot(options: InRoot): string[] {
  const { root, architecture, archives, files = [], capabilities = '', layer = '', command } = options;
  const user = options.asNobody === true ? `--userspec=${NOBODY}:${NOBODY}` : '--userspec=0:0';
  const variables = [root, layer, capabilities, user, String(archives.length), String(files.length)];
  const enter = ['sh', '-ec', ENTER, 'sh', ...variables, ...archives, ...files, ...command];
  if (architecture === HOST) return ['unshare', '--mount', '--net', '--fork', '--kill-child', ...enter];
  return ['bash', '-c', FOREIGN, 'bash', REGISTRATIONS[architecture], ...enter];
}

/** Why no command for this processor can be run here; undefined where one can. */
export function obstacleTo(architecture: Architecture): string | undefined {
  if (architecture === HOST) return undefined;
  const emulator = emulatorOf(architecture);
  return Bun.which(emulator) === null ? `needs ${emulator} (Debian: qemu-user-static)` : undefined;
}

function emulatorOf(architecture: Architecture): string {
  return `qemu-${ARCHITECTURES[architecture].triplet.split('-')[0]}-static`;
}

const ENTER = `
root=$1 layer=$2 capabilities=$3 user=$4 archives=$5 files=$6; shift 6
stage=${STAGE}; mkdir -p "$stage"
mount -t tmpfs -o size=3g tmpfs "$stage"
mkdir "$stage/root" "$stage/upper" "$stage/work"
if [ -n "$layer" ]; then mkdir -p "$layer/upper" "$layer/work"; else layer=$stage; fi
mount -t overlay -o "lowerdir=$root,upperdir=$layer/upper,workdir=$layer/work" overlay "$stage/root"
cd "$stage/root"
mkdir -p proc sys dev tmp root .${PROGRAMS}
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
while [ "$archives" -gt 0 ]; do tar --no-same-owner -xzf "$1" -C .${PROGRAMS}; shift; archives=$((archives - 1)); done
while [ "$files" -gt 0 ]; do cp "$1" .${PROGRAMS}; shift; files=$((files - 1)); done
if [ -n "$capabilities" ]; then for file in .${PROGRAMS}/*; do setcap "$capabilities" "$file"; done; fi
ip link set lo up
home=/root; [ "$user" = --userspec=0:0 ] || home=/tmp
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec env -i PATH=$path HOME=$home LANG=C.UTF-8 TERM="\${TERM:-dumb}" chroot "$user" "$stage/root" sh -c 'cd ${PROGRAMS} && exec "$@"' sh "$@"
`;

/**
 * As binfmt_misc takes it (Documentation/admin-guide/binfmt-misc.rst): the beginning of an ELF header with e_machine.
 * P keeps argv[0], by which busybox knows its part; F opens the emulator before the root is changed.
 */
const registration = (machine: string, emulator: string): string =>
  `:${emulator}:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x${machine}\\x00:` +
  `\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:/usr/bin/${emulator}:PF`;

const REGISTRATIONS: Readonly<Record<Architecture, string>> = {
  amd64: registration('3e', 'qemu-x86_64-static'),
  arm64: registration('b7', 'qemu-aarch64-static'),
};

/** The user namespace has all ids as they are; only its parent may write that, so it waits for a word. */
const FOREIGN = `
word=$(mktemp -u); mkfifo "$word"
unshare --user --mount --pid --net --fork --kill-child bash -c '
  read -r _ < "$0"
  mount -t proc proc /proc && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit 9
  printf %s "$1" > /proc/sys/fs/binfmt_misc/register || exit 8
  shift; exec "$@"' "$word" "$@" <&0 &
child=$!
until [ "$(readlink /proc/$child/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.02; done
echo '0 0 65536' > /proc/$child/uid_map; echo '0 0 65536' > /proc/$child/gid_map
echo go > "$word"; rm -f "$word"
wait $child
`;
