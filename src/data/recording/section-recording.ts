import type { JsonValue } from '../codec/json-values.ts';
import { SectionCodec } from '../codec/record-json.ts';
import { SystemExport, systemJson } from '../export/system-export.ts';
import type { UserNames } from '../query/machine-process-rows.ts';
import { MACHINE } from '../sample/machine-section.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import { CONTROL_GROUPS } from '../schema/control-groups-section.ts';
import { DISKS } from '../schema/disks-section.ts';
import type { SectionPart } from './recorded-format.ts';
import { groupsAsList } from './recorded-groups.ts';
import type { RecordedSections, SectionReader } from './recorded-machine.ts';
import type { SectionWriter } from './recording-writer.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Records the sections of a machine as `socktop.v2` has them, and each line as `socktop --json` prints it. */
export class MachineSectionWriter implements SectionWriter {
  readonly #data: SystemExport;
  readonly #machine = new SectionCodec(MACHINE);
  readonly #disks = new SectionCodec(DISKS);
  readonly #controlGroups = new SectionCodec(CONTROL_GROUPS);
  readonly userOf: UserNames;

  constructor(userOf: UserNames) {
    this.userOf = userOf;
    this.#data = new SystemExport(userOf);
  }

  parts({ header, machine, disks, controlGroups }: Snapshot): string[] {
    const parts: string[] = [];
    if (machine !== undefined) {
      parts.push(partOf('machine', this.#machine.write({ header, section: machine })));
    }
    if (disks !== undefined) {
      parts.push(partOf('disks', this.#disks.write({ header, section: disks })));
    }
    if (controlGroups !== undefined) {
      const section = this.#controlGroups.write({ header, section: controlGroups });
      parts.push(partOf('controlGroups', section));
    }
    return parts;
  }

  entry(snapshot: Snapshot): string {
    this.#data.absorb(snapshot);
    // Each list stands in the line of its sample, and not in those between two.
    if (snapshot.disks === undefined) this.#data.disks = undefined;
    if (snapshot.controlGroups === undefined) this.#data.controlGroups = undefined;
    if (snapshot.machineProcesses === undefined) this.#data.processes = undefined;
    return systemJson(this.#data);
  }
}

/** Reads what `MachineSectionWriter` wrote. */
export class MachineSectionReader implements SectionReader {
  readonly #machine = new SectionCodec(MACHINE);
  readonly #disks = new SectionCodec(DISKS);
  readonly #controlGroups = new SectionCodec(CONTROL_GROUPS);

  /** Throws an OpError with a WireErrorCode where a part is damaged. */
  read(parts: ReadonlyMap<SectionPart, unknown>): RecordedSections {
    const sections: Writable<RecordedSections> = {};
    const machine = parts.get('machine');
    const disks = parts.get('disks');
    if (machine !== undefined) sections.machine = this.#machine.read(machine, 'part').section;
    if (disks !== undefined) sections.disks = this.#disks.read(disks, 'part').section;
    const groups = parts.get('controlGroups');
    if (groups !== undefined)
      sections.controlGroups = this.#controlGroups.read(groupsAsList(groups), 'part').section;
    return sections;
  }
}

/** Parts of a recording are found by how they begin. */
function partOf(name: SectionPart, json: JsonValue): string {
  return `{"part":"${name}",${JSON.stringify(json).slice(1)}`;
}
