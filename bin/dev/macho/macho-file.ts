import { OpError } from '../../../src/kit/errors/op-error.ts';

/** mach-o/loader.h: struct mach_header_64, load_command, segment_command_64, linkedit_data_command. */
const MAGIC_64 = 0xfeedfacf;
const HEADER = { commandCount: 16, commandBytes: 20, size: 32 } as const;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const SEGMENT = { name: 8, nameBytes: 16, memorySize: 32, fileOffset: 40, fileSize: 48, size: 72 } as const;
const LINKEDIT_DATA = { offset: 8, bytes: 12, size: 16 } as const;

/** Where in a Mach-O file the things stand that its signature is about; byte offsets from the start of the file. */
export interface MachoLayout {
  /** Of the load command that names the signature. */
  readonly signatureCommand: number;
  readonly signatureOffset: number;
  readonly signatureBytes: number;
  /** Of the load command of the segment `__LINKEDIT`, whose end the signature is. */
  readonly linkeditCommand: number;
  readonly linkeditOffset: number;
  /** The segment `__TEXT` in the file. */
  readonly textOffset: number;
  readonly textBytes: number;
}

/** Finds them in a 64-bit Mach-O file for one processor. Throws `MACHO` where it is none, or has no signature. */
export function readMacho(file: Uint8Array): MachoLayout {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER.size || view.getUint32(0, true) !== MAGIC_64) throw notMacho('no 64-bit Mach-O');
  const commands = commandsOf(view);
  const signature = commands.find(({ kind }) => kind === LC_CODE_SIGNATURE);
  const linkedit = segmentCalled(view, commands, '__LINKEDIT');
  const text = segmentCalled(view, commands, '__TEXT');
  if (signature === undefined || signature.size < LINKEDIT_DATA.size) throw notMacho('no signature in it');
  const signatureOffset = view.getUint32(signature.at + LINKEDIT_DATA.offset, true);
  const signatureBytes = view.getUint32(signature.at + LINKEDIT_DATA.bytes, true);
  if (signatureOffset + signatureBytes > file.length) throw notMacho('its signature ends beyond it');
  return {
    ...{ signatureCommand: signature.at, signatureOffset, signatureBytes },
    linkeditCommand: linkedit,
    linkeditOffset: Number(view.getBigUint64(linkedit + SEGMENT.fileOffset, true)),
    textOffset: Number(view.getBigUint64(text + SEGMENT.fileOffset, true)),
    textBytes: Number(view.getBigUint64(text + SEGMENT.fileSize, true)),
  };
}

/** Writes another size of the signature into the load commands; `__LINKEDIT` ends with it, in whole pages of memory. */
export function resizeSignature(file: Uint8Array, layout: MachoLayout, bytes: number, page: number): void {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const linkeditBytes = layout.signatureOffset + bytes - layout.linkeditOffset;
  view.setUint32(layout.signatureCommand + LINKEDIT_DATA.bytes, bytes, true);
  view.setBigUint64(layout.linkeditCommand + SEGMENT.fileSize, BigInt(linkeditBytes), true);
  const memory = Math.ceil(linkeditBytes / page) * page;
  view.setBigUint64(layout.linkeditCommand + SEGMENT.memorySize, BigInt(memory), true);
}

interface LoadCommand {
  readonly kind: number;
  readonly at: number;
  readonly size: number;
}

function commandsOf(view: DataView): LoadCommand[] {
  const commands: LoadCommand[] = [];
  const end = HEADER.size + view.getUint32(HEADER.commandBytes, true);
  let at: number = HEADER.size;
  for (let left = view.getUint32(HEADER.commandCount, true); left > 0; left--) {
    if (at + 8 > Math.min(end, view.byteLength)) throw notMacho('its load commands end early');
    const size = view.getUint32(at + 4, true);
    if (size < 8 || at + size > view.byteLength) throw notMacho('a load command has an impossible size');
    commands.push({ kind: view.getUint32(at, true), at, size });
    at += size;
  }
  return commands;
}

function segmentCalled(view: DataView, commands: readonly LoadCommand[], name: string): number {
  const found = commands.find(({ kind, at, size }) => {
    if (kind !== LC_SEGMENT_64 || size < SEGMENT.size) return false;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + SEGMENT.name, SEGMENT.nameBytes);
    return new TextDecoder('latin1').decode(bytes).replace(/\0.*$/s, '') === name;
  });
  if (found === undefined) throw notMacho(`no segment ${name} in it`);
  return found.at;
}

function notMacho(message: string): OpError {
  return new OpError({
    op: 'read Mach-O',
    code: 'MACHO',
    message: `a file to be signed is not usable: ${message}`,
  });
}
