import type { AlertRule } from '../../data/alerts/alert-rule.ts';
import type { NetworkWatch } from '../../data/alerts/network-watch.ts';
import { AlertTracker } from '../../data/query/alert-tracker.ts';
import { FilterCaches } from '../../data/query/filter/filter-context.ts';
import type { FilterExpression } from '../../data/query/filter/filter-expression.ts';
import { groupSortKey } from '../../data/query/group-rows.ts';
import { OwnerHistories } from '../../data/query/owner-rates.ts';
import type { SortKey } from '../../data/query/process-fields.ts';
import type { Scope } from '../../data/query/scope.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import type { AlertState } from '../../data/schema/alerts-section.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { Step as StepOf } from '../../screen/loop/program.ts';
import type { TextInput } from '../../screen/widgets/text-input.ts';
import { TOP, type Viewport } from '../../screen/widgets/viewport.ts';
import type { ConnectionList } from '../../views/network/connection-list.ts';
import { DetailFacts } from '../../views/network/detail.ts';
import type { GroupList } from '../../views/network/group-list.ts';
import type { HostList } from '../../views/network/host-list.ts';
import type { InterfacePicker } from '../../views/network/interface-picker.ts';
import type { ListenList } from '../../views/network/listen-list.ts';
import type {
  Identity,
  ListSort,
  NameLookup,
  NetworkData,
  NetworkList,
} from '../../views/network/network-list.ts';
import {
  PROCESS_COLUMN_IDS,
  type ProcessColumn,
  ProcessList,
  USUAL_PROCESS_COLUMN_IDS,
} from '../../views/network/network-process-list.ts';
import type { TroubleList } from '../../views/network/trouble-list.ts';
import { agentAlerts, type HostAlerts } from '../../views/overlays/alerts.ts';
import type { ScreenEffect, ScreenMessage } from '../../views/screen-update.ts';
import type { SstopAction } from '../shared/keymaps.ts';
import type { PlaybackState } from '../shared/recordings.ts';
import { type FrameModel, type FrameOptions, initialFrame } from '../shared/screen-frame.ts';

// Loaded when they are first opened.
const connections = () =>
  require('../../views/network/connection-list.ts') as typeof import('../../views/network/connection-list.ts');
const groups = () =>
  require('../../views/network/group-list.ts') as typeof import('../../views/network/group-list.ts');
const hosts = () =>
  require('../../views/network/host-list.ts') as typeof import('../../views/network/host-list.ts');
const listen = () =>
  require('../../views/network/listen-list.ts') as typeof import('../../views/network/listen-list.ts');
const trouble = () =>
  require('../../views/network/trouble-list.ts') as typeof import('../../views/network/trouble-list.ts');
/** Loaded where there are rules. */
const watches = () =>
  require('../../data/alerts/network-watch.ts') as typeof import('../../data/alerts/network-watch.ts');

/** Views below the header. `grouped`: a row per program, user, container or unit; `detail` lists connections. */
export type ViewName = 'processes' | 'grouped' | 'hosts' | 'listen' | 'groups' | 'trouble' | 'detail';

/** Sort order, cursor and scroll position of one view's list. */
export interface ListState {
  readonly sort: ListSort;
  readonly selection: Identity | undefined;
  readonly viewport: Viewport;
  readonly filterText: string;
  /** The last valid filter; undefined: everything. */
  readonly filter: FilterExpression | undefined;
}

/** A line being typed at the bottom. */
export interface Prompt {
  readonly kind: 'filter' | 'alert';
  readonly input: TextInput;
  /** State that Escape restores: the text and the selected row. */
  readonly before: string;
  readonly selection: Identity | undefined;
  readonly error: { readonly from: number; readonly to: number; readonly message: string } | undefined;
  /** Index of the recalled earlier filter; -1: the one being typed. */
  readonly historyIndex: number;
}

/** Mutable state that the model owns: buffers rebuilt with each sample. Lists are created when first opened. */
class Workspace {
  readonly processes: ProcessList;
  readonly detail = new DetailFacts();
  readonly histories = new OwnerHistories();
  readonly alerts = new AlertTracker();
  /** Rules of the configuration; undefined: there are none. */
  readonly watch: NetworkWatch | undefined;
  /** Caches shared by the filters created while typing. */
  readonly filterCaches = new FilterCaches();
  #hosts: HostList | undefined;
  #listen: ListenList | undefined;
  #grouped: GroupList | undefined;
  #groups: GroupList | undefined;
  #trouble: TroubleList | undefined;
  #connections: ConnectionList | undefined;

