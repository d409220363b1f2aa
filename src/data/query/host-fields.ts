import type { NetworkExport } from './network-export.ts';
import { exported, type RowFields, risesByText } from './row-fields.ts';
import { type ExportedTraffic, TRAFFIC_FIELDS, type TrafficColumns } from './traffic-fields.ts';

/** What remote hosts are ordered by. */
interface OrderedHosts extends TrafficColumns {
  sortTexts(): readonly string[];
}

/** What exports read a remote host from. */
export interface HostExport extends NetworkExport {
  readonly rows: ExportedTraffic['rows'] & { addressOf(row: number): string };
  /** Names of the processes with connections to it now, each once. */
  readonly processNamesOf: (row: number) => readonly string[];
}

/** The fields of the remote hosts. */
export const HOST_FIELDS = {
  name: {
    help: 'its name; `other hosts` for those that were dropped',
    ...exported('host', 'host'),
    order: risesByText(7, (rows) => rows.sortTexts()),
    value: ({ rows, hostName }, row) => {
      const address = rows.addressOf(row);
      return address === '' ? 'other hosts' : (hostName?.(address) ?? null);
    },
  },
  address: {
    help: 'its address',
    ...exported('ip', 'ip'),
    value: ({ rows }, row) => rows.addressOf(row) || null,
  },
  rate: TRAFFIC_FIELDS.rate,
  upload: TRAFFIC_FIELDS.upload,
  download: TRAFFIC_FIELDS.download,
  connections: { ...TRAFFIC_FIELDS.connections, csvAt: 7 },
  processes: {
    help: 'names of the processes with connections to it, separated by `;` in CSV',
    ...exported('processes', 'processes'),
    csvAt: 8,
    value: ({ processNamesOf }, row) => processNamesOf(row),
  },
  country: {
    help: 'its country, where a database is given by `--geoip`',
    ...exported('country', 'country'),
    csvAt: 2,
    value: ({ rows, country }, row) => {
      const address = rows.addressOf(row);
      return address === '' ? null : (country?.(address) ?? null);
    },
  },
  total: TRAFFIC_FIELDS.total,
  'upload-total': TRAFFIC_FIELDS['upload-total'],
  'download-total': TRAFFIC_FIELDS['download-total'],
} satisfies RowFields<OrderedHosts, HostExport>;
