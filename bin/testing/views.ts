import type { Crowd } from './crowd.ts';
import { TableScreen } from './table-screen.ts';

/**
 * A view as a test starts it: with rows to scroll in, the first one selected, in an order that stays: rates that are
 * shown as zero may still differ by what connecting has sent.
 */
export interface ViewStart {
  /** What tells a row apart. */
  readonly row: RegExp;
  readonly head: RegExp;
  readonly title: string;
  readonly sort: string;
  /** Played instead of what there is now. */
  readonly recording?: string;
  readonly filter: (crowd: Crowd) => string;
  /** From the process table, one step after the other. */
  readonly steps: readonly ((crowd: Crowd) => readonly string[])[];
}

const ADDRESS = String.raw`\d+\.\d+\.\d+\.\d+`;
/** Without sstop itself, on whose command line the tag is: it has a socket as soon as it asks for a name. */
const crowdAlone = ({ tag }: Crowd): string => `!--no-dns ${tag}`;
const PROCESSES = {
  // Not the blanks before it: the column of users is as wide as the longest name on the machine.
  row: /(?:[├└│─][├└│─ ]*|(?<= ))c\w+-\d\d/,
  head: /PID .*PROCESS/,
  title: 'sstop',
  sort: 'pid',
  filter: crowdAlone,
  steps: [],
} as const satisfies ViewStart;

/** The views as they are with a crowd at work; groups are those of a recording. */
export const VIEWS = {
  processes: PROCESSES,
  // Ancestors without a part in the filter stand there too: all rows are told by their PID.
  tree: { ...PROCESSES, row: /(?<=^[▸ ] *)\d+(?= )/, steps: [() => ['t']] },
  cumulative: { ...PROCESSES, head: /UP TOTAL/, steps: [() => ['c']] },
  grouped: {
    ...{ title: 'sstop', sort: 'name', head: /PROGRAM\S? .*PROCS/ },
    row: /c\w+-\d\d(?= )/,
    filter: crowdAlone,
    steps: [() => ['p', '5']],
  },
  detail: {
    ...{ title: 'Process', sort: 'remote', head: /LOCAL .*REMOTE/ },
    row: new RegExp(`${ADDRESS}:\\d+ +${ADDRESS}:\\d+`),
    filter: (crowd) => crowd.nameOf(0),
    steps: [() => ['g', 'enter', '5']],
  },
  hosts: {
    ...{ title: 'Remote hosts', sort: 'name', head: /HOST\S? .*COUNTRY/ },
    row: new RegExp(ADDRESS),
    filter: ({ tag }) => tag,
    steps: [() => ['h', '/'], (crowd) => [crowd.nameOf(0), 'enter', '5']],
  },
  groups: {
    ...{ title: 'Groups', sort: 'name', head: /GROUP\S? .*TYPE/, recording: 'day.gz' },
    row: /crowd-\d\d\.service/,
    filter: ({ tag }) => tag,
    steps: [() => ['space', 'D', '/'], () => ['crowd', 'enter', '5']],
  },
  listen: {
    ...{ title: 'Listening ports', sort: 'port', head: /LOCAL ADDRESS/ },
    row: new RegExp(`${ADDRESS}:\\d+`),
    filter: ({ tag }) => tag,
    steps: [() => ['l', '/'], ({ tag }) => [tag, 'enter']],
  },
} as const satisfies Readonly<Record<string, ViewStart>>;

/** Text of the command line that a view is started with. */
function argumentsOf({ recording }: ViewStart): readonly string[] {
  return recording === undefined ? [] : ['--playback', recording];
}

/** sstop in a view. */
export async function startView(
  view: ViewStart,
  crowd: Crowd,
  directory: string,
  more: readonly string[] = [],
): Promise<TableScreen> {
  const filter = view.filter(crowd);
  const screen = new TableScreen(
    [...argumentsOf(view), ...more, '--loopback', '--interval', '500ms', '--sort', 'pid', '--filter', filter],
    {
      directory,
    },
  );
  screen.row = PROCESSES.row;
  await screen.until(({ rows }) => rows.length > 0, 'the process table');
  // Once there are rates, columns are as wide as they will be.
  if (view.recording === undefined) await screen.untilText(/▲ \d/);
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
