import type { Role } from '../../role.ts';
import { suffixOf, type Target } from '../target.ts';
import { debianArchive } from './debian-archive.ts';
import { debianControl, debianFiles } from './debian-package.ts';
import { deflated, gzipOf } from './gzip.ts';
import { type TarMember, tarEnd, tarStart } from './tar.ts';
import { canMakeXz, joinXz, xz } from './xz.ts';
import { zipOf } from './zip.ts';

const EXECUTABLE_MODE = 0o755;

/** A file to be released. */
export interface ReleasedFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

/** How a release is made. */
export interface ReleaseSettings {
  readonly version: string;
  /** The date of all files, since 1970. */
  readonly seconds: number;
  /** Whether .tar.xz and Debian packages, which take most of the time, are made. */
  readonly withXz: boolean;
}

/** The programs that are released for a target: there is an agent for Linux alone. */
export function rolesFor({ system }: Target): readonly Role[] {
  return system === 'linux' ? ['sstop', 'socktop', 'socktop-agent'] : ['sstop', 'socktop'];
}

/**
 * All archives and packages with the one image of a target. Its compressed form, which takes the time, is made once:
 * in every archive the executable is the last member.
 */
export async function* filesOf(
  target: Target,
  image: Uint8Array<ArrayBuffer>,
  { version, seconds, withXz }: ReleaseSettings,
): AsyncGenerator<ReleasedFile> {
  if (target.system === 'windows') {
    const packed = deflated(image);
    for (const role of rolesFor(target)) {
      const archive = zipOf(`${role}${suffixOf(target)}`, { contents: image, packed }, seconds);
      yield { name: `${role}-${target.name}.zip`, contents: archive };
    }
    return;
  }
  const end = new Uint8Array(tarEnd(image));
  const endXz = withXz && canMakeXz() ? xz(end) : undefined;
  const endDeflated = deflated(end);
  for (const role of rolesFor(target)) {
    const member: TarMember = {
      ...{ name: `${role}${suffixOf(target)}`, kind: 'file', mode: EXECUTABLE_MODE },
      contents: image,
    };
    const start = tarStart([], member, seconds);
    const name = `${role}-${target.name}`;
    yield { name: `${name}.tar.gz`, contents: gzipOf(start, end, endDeflated) };
    if (endXz === undefined) continue;
    yield { name: `${name}.tar.xz`, contents: joinXz([await xz(start), await endXz]) };
    if (target.system !== 'linux' || target.isMusl) continue;
    const files = debianFiles(role, version, image, seconds);
    const data = joinXz([await xz(tarStart(files.others, files.executable, seconds)), await endXz]);
    const control = debianControl(role, version, target.cpu, files);
    const members = [...files.others, files.executable];
    const packed = debianArchive(control, members, data, seconds);
    yield { name: `${role}_${version}_${target.cpu}.deb`, contents: packed };
  }
}