  constructor(columns: readonly ProcessColumn[], rules: readonly AlertRule[]) {
    this.processes = new ProcessList(columns);
    this.watch = rules.length === 0 ? undefined : new (watches().NetworkWatch)(rules);
  }

  get hosts(): HostList {
    this.#hosts ??= new (hosts().HostList)();
    return this.#hosts;
  }

  get listen(): ListenList {
    this.#listen ??= new (listen().ListenList)();
    return this.#listen;
  }

  get grouped(): GroupList {
    this.#grouped ??= new (groups().GroupList)();
    return this.#grouped;
  }

  get groups(): GroupList {
    this.#groups ??= new (groups().GroupList)();
    return this.#groups;
  }

  get trouble(): TroubleList {
    this.#trouble ??= new (trouble().TroubleList)();
    return this.#trouble;
  }

  get connections(): ConnectionList {
    this.#connections ??= new (connections().ConnectionList)();
    return this.#connections;
  }
}

/** State of sstop's screen. */
export interface Model extends FrameModel<SstopAction> {
  /** The newest sample. */
  readonly live: NetworkData | undefined;
  /** The sample on screen: the newest, or a copy of the one at which the screen was paused. */
  readonly shown: NetworkData | undefined;
  readonly pausedAtMillis: number | undefined;
  readonly workspace: Workspace;
  readonly view: ViewName;
  /** Views that Escape returns to, the last one first. */
  readonly back: readonly ViewName[];
  readonly lists: Readonly<Record<ViewName, ListState>>;
  /** The process in the detail. */
  readonly detail: Identity | undefined;
  readonly scope: Scope;
  /** Interface of the command line, selected once it exists. */
  readonly wantedInterface: string | undefined;
  readonly isCumulative: boolean;
  readonly isTree: boolean;
  /** Grouping of `grouped`, and of the members of one of its rows. */
  readonly groupBy: Grouping | undefined;
  /** The filter that shows the members of one row; undefined: none was opened. */
  readonly members: string | undefined;
  /** Folded branches of the tree. */
  readonly folded: readonly Identity[];
  readonly units: RateUnits;
  /** The interface picker while it is open. */
  readonly picker: InterfacePicker | undefined;
  /** Height of the chart of the totals, more than 1 if the rows leave room. */
  readonly chartHeight: number;
  /** The view follows the selected process even if the wheel scrolls it away. */
  readonly isFollowing: boolean;
  readonly isDnsOn: boolean;
  /** The view is exported once the sample that is being taken is there. */
  readonly isExportDue: boolean;
  readonly alertBytesPerSecond: number | undefined;
  /** The rules that the machine's agent watches by, as it said last; empty: none. */
  readonly agentAlerts: readonly AlertState[];
  /** Rules that somebody else judges, in place of the workspace's. */
  readonly givenAlerts: readonly HostAlerts[] | undefined;
  /** First line of the alerts shown; undefined: they are closed. */
  readonly alertsOffset: number | undefined;
  readonly prompt: Prompt | undefined;
  /** Earlier filters, newest first. */
  readonly filterHistory: readonly string[];
  /** Connection to another machine; undefined: this machine, or a recording. */
  readonly link: RemoteStatus | undefined;
  readonly intervalMillis: number;
  readonly canSignal: boolean;
  /** Command that shows the processes of other users: `sudo sstop`; undefined: none. */
  readonly hiddenAdvice: string | undefined;
  readonly names: NameLookup;
  /** Error of the last sample. */
  readonly failure: string | undefined;
  /** Name of the machine before its first sample; undefined: unknown. */
  readonly machineName: string | undefined;
}

/** All messages. */
export type Message =
  | { readonly kind: 'resized'; readonly width: number; readonly height: number }
  | { readonly kind: 'sampled'; readonly data: NetworkData }
  | { readonly kind: 'failed'; readonly message: string }
  | ScreenMessage<SstopAction>
  | { readonly kind: 'played'; readonly playback: PlaybackState | undefined }
  | { readonly kind: 'linked'; readonly link: RemoteStatus }
  /** How the rules of the machine's agent stand. */
  | { readonly kind: 'alerts'; readonly alerts: readonly AlertState[] }
  /** Ends the highlight of owners that crossed the alert threshold up to a round. */
  | { readonly kind: 'settled'; readonly round: number };

/** Effects, carried out by the screen. */
export type Effect =
  | ScreenEffect
  | { readonly kind: 'set-interval'; readonly intervalMillis: number }
  | { readonly kind: 'set-dns'; readonly isOn: boolean }
  | { readonly kind: 'signal'; readonly pid: number; readonly startTicks: number; readonly signal: number }
  | { readonly kind: 'export' }
  /** The user has chosen other units: remembered for the next start. */
  | { readonly kind: 'remember-units'; readonly units: RateUnits }
  /** Rings for a crossed alert threshold, and sends `settled` a moment later. */
  | { readonly kind: 'alarm'; readonly round: number };

