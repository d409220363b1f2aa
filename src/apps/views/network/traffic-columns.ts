import type { Column } from '../../../screen/widgets/column-layout.ts';

/** The columns of traffic in every table that adds it up; the rate that most people look for stays longest. */
export const UPLOAD: Column<'upload'> = {
  ...{ id: 'upload', title: 'UPLOAD/s', align: 'right' },
  ...{ minWidth: 9, idealWidth: 16, flex: 0, priority: 89 },
};
export const DOWNLOAD: Column<'download'> = {
  ...{ id: 'download', title: 'DOWNLOAD/s', align: 'right' },
  ...{ minWidth: 11, idealWidth: 16, flex: 0, priority: 90 },
};
export const CONNECTIONS: Column<'connections'> = {
  ...{ id: 'connections', title: 'CONNS', align: 'right' },
  ...{ minWidth: 6, idealWidth: 6, flex: 0, priority: 60 },
};

/** Which of them carry the mark, by the key that orders the rows. */
export const TRAFFIC_COLUMNS_OF_KEY = {
  rate: ['upload', 'download'],
  download: ['download'],
  upload: ['upload'],
  connections: ['connections'],
} as const;
