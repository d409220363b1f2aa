import type { MachineProcessRows } from '../../data/query/machine-process-rows.ts';
import { tenthsText } from '../../kit/text/format.ts';

/** `postgres 31.0 %`: the process with the largest share of the machine; `-` before one is known. */
export function topProcess(rows: MachineProcessRows): string {
  let top = -1;
  for (let row = 0; row < rows.unfilteredCount; row++) {
    const percent = rows.machinePercent[row]!;
    if (percent > (top < 0 ? 0 : rows.machinePercent[top]!)) top = row;
  }
  return top < 0 ? '-' : `${rows.names[top]} ${tenthsText(rows.machinePercent[top]!)} %`;
}
