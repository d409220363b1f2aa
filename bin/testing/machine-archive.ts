import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';

const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const LINK = 0o120000;
const CHARACTER_DEVICE = 0o020000;
const PERMISSIONS = 0o777;
const EXECUTABLE = 0o755;
const ALIGNMENT = 4;

/**
 * Writes a cpio archive as the kernel unpacks it at start ("newc", Documentation/driver-api/early-userspace/
 * buffer-format.rst). Each entry is
 *
 *   6 bytes "070701", 13 fields of 8 hexadecimal digits: inode, mode, uid, gid, links, mtime, size, device major and
 *   minor, rdev major and minor, name length with NUL, checksum (0)
 *   name, NUL, up to a multiple of 4; contents, up to a multiple of 4
 *
 * Parent folders are added as they are needed. Everything belongs to root.
 */
export class MachineArchive {
  readonly #descriptor: number;
  readonly #folders = new Set<string>();
  #inode = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  folder(name: string): void {
    if (name === '' || this.#folders.has(name)) return;
    this.#addParent(name);
    this.#folders.add(name);
    this.#entry(name, DIRECTORY | EXECUTABLE, new Uint8Array());
  }

  file(name: string, contents: string | Uint8Array, permissions = EXECUTABLE): void {
    this.#addParent(name);
    this.#entry(name, REGULAR | permissions, Buffer.from(contents));
  }

  link(name: string, target: string): void {
    this.#addParent(name);
    this.#entry(name, LINK | PERMISSIONS, Buffer.from(target));
  }

  characterDevice(name: string, major: number, minor: number): void {
    this.#addParent(name);
    this.#entry(name, CHARACTER_DEVICE | 0o600, new Uint8Array(), [major, minor]);
  }

  /** What stands at a path of this machine: a file, a link, or a folder with all that `isWanted` in it. */
  copy(name: string, from: string, isWanted: (path: string) => boolean = () => true): void {
    const found = lstatSync(from);
    if (found.isSymbolicLink()) this.link(name, readlinkSync(from));
    else if (found.isFile()) this.file(name, readFileSync(from), found.mode & PERMISSIONS);
    else if (found.isDirectory()) {
      for (const entry of readdirSync(from).sort()) {
        if (isWanted(`${from}/${entry}`)) this.copy(`${name}/${entry}`, `${from}/${entry}`, isWanted);
      }
    }
  }

  close(): void {
    this.#inode = -1;
    this.#entry('TRAILER!!!', 0, new Uint8Array());
    closeSync(this.#descriptor);
  }

  #addParent(name: string): void {
    const end = name.lastIndexOf('/');
    if (end > 0) this.folder(name.slice(0, end));
  }

  #entry(name: string, mode: number, contents: Uint8Array, [major, minor] = [0, 0]): void {
    const encoded = Buffer.from(`${name}\0`);
    const fields = [++this.#inode, mode, 0, 0, 1, 0, contents.length, 0, 0, major, minor, encoded.length, 0];
    const digits = fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0'));
    this.#write(Buffer.concat([Buffer.from(`070701${digits.join('')}`), encoded]));
    this.#write(contents);
  }

  #write(bytes: Uint8Array): void {
    const padded = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    writeSync(this.#descriptor, new Uint8Array(padded));
  }
}
