import type { SectionWriter } from '../src/data/export/recording-writer.ts';
import { SystemExport } from '../src/data/export/system-export.ts';
import { systemJson } from '../src/data/export/system-json.ts';
import type { UserNames } from '../src/data/query/machine-process-rows.ts';
import type { MachineProcesses } from '../src/data/sample/machine-processes.ts';
import type { Snapshot } from '../src/data/sample/snapshot.ts';
import type { SectionPart } from '../src/data/source/recorded-format.ts';
import type { RecordedSections, SectionReader } from '../src/data/source/recorded-machine.ts';
import { parseJsonWithin } from '../src/kit/bytes/json-bytes.ts';
import { disksMessageOf, machineMessageOf } from '../src/remote/agent/answers/machine-messages.ts';
import { disksSection, V2Machine } from '../src/remote/client/v2-machine.ts';
import { V2Processes } from '../src/remote/client/v2-processes.ts';
import { disksMessage } from '../src/remote/wire/disks-message.ts';
import type { JsonCodec } from '../src/remote/wire/json-codec.ts';
import { JSON_DEPTH_LIMIT, PAYLOAD_LIMIT_BYTES } from '../src/remote/wire/limits.ts';
import { machineMessage } from '../src/remote/wire/machine-message.ts';
import { type ProcessListMessage, processListMessage } from '../src/remote/wire/process-list-message.ts';
import { ProcessRowTable } from '../src/remote/wire/process-row.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Records the sections of a machine as `socktop.v2` has them, and each line as `socktop --json` prints it. */
export class MachineSectionWriter implements SectionWriter {
  readonly #data: SystemExport;
  readonly #userOf: UserNames;
  readonly #commandLines = new RecordedLines();

  constructor(userOf: UserNames) {
    this.#userOf = userOf;
    this.#data = new SystemExport(userOf);
  }

  parts({ header, machine, disks, machineProcesses }: Snapshot): string[] {
    const parts: string[] = [];
    if (machine !== undefined) {
      parts.push(partText('machine', machineMessage, machineMessageOf({ header, section: machine })));
    }
    if (disks !== undefined) {
      parts.push(partText('disks', disksMessage, disksMessageOf({ header, section: disks })));
    }
    if (machineProcesses !== undefined) {
      parts.push(partText('processes', processListMessage, this.#listOf(machineProcesses)));
    }
    return parts;
  }

  entry(snapshot: Snapshot): string {
    this.#data.absorb(snapshot);
    // Each list stands in the line of its sample, and not in those between two.
    if (snapshot.disks === undefined) this.#data.disks = undefined;
    if (snapshot.machineProcesses === undefined) this.#data.processes = undefined;
    return systemJson(this.#data);
  }

  /** The name, or the number as text; undefined unknown. */
  #userText(uid: number): string | undefined {
    return uid < 0 ? undefined : (this.#userOf(uid) ?? String(uid));
  }

  #listOf(section: MachineProcesses): ProcessListMessage {
    const { processes: table, usage, texts } = section;
    const commandLines = texts?.commandLines ?? section.commandLines;
    this.#commandLines.begin();
    const slots = table.slots.rows.subarray(0, table.slots.count);
    const column = (values: ArrayLike<number>): Float64Array =>
      Float64Array.from(slots, (slot) => values[slot]!);
    return {
      section,
      processCount: section.processCount ?? slots.length,
      memoryTotalBytes: section.memoryTotalBytes,
      coreCount: section.coreCount,
      pid: column(table.pid),
      startTicks: column(table.startTicks),
      state: column(table.state),
      threads: column(table.threads),
      cpuNanos: column(table.cpuNanos),
      residentBytes: column(table.rssBytes),
      readBytes: column(usage.readBytes),
      writtenBytes: column(usage.writtenBytes),
      name: Array.from(slots, (slot) => table.names[slot] ?? ''),
      user: Array.from(slots, (slot) =>
        texts === undefined ? this.#userText(table.uid[slot]!) : texts.users[slot],
      ),
      commandLine: Array.from(slots, (slot) =>
        this.#commandLines.newsOf(slot, table.pid[slot]!, table.startTicks[slot]!, commandLines?.[slot]),
      ),
    };
  }
}

/** In one of so many lists every command line stands; a seek reads as many before its target. */
const WHOLE_LISTS = 16;

/** What a recording holds of the command lines, by slot: repeated in every list they would double it. */
class RecordedLines {
  readonly #pid: number[] = [];
  readonly #startTicks: number[] = [];
  readonly #text: (string | undefined)[] = [];
  #lists = -1;

  /** Before the rows of a list. */
  begin(): void {
    this.#lists = (this.#lists + 1) % WHOLE_LISTS;
  }

  /** The text where it has to be written, else undefined: it is as before, or unknown. */
  newsOf(slot: number, pid: number, startTicks: number, text: string | undefined): string | undefined {
    const isSame =
      this.#pid[slot] === pid && this.#startTicks[slot] === startTicks && this.#text[slot] === text;
    this.#pid[slot] = pid;
    this.#startTicks[slot] = startTicks;
    this.#text[slot] = text;
    return isSame && this.#lists > 0 ? undefined : text;
  }
}

/** Reads what `MachineSectionWriter` wrote; rows keep their slots from line to line. */
export class MachineSectionReader implements SectionReader {
  readonly #machine = new V2Machine();
  readonly #processes = new V2Processes();
  readonly #table = new ProcessRowTable();

  /** Throws an OpError with a WireErrorCode where a part is damaged. */
  read(parts: ReadonlyMap<SectionPart, Uint8Array>): RecordedSections {
    const sections: Writable<RecordedSections> = {};
    const machine = parts.get('machine');
    const disks = parts.get('disks');
    const processes = parts.get('processes');
    if (machine !== undefined) sections.machine = this.#machine.section(read(machineMessage, machine));
    if (disks !== undefined) sections.disks = disksSection(read(disksMessage, disks));
    if (processes !== undefined) sections.machineProcesses = this.#list(read(processListMessage, processes));
    return sections;
  }

  #list(message: ProcessListMessage): MachineProcesses {
    const table = this.#table;
    const { slots } = table;
    const seen = new Set<number>();
    for (let row = 0; row < message.pid.length; row++) putRow(table, message, row, seen);
    for (let i = slots.count - 1; i >= 0; i--) if (!seen.has(slots.rows[i]!)) table.remove(slots.rows[i]!);
    return this.#processes.section({
      header: UNUSED_HEADER,
      section: message.section,
      table,
      processCount: message.processCount ?? 0,
      memoryTotalBytes: message.memoryTotalBytes ?? 0,
      coreCount: message.coreCount ?? 0,
    });
  }
}

