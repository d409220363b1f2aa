import type { Crowd } from './crowd.ts';
import { TableScreen } from './table-screen.ts';

/** A view as a test starts it: with rows to scroll in, the first one selected. */
export interface ViewStart {
  /** What tells a row apart. */
  readonly row: RegExp;
  readonly head: RegExp;
  readonly title: string;
  readonly sort: string;
  readonly filter: (crowd: Crowd) => string;
  /** From the process table, one step after the other. */
  readonly steps: readonly ((crowd: Crowd) => readonly string[])[];
}

const ADDRESS = String.raw`\d+\.\d+\.\d+\.\d+`;
const PROCESSES = {
  row: /c\w+-\d\d/,
  head: /PID .*PROCESS/,
  title: 'sstop',
  sort: 'pid',
  filter: ({ tag }) => tag,
  steps: [],
} as const satisfies ViewStart;

/** The views of a machine at work. */
export const LIVE_VIEWS = {
  processes: PROCESSES,
  tree: { ...PROCESSES, row: /[├└│─ ]+c\w+-\d\d/, steps: [() => ['t']] },
  cumulative: { ...PROCESSES, head: /UP TOTAL/, steps: [() => ['c']] },
  detail: {
    ...{ title: 'Process', sort: 'rate', head: /LOCAL .*REMOTE/ },
    row: new RegExp(`${ADDRESS}:\\d+ +${ADDRESS}:\\d+`),
    filter: (crowd) => crowd.nameOf(0),
    steps: [() => ['g', 'enter']],
  },
  hosts: {
    ...{ title: 'Remote hosts', sort: 'name', head: /HOST .*COUNTRY/ },
    row: new RegExp(ADDRESS),
    filter: ({ tag }) => tag,
    steps: [() => ['h', '/'], (crowd) => [crowd.nameOf(0), 'enter', '5']],
  },
  listen: {
    ...{ title: 'Listening ports', sort: 'port', head: /LOCAL ADDRESS/ },
    row: new RegExp(`${ADDRESS}:\\d+`),
    filter: ({ tag }) => tag,
    steps: [() => ['l', '/'], ({ tag }) => [tag, 'enter']],
  },
} as const satisfies Readonly<Record<string, ViewStart>>;

/** sstop in a view. */
export async function startView(view: ViewStart, crowd: Crowd, directory: string): Promise<TableScreen> {
  const filter = view.filter(crowd);
  const screen = new TableScreen(['--loopback', '--interval', '500ms', '--sort', 'pid', '--filter', filter], {
    directory,
  });
  screen.row = PROCESSES.row;
  await screen.until(({ rows }) => rows.length > 0, 'the process table');
  for (const step of view.steps) screen.press(...step(crowd));
  screen.head = view.head;
  screen.row = view.row;
  await screen.until(
    ({ title, rows, footer }) =>
      title === view.title && rows.length > 3 && footer.includes(`sort: ${view.sort} `),
    `the view ${view.title}`,
  );
  screen.press('g');
  await screen.until(
    ({ rows, selected, thumb }) => selected === rows[0] && thumb.length > 0,
    'a selected row',
  );
  return screen;
}
