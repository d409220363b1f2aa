import type { Role } from '../../executable.ts';
import { suffixOf, type Target } from '../target.ts';
import { debianArchive } from './debian-archive.ts';
import { debianControl, debianFiles } from './debian-package.ts';
import { deflated, type Effort, gzipOf } from './gzip.ts';
import { type TarMember, tarEnd, tarStart } from './tar.ts';
import { joinXz, xz } from './xz.ts';
import { zipOf } from './zip.ts';

const EXECUTABLE_MODE = 0o755;

/** A file to be released. */
export interface ReleasedFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

/** What all files of a release have in common. */
interface ReleaseFacts {
  readonly version: string;
  /** The date of all files, since 1970. */
  readonly seconds: number;
  /** For files that are needed in between. */
  readonly folder: string;
}

/** The executable of one target. */
export interface TargetImage {
  readonly target: Target;
  readonly image: Uint8Array<ArrayBuffer>;
}

/** The programs that are released for a target: there is an agent for Linux alone. */
export function rolesFor({ system }: Target): readonly Role[] {
  return system === 'linux' ? ['sstop', 'socktop', 'socktop-agent'] : ['sstop', 'socktop'];
}

/**
 * The archives that every system can open: .tar.gz, or .zip for Windows. The image's compressed form, which takes the
 * time, is made once: in every archive the executable is the last member.
 */
export function* commonArchives(
  { target, image }: TargetImage,
  seconds: number,
  effort: Effort = 'small',
): Generator<ReleasedFile> {
  if (target.system === 'windows') {
    const packed = deflated(image, effort);
    for (const role of rolesFor(target)) {
      const archive = zipOf(`${role}${suffixOf(target)}`, { contents: image, packed }, seconds);
      yield { name: `${role}-${target.name}.zip`, contents: archive };
    }
    return;
  }
  const end = new Uint8Array(tarEnd(image));
  const endDeflated = deflated(end, effort);
  for (const role of rolesFor(target)) {
    const start = tarStart([], memberOf(role, image), seconds);
    yield { name: `${role}-${target.name}.tar.gz`, contents: gzipOf(start, end, endDeflated) };
  }
}

/** What takes xz: smaller archives, and Debian packages where they are for that system. */
export async function* xzArchives(
  { target, image }: TargetImage,
  { version, seconds, folder }: ReleaseFacts,
): AsyncGenerator<ReleasedFile> {
  if (target.system === 'windows') return;
  const end = await xz(tarEnd(image), folder);
  for (const role of rolesFor(target)) {
    const start = await xz(tarStart([], memberOf(role, image), seconds), folder);
    yield { name: `${role}-${target.name}.tar.xz`, contents: joinXz([start, end]) };
    if (target.system !== 'linux' || target.isMusl) continue;
    const files = debianFiles(role, version, image, seconds);
    const others = await xz(tarStart(files.others, files.executable, seconds), folder);
    const control = debianControl(role, version, target.cpu, files);
    const members = [...files.others, files.executable];
    const packed = debianArchive(control, members, joinXz([others, end]), seconds);
    yield { name: `${role}_${version}_${target.cpu}.deb`, contents: packed };
  }
}

function memberOf(role: Role, image: Uint8Array): TarMember {
  return { name: role, kind: 'file', mode: EXECUTABLE_MODE, contents: image };
}
