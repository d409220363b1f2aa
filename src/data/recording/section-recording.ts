import type { JsonValue } from '../codec/json-values.ts';
import { SystemExport, systemJson } from '../export/system-export.ts';
import type { UserNames } from '../query/machine-process-rows.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import type { SectionPart } from './recorded-format.ts';
import { groupsAsList, SectionCodecs } from './section-codecs.ts';

/** Sections beside the network and the list of processes, as they were recorded. */
export type RecordedSections = Pick<Snapshot, 'machine' | 'disks' | 'controlGroups'>;

/** Records the sections of a machine, and each line as `socktop --json` prints it. */
export class MachineSectionWriter {
  readonly #data: SystemExport;
  readonly #codecs = new SectionCodecs();
  /** Names of users, for the list of processes. */
  readonly userOf: UserNames;

  constructor(userOf: UserNames) {
    this.userOf = userOf;
    this.#data = new SystemExport(userOf);
  }

  /** JSON of the sections that the snapshot has, each beginning `{"part":"NAME",` with a name of SECTION_PARTS. */
  parts({ header, machine, disks, controlGroups }: Snapshot): string[] {
    const codecs = this.#codecs;
    return [
      machine && partOf('machine', codecs.machine.write({ header, section: machine })),
      disks && partOf('disks', codecs.disks.write({ header, section: disks })),
      controlGroups &&
        partOf('controlGroups', codecs.controlGroups.write({ header, section: controlGroups })),
    ].filter((part) => part !== undefined);
  }

  /** What a line says to people and tools where it holds no network: JSON of an object. */
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
export class MachineSectionReader {
  readonly #codecs = new SectionCodecs();

  /** The sections of these values, borrowed until the next call. Throws an OpError where one is damaged. */
  read(parts: ReadonlyMap<SectionPart, unknown>): RecordedSections {
    const codecs = this.#codecs;
    const machine = parts.get('machine');
    const disks = parts.get('disks');
    const groups = parts.get('controlGroups');
    return {
      ...(machine !== undefined && { machine: codecs.machine.read(machine, 'part').section }),
      ...(disks !== undefined && { disks: codecs.disks.read(disks, 'part').section }),
      ...(groups !== undefined && {
        controlGroups: codecs.controlGroups.read(groupsAsList(groups), 'part').section,
      }),
    };
  }
}

/** Parts of a recording are found by how they begin. */
function partOf(name: SectionPart, json: JsonValue): string {
  return `{"part":"${name}",${JSON.stringify(json).slice(1)}`;
}
