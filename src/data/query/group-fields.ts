import type { ControlGroup } from './groups.ts';
import { exported, falls, type RowFields, risesByText } from './row-fields.ts';
import { type ExportedTraffic, TRAFFIC_FIELDS, type TrafficColumns } from './traffic-fields.ts';

/** What control groups are ordered by. */
interface OrderedGroups extends TrafficColumns {
  readonly names: readonly string[];
  readonly processes: Int32Array;
}

/** What exports read a control group from. */
export interface GroupExport {
  readonly rows: ExportedTraffic['rows'] & {
    readonly processes: Int32Array;
    nameOf(row: number): string;
    typeOf(row: number): ControlGroup['type'];
  };
}

/** The fields of the control groups. */
export const GROUP_FIELDS = {
  name: {
    help: 'container, unit, session or path',
    ...exported('group', 'group'),
    order: risesByText(8, (rows) => rows.names),
    value: ({ rows }, row) => rows.nameOf(row),
  },
  type: {
    help: '`container`, `systemd`, `user session` or `other`',
    ...exported('type', 'type'),
    value: ({ rows }, row) => rows.typeOf(row),
  },
  processes: {
    help: 'how many processes it has',
    ...exported('processes', 'processes'),
    order: falls(7, (rows, row) => rows.processes[row]!),
    value: ({ rows }, row) => rows.processes[row]!,
  },
  ...TRAFFIC_FIELDS,
} satisfies RowFields<OrderedGroups, GroupExport>;
