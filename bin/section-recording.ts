import { SystemExport, systemJson } from '../src/data/export/system-export.ts';
import type { UserNames } from '../src/data/query/machine-process-rows.ts';
import type { SectionPart } from '../src/data/recording/recorded-format.ts';
import type { RecordedSections, SectionReader } from '../src/data/recording/recorded-machine.ts';
import type { SectionWriter } from '../src/data/recording/recording-writer.ts';
import { type MachineProcesses, ProcessTexts } from '../src/data/sample/machine-processes.ts';
import { ProcessList } from '../src/data/sample/process-list.ts';
import type { Snapshot } from '../src/data/sample/snapshot.ts';
import { parseJsonWithin } from '../src/kit/bytes/json-bytes.ts';
import { JSON_DEPTH_LIMIT, PAYLOAD_LIMIT_BYTES, ROWS_LIMIT } from '../src/remote/wire/limits.ts';
import { processListJson, readProcessList } from '../src/remote/wire/process-list-json.ts';
import { JsonSections } from '../src/remote/wire/v2-reply.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Records the sections of a machine as `socktop.v2` has them, and each line as `socktop --json` prints it. */
export class MachineSectionWriter implements SectionWriter {
  readonly #data: SystemExport;
  readonly #sections = new JsonSections();
  readonly #userOf: UserNames;
  readonly #commandLines = new RecordedLines();
  readonly #texts = new ProcessTexts();

  constructor(userOf: UserNames) {
    this.#userOf = userOf;
    this.#data = new SystemExport(userOf);
  }

  parts({ header, machine, disks, machineProcesses }: Snapshot): string[] {
    const parts: string[] = [];
    if (machine !== undefined) {
      parts.push(partOf('machine', this.#sections.machine.write({ header, section: machine })));
    }
    if (disks !== undefined) {
      parts.push(partOf('disks', this.#sections.disks.write({ header, section: disks })));
    }
    if (machineProcesses !== undefined) {
      parts.push(partOf('processes', this.#listOf(machineProcesses)));
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

  #listOf(section: MachineProcesses): object {
    const { processes, usage } = section;
    const commandLines = section.texts?.commandLines ?? section.commandLines;
    const texts = this.#texts;
    this.#commandLines.begin();
    for (const slot of processes.slots.rows.subarray(0, processes.slots.count)) {
      const [pid, startTicks] = [processes.pid[slot]!, processes.startTicks[slot]!];
      texts.users[slot] =
        section.texts === undefined ? this.#userText(processes.uid[slot]!) : section.texts.users[slot];
      texts.commandLines[slot] = this.#commandLines.newsOf(slot, pid, startTicks, commandLines?.[slot]);
    }
    return processListJson(section, { processes, usage, texts });
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
  readonly #sections = new JsonSections();
  readonly #processes = new ProcessList(ROWS_LIMIT.processes);

  /** Throws an OpError with a WireErrorCode where a part is damaged. */
  read(parts: ReadonlyMap<SectionPart, Uint8Array>): RecordedSections {
    const sections: Writable<RecordedSections> = {};
    const machine = parts.get('machine');
    const disks = parts.get('disks');
    const processes = parts.get('processes');
    if (machine !== undefined)
      sections.machine = this.#sections.machine.read(parsed(machine), 'part').section;
    if (disks !== undefined) sections.disks = this.#sections.disks.read(parsed(disks), 'part').section;
    if (processes !== undefined)
      sections.machineProcesses = readProcessList(parsed(processes), this.#processes);
    return sections;
  }
}

/** Parts of a recording are found by how they begin. */
function partOf(name: SectionPart, json: unknown): string {
  return `{"part":"${name}",${JSON.stringify(json).slice(1)}`;
}

function parsed(bytes: Uint8Array): unknown {
  return parseJsonWithin(bytes, PAYLOAD_LIMIT_BYTES.processes, JSON_DEPTH_LIMIT);
}