/** Result of a message; the loop carries out the effects after the model was replaced. */
export type Step = StepOf<Model, Effect>;

/** Start options of the screen, from command line, configuration and terminal. */
export interface StartOptions extends FrameOptions<SstopAction> {
  readonly sort: SortKey;
  readonly filter: string;
  readonly loopback: boolean;
  readonly interfaceName: string | undefined;
  readonly intervalMillis: number;
  readonly dns: boolean;
  readonly alertBytesPerSecond: number | undefined;
  /** Rules about the machine. */
  readonly alerts?: readonly AlertRule[];
  /** Of the process table, in order; undefined: the usual ones. */
  readonly columns: readonly ProcessColumn[] | undefined;
  readonly machineName: string | undefined;
  readonly canSignal: boolean;
  readonly hiddenAdvice: string | undefined;
  readonly units: RateUnits;
  readonly groupBy?: Grouping | undefined;
  readonly names: NameLookup;
}

/** Every rule with how it stands; those of an agent are about now. */
export function alertsOf(model: Model): readonly HostAlerts[] {
  const { workspace, givenAlerts, agentAlerts: ofAgent, playback, link, live } = model;
  if (givenAlerts !== undefined) return givenAlerts;
  const { alerts, unwatched } = workspace.watch ?? { alerts: [], unwatched: [] };
  const own = { name: '', alerts, unwatched };
  if (playback !== undefined) return [own];
  return [own, ...agentAlerts(live?.header.hostName ?? link?.hostName ?? '', ofAgent)];
}

export function listOf(model: Model, view: ViewName = model.view): NetworkList {
  return model.workspace[view === 'detail' ? 'connections' : view];
}

export function stateOf(model: Model, view: ViewName = model.view): ListState {
  return model.lists[view];
}

/** The model with some of the current view's list state changed. */
export function withState(model: Model, change: Partial<ListState>, view: ViewName = model.view): Model {
  return { ...model, lists: { ...model.lists, [view]: { ...model.lists[view], ...change } } };
}

function startState(key: string): ListState {
  const sort = { key, isReversed: false };
  return { sort, selection: undefined, viewport: TOP, filterText: '', filter: undefined };
}

/** Columns of the process table, including the sorted one. */
function columnsFor({ columns = USUAL_PROCESS_COLUMN_IDS, sort }: StartOptions): readonly ProcessColumn[] {
  const ordering = PROCESS_COLUMN_IDS.find((id) => id === sort);
  const isHidden = ordering !== undefined && !USUAL_PROCESS_COLUMN_IDS.includes(ordering);
  return isHidden && !columns.includes(ordering) ? [...columns, ordering] : columns;
}

/** The initial model; the first update parses the filter of the command line. */
export function initialModel(options: StartOptions): Model {
  const workspace = new Workspace(columnsFor(options), options.alerts ?? []);
  workspace.alerts.setThreshold(options.alertBytesPerSecond);
  const { groupBy } = options;
  const view = groupBy === undefined ? 'processes' : 'grouped';
  const grouped = startState(groupSortKey(options.sort));
  return {
    ...initialFrame(options),
    ...{ live: undefined, shown: undefined, pausedAtMillis: undefined },
    ...{ workspace, view, back: [], detail: undefined, groupBy, members: undefined },
    lists: {
      processes: { ...startState(options.sort), filterText: view === 'processes' ? options.filter : '' },
      grouped: { ...grouped, filterText: view === 'grouped' ? options.filter : '' },
      hosts: startState('rate'),
      listen: startState('port'),
      groups: startState('rate'),
      trouble: startState('severity'),
      detail: startState('rate'),
    },
    scope: { interfaceIndex: undefined, includeLoopback: options.loopback },
    wantedInterface: options.interfaceName,
    ...{ isCumulative: false, isTree: false, folded: [], isFollowing: false, isDnsOn: options.dns },
    isExportDue: false,
    ...{ units: options.units, picker: undefined, chartHeight: 1, hiddenAdvice: options.hiddenAdvice },
    alertBytesPerSecond: options.alertBytesPerSecond,
    ...{ agentAlerts: [], givenAlerts: undefined, alertsOffset: undefined },
    ...{ prompt: undefined, filterHistory: [], link: undefined, failure: undefined },
    intervalMillis: options.intervalMillis,
    ...{ canSignal: options.canSignal, names: options.names, machineName: options.machineName },
  };
}
