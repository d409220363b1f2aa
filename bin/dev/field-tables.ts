import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALERT_KEYS } from '../../src/data/alerts/alert-rule.ts';
import { csvFields } from '../../src/data/export/csv.ts';
import { CONNECTION_FIELDS } from '../../src/data/query/connection-rows.ts';
import { CONTROL_GROUP_FIELDS } from '../../src/data/query/control-group-rows.ts';
import { GROUP_FIELDS } from '../../src/data/query/group-rows.ts';
import { HOST_FIELDS } from '../../src/data/query/host-rows.ts';
import { LISTEN_FIELDS, OWNER_FIELDS } from '../../src/data/query/listen-rows.ts';
import { MACHINE_PROCESS_FIELDS } from '../../src/data/query/machine-process-rows.ts';
import { PROCESS_FIELDS } from '../../src/data/query/process-fields.ts';
import type { RowFields } from '../../src/data/query/row-fields.ts';
import { TROUBLE_FIELDS } from '../../src/data/query/trouble-rows.ts';
import { PROCESS_COLUMNS } from '../../src/views/network/network-process-list.ts';
import { MACHINE_COLUMNS } from '../../src/views/system/machine-process-list.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

type Fields = RowFields<never, never>;
type Columns = Readonly<
  Record<string, { title: string; field?: string; help?: string; isOptional?: boolean }>
>;

/** The tables that documents have of the programs' fields, by the name in their marks. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  processes: fieldTable(PROCESS_FIELDS),
  connections: fieldTable(CONNECTION_FIELDS, OWNER_FIELDS),
  listeners: fieldTable(LISTEN_FIELDS),
  hosts: fieldTable(HOST_FIELDS),
  groups: fieldTable(GROUP_FIELDS),
  troubles: fieldTable(TROUBLE_FIELDS),
  'machine processes': fieldTable(MACHINE_PROCESS_FIELDS),
  'control groups': jsonTable(CONTROL_GROUP_FIELDS),
  'process columns': columnTable(PROCESS_FIELDS, PROCESS_COLUMNS),
  'machine process columns': columnTable(MACHINE_PROCESS_FIELDS, MACHINE_COLUMNS),
  'alert keys': alertTable(),
};

/** `<!-- table: NAME -->`, anything, `<!-- end -->`. */
const MARKED = /^<!-- table: (.+) -->\n(?:.*\n)*?<!-- end -->$/gm;

/** A document with the tables between its marks made anew; the path is relative to the root. */
export function withTables(path: string): string {
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  return text.replace(MARKED, (_all, name: string) => {
    const lines = TABLES[name];
    if (lines === undefined) throw new ReferenceError(`${path}: there is no table ${name}`);
    return [`<!-- table: ${name} -->`, ...lines, '<!-- end -->'].join('\n');
  });
}

/** The names of a list's fields in exports, in the order of the JSON, then the order of the CSV with what stands before. */
function fieldTable(fields: Fields, before: Fields = {}): string[] {
  const rows = Object.values(fields)
    .filter(({ csv, json }) => csv !== undefined || json !== undefined)
    .map(({ csv, json, help }) => `| ${code(json)} | ${code(csv)} | ${help} |`);
  const header = [...csvFields<never>(before), ...csvFields<never>(fields)].map(({ name }) => code(name));
  return [
    ...['', '| JSON | CSV | |', '|---|---|---|'],
    ...rows,
    ...['', `Columns of the CSV: ${[code('timestamp'), ...header].join(', ')}.`, ''],
  ];
}

/** The names of a list's fields, of one that only JSON has. */
function jsonTable(fields: Fields): string[] {
  const rows = Object.values(fields).map(({ json, help }) => `| ${code(json)} | ${help} |`);
  return ['', '| JSON | |', '|---|---|', ...rows, ''];
}

/** The columns of a list on the screen: their words in the configuration, their titles. */
function columnTable(fields: Fields, columns: Columns): string[] {
  const rows = Object.entries(columns).map(
    ([id, { title, field = id, help = fields[field]?.help, isOptional }]) => {
      if (help === undefined)
        throw new ReferenceError(`column ${id}: neither it nor a field says what it is`);
      return `| ${code(id)} | ${title} | ${help}${isOptional === true ? '; off by default' : ''} |`;
    },
  );
  return ['', '| column | title | |', '|---|---|---|', ...rows, ''];
}

/** What rules of alerts ask about. */
function alertTable(): string[] {
  const rows = Object.entries(ALERT_KEYS).map(
    ([key, { unit, help, blame }]) =>
      `| ${code(key)} | ${unit} | ${help} | ${unit === 'text' ? '' : blame} |`,
  );
  return ['', '| key | value | | culprits by |', '|---|---|---|---|', ...rows, ''];
}

function code(name: string | undefined): string {
  return name === undefined ? '' : `\`${name}\``;
}