/** The header of a line is its own part. */
const UNUSED_HEADER = {
  ...{ hostName: '', bootId: '', epoch: 0, monotonicMicros: 0, wallMillis: 0, bootWallMillis: 0 },
  clockTicksPerSecond: 100,
};

/** A row that the list holds twice is taken once. */
function putRow(table: ProcessRowTable, message: ProcessListMessage, row: number, seen: Set<number>): void {
  const pid = message.pid[row]!;
  const startTicks = Math.max(0, message.startTicks[row] ?? 0) || 0;
  if (!(pid >= 0 && pid <= 0x7fff_ffff)) return;
  const known = table.find(pid, startTicks);
  const slot = known >= 0 ? known : table.add(pid, startTicks);
  if (slot < 0 || seen.has(slot)) return;
  seen.add(slot);
  const value = (values: ArrayLike<number>): number => values[row] ?? Number.NaN;
  table.state[slot] = value(message.state);
  table.threads[slot] = value(message.threads);
  table.cpuNanos[slot] = value(message.cpuNanos);
  table.residentBytes[slot] = value(message.residentBytes);
  table.readBytes[slot] = value(message.readBytes);
  table.writtenBytes[slot] = value(message.writtenBytes);
  table.names[slot] = message.name[row] ?? '';
  table.users[slot] = message.user[row];
  // Left out: as it was.
  table.commandLines[slot] = message.commandLine[row] ?? table.commandLines[slot];
}

/** Parts of a recording are found by how they begin. */
function partText<T>(name: SectionPart, codec: JsonCodec<T>, value: T): string {
  return `{"part":"${name}",${JSON.stringify(codec.write(value, 'v2')).slice(1)}`;
}

function read<T>(codec: JsonCodec<T>, bytes: Uint8Array): T {
  return codec.read(parseJsonWithin(bytes, PAYLOAD_LIMIT_BYTES.processes, JSON_DEPTH_LIMIT), 'part');
}
