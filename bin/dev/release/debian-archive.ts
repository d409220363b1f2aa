import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type TarMember, tarOf } from './tar.ts';

/** deb(5): an archive of ar(5) with these three members. */
const AR_MAGIC = '!<arch>\n';
const FORMAT = '2.0\n';
const EXECUTABLE_MODE = 0o755;
const FILE_MODE = 0o644;

/** What dpkg is told about a package. */
export interface DebianControl {
  /** The fields of deb-control(5), in their order; a description has its further lines after a line feed. */
  readonly fields: Readonly<Record<string, string>>;
  /** preinst, postinst, prerm and postrm by name. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Absolute paths of files that belong to the administrator once they are there. */
  readonly conffiles: readonly string[];
}

/** The bytes of a .deb. `data` is the archive of its files as .tar.xz; `members` says what is in it, for the sums. */
export function debianArchive(
  control: DebianControl,
  members: readonly TarMember[],
  data: Uint8Array,
  seconds: number,
): Uint8Array {
  const controlArchive = gzipSync(tarOf(controlMembers(control, members), seconds), { level: 9 });
  return Buffer.concat([
    Buffer.from(AR_MAGIC),
    ...arMember('debian-binary', Buffer.from(FORMAT), seconds),
    ...arMember('control.tar.gz', controlArchive, seconds),
    ...arMember('data.tar.xz', data, seconds),
  ]);
}

/** For the field Installed-Size: KiB, each file and folder in whole ones. */
export function installedSize(members: readonly TarMember[]): number {
  return members.reduce(
    (sum, { contents }) => sum + Math.max(1, Math.ceil((contents?.length ?? 0) / 1024)),
    0,
  );
}

function controlMembers(control: DebianControl, members: readonly TarMember[]): TarMember[] {
  const fields = Object.entries(control.fields).map(([name, value]) => `${name}: ${value}\n`);
  const sums = members
    .filter((member) => member.kind === 'file')
    .map(({ name, contents }) => `${md5(contents)}  ${name.replace('./', '')}\n`);
  return [
    { name: './', kind: 'folder', mode: EXECUTABLE_MODE },
    textMember('./control', fields.join(''), FILE_MODE),
    ...(control.conffiles.length > 0
      ? [textMember('./conffiles', `${control.conffiles.join('\n')}\n`, FILE_MODE)]
      : []),
    textMember('./md5sums', sums.join(''), FILE_MODE),
    ...Object.entries(control.scripts).map(([name, text]) => textMember(`./${name}`, text, EXECUTABLE_MODE)),
  ];
}

/** A file of an archive, of text. */
export function textMember(name: string, text: string, mode: number): TarMember {
  return { name, kind: 'file', mode, contents: new Uint8Array(Buffer.from(text)) };
}

/** What dpkg compares by; it is no defence, SHA256SUMS is. */
function md5(contents: Uint8Array = new Uint8Array()): string {
  return createHash('md5').update(contents).digest('hex');
}

function arMember(name: string, contents: Uint8Array, seconds: number): Uint8Array[] {
  const header =
    `${name.padEnd(16)}${String(seconds).padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}` +
    `${'100644'.padEnd(8)}${String(contents.length).padEnd(10)}\`\n`;
  return [Buffer.from(header), contents, Buffer.alloc(contents.length % 2, '\n')];
}
