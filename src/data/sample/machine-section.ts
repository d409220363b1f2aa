import { CPU } from '../schema/cpu-sample.ts';
import { GPUS } from '../schema/gpu-sample.ts';
import { MEMORY } from '../schema/memory-sample.ts';
import { INTERFACE_COLUMNS, NETWORK_TABLES } from '../schema/network-columns.ts';
import { record, rows, type ValueOf } from '../schema/record.ts';
import { part, type Section } from '../schema/section-facts.ts';
import { SENSORS } from '../schema/sensors-sample.ts';
import { InterfaceTable } from './interface-table.ts';

/** The fast part of a machine's state. */
export const MACHINE = record({
  cpu: part(CPU),
  memory: part(MEMORY),
  networks: part(
    rows({
      columns: INTERFACE_COLUMNS,
      key: 'index',
      most: NETWORK_TABLES.interfaces.limit,
      isKept: true,
      create: () => new InterfaceTable(),
    }),
  ),
  sensors: part(SENSORS),
  gpus: part(GPUS),
});
/** `errors` holds those of all parts. */
export type MachineSection = Section & ValueOf<typeof MACHINE>;
