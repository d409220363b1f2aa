import { SystemExport, systemJson } from '../src/data/export/system-export.ts';
import type { UserNames } from '../src/data/query/machine-process-rows.ts';
import type { SectionPart } from '../src/data/recording/recorded-format.ts';
import type { RecordedSections, SectionReader } from '../src/data/recording/recorded-machine.ts';
import type { SectionWriter } from '../src/data/recording/recording-writer.ts';
import type { Snapshot } from '../src/data/sample/snapshot.ts';
import { parseJsonWithin } from '../src/kit/bytes/json-bytes.ts';
import { disksMessageOf, machineMessageOf } from '../src/remote/agent/answers/machine-messages.ts';
import { disksSection, V2Machine } from '../src/remote/client/v2-machine.ts';
import { disksMessage } from '../src/remote/wire/disks-message.ts';
import type { JsonCodec } from '../src/remote/wire/json-codec.ts';
import { JSON_DEPTH_LIMIT, PAYLOAD_LIMIT_BYTES } from '../src/remote/wire/limits.ts';
import { machineMessage } from '../src/remote/wire/machine-message.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Records the sections of a machine as `socktop.v2` has them, and each line as `socktop --json` prints it. */
export class MachineSectionWriter implements SectionWriter {
  readonly #data: SystemExport;
  readonly userOf: UserNames;

  constructor(userOf: UserNames) {
    this.userOf = userOf;
    this.#data = new SystemExport(userOf);
  }

  parts({ header, machine, disks }: Snapshot): string[] {
    const parts: string[] = [];
    if (machine !== undefined) {
      parts.push(partText('machine', machineMessage, machineMessageOf({ header, section: machine })));
    }
    if (disks !== undefined) {
      parts.push(partText('disks', disksMessage, disksMessageOf({ header, section: disks })));
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
  readonly #machine = new V2Machine();

  /** Throws an OpError with a WireErrorCode where a part is damaged. */
  read(parts: ReadonlyMap<SectionPart, Uint8Array>): RecordedSections {
    const sections: Writable<RecordedSections> = {};
    const machine = parts.get('machine');
    const disks = parts.get('disks');
    if (machine !== undefined) sections.machine = this.#machine.section(read(machineMessage, machine));
    if (disks !== undefined) sections.disks = disksSection(read(disksMessage, disks));
    return sections;
  }
}

/** Parts of a recording are found by how they begin. */
function partText<T>(name: SectionPart, codec: JsonCodec<T>, value: T): string {
  return `{"part":"${name}",${JSON.stringify(codec.write(value, 'v2')).slice(1)}`;
}

function read<T>(codec: JsonCodec<T>, bytes: Uint8Array): T {
  return codec.read(parseJsonWithin(bytes, PAYLOAD_LIMIT_BYTES.processes, JSON_DEPTH_LIMIT), 'part');
}
