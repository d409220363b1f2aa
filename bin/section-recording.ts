import type { JsonValue } from '../src/data/codec/json-values.ts';
import { SystemExport, systemJson } from '../src/data/export/system-export.ts';
import type { UserNames } from '../src/data/query/machine-process-rows.ts';
import type { SectionPart } from '../src/data/recording/recorded-format.ts';
import type { RecordedSections, SectionReader } from '../src/data/recording/recorded-machine.ts';
import type { SectionWriter } from '../src/data/recording/recording-writer.ts';
import type { Snapshot } from '../src/data/sample/snapshot.ts';
import { JsonSections } from '../src/remote/wire/v2-reply.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Records the sections of a machine as `socktop.v2` has them, and each line as `socktop --json` prints it. */
export class MachineSectionWriter implements SectionWriter {
  readonly #data: SystemExport;
  readonly #sections = new JsonSections();
  readonly userOf: UserNames;

  constructor(userOf: UserNames) {
    this.userOf = userOf;
    this.#data = new SystemExport(userOf);
  }

  parts({ header, machine, disks }: Snapshot): string[] {
    const parts: string[] = [];
    if (machine !== undefined) {
      parts.push(partOf('machine', this.#sections.machine.write({ header, section: machine })));
    }
    if (disks !== undefined) {
      parts.push(partOf('disks', this.#sections.disks.write({ header, section: disks })));
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
}

/** Reads what `MachineSectionWriter` wrote. */
export class MachineSectionReader implements SectionReader {
  readonly #sections = new JsonSections();

  /** Throws an OpError with a WireErrorCode where a part is damaged. */
  read(parts: ReadonlyMap<SectionPart, unknown>): RecordedSections {
    const sections: Writable<RecordedSections> = {};
    const machine = parts.get('machine');
    const disks = parts.get('disks');
    if (machine !== undefined) sections.machine = this.#sections.machine.read(machine, 'part').section;
    if (disks !== undefined) sections.disks = this.#sections.disks.read(disks, 'part').section;
    return sections;
  }
}

/** Parts of a recording are found by how they begin. */
function partOf(name: SectionPart, json: JsonValue): string {
  return `{"part":"${name}",${JSON.stringify(json).slice(1)}`;
}
