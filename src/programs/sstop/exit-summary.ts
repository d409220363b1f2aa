import { ProcessRows } from '../../data/query/process-rows.ts';
import type { Scope } from '../../data/query/scope.ts';
import { ageText, bytesText } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { NetworkData } from '../../views/network/network-data.ts';

const TOP_COUNT = 5;
const SIZE_COLUMNS = 10;

/**
 * What is left on the terminal when the screen is gone: how long, how much, and who; exited processes count.
 * Plain lines, safe to print.
 */
export function exitSummary(data: NetworkData, durationMicros: number, scope: Scope): string {
  const { section, rates } = data;
  const rows = new ProcessRows();
  rows.build(section, rates, { ...scope, includeExited: true });
  const up = bytesText(rates.totalTxBytes);
  const down = bytesText(rates.totalRxBytes);
  const lines = [`sstop ran ${ageText(durationMicros)}: ${up} up, ${down} down over the network interfaces`];
  const top = new Int32Array(TOP_COUNT);
  const count = rows.window({ key: 'total', isReversed: false }, 0, TOP_COUNT, top);
  for (const row of top.subarray(0, count)) {
    const owner = rows.owner[row]!;
    if (!(rows.upTotal[row]! + rows.downTotal[row]! > 0)) continue;
    const pid = section.owners.pid[owner]!;
    const who = pid > 0 ? `${section.owners.names[owner]} (${pid})` : section.owners.names[owner]!;
    const exited = section.owners.hasExited[owner] === 1 ? ', exited' : '';
    const sizes = `${sizeText(rows.upTotal[row]!)} up ${sizeText(rows.downTotal[row]!)} down`;
    lines.push(`  ${sizes}  ${sanitizeLine(who)}${exited}`);
  }
  return `${lines.join('\n')}\n`;
}

function sizeText(bytes: number): string {
  return bytesText(bytes).padStart(SIZE_COLUMNS);
}
