import { type CsvView, viewToCsv } from '../src/data/export/network-csv.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { listOf, type Model, stateOf } from '../src/programs/sstop/sstop-model.ts';
import { exportFile } from './export-file.ts';

/** The current view's rows as CSV, in the order of the screen; undefined while its tables are being written to. */
function exportText(model: Model): string | undefined {
  const { shown, names } = model;
  if (shown === undefined || !shown.isStable) return undefined;
  return viewToCsv(
    viewOf(model),
    {
      section: shown.section,
      rates: shown.rates,
      header: shown.header,
      scope: model.scope,
      country: names.country,
      ...(names.hostName === undefined ? {} : { hostName: names.hostName }),
      ...(names.serviceName === undefined ? {} : { serviceName: names.serviceName }),
    },
    orderOf(model),
  );
}

/** What came of writing the current view to a file in the working directory, one line; `path` where that went well. */
interface Exported {
  readonly text: string;
  readonly isBad: boolean;
  readonly path?: string;
}

/** Writes the current view to a file of its own. */
export function exportView(model: Model): Exported {
  try {
    const text = exportText(model);
    if (text === undefined) return { text: 'A sample is under way: try again.', isBad: true };
    const path = exportFile(process.cwd(), text, new Date());
    return { text: `Written to ${path}`, isBad: false, path };
  } catch (thrown) {
    return { text: toOpError('export', thrown).message, isBad: true };
  }
}

function viewOf(model: Model): CsvView {
  const { processes, hosts, listen, groups, connections } = model.workspace;
  switch (model.view) {
    case 'processes':
      return { kind: 'processes', rows: processes.rows };
    case 'hosts':
      return { kind: 'hosts', rows: hosts.rows };
    case 'listen':
      return { kind: 'listen', rows: listen.rows };
    case 'groups':
      return { kind: 'groups', rows: groups.rows };
    case 'detail':
      return { kind: 'connections', rows: connections.rows, owner: model.detail?.slot ?? -1 };
  }
}

function orderOf(model: Model): Int32Array {
  return listOf(model).order(stateOf(model).sort);
}
