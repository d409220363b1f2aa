import type { AlertRule } from '../../data/alerts/alert-rule.ts';
import type { Member, ProcessIdentity, UserNames } from '../../data/query/machine-process-rows.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { Step as StepOf } from '../../screen/loop/program.ts';
import type { TextInput } from '../../screen/widgets/text-input.ts';
import { TOP, type Viewport } from '../../screen/widgets/viewport.ts';
import type { ListPlace } from '../../views/list-screen.ts';
import type { ListSort } from '../../views/network/network-list.ts';
import type { ScreenEffect, ScreenMessage } from '../../views/screen-update.ts';
import type { ColumnPicker } from '../../views/system/column-picker.ts';
import { ControlGroupList } from '../../views/system/control-group-list.ts';
import { type HostSort, listedHosts } from '../../views/system/hosts-table.ts';
import {
  MachineGroupList,
  MachineProcessList,
  USUAL_MACHINE_COLUMN_IDS,
} from '../../views/system/machine-process-list.ts';
import { SystemData } from '../../views/system/system-data.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import type { PlaybackState } from '../shared/recordings.ts';
import { type FrameModel, type FrameOptions, initialFrame } from '../shared/screen-frame.ts';
import type {
  Effect as NetworkEffect,
  Message as NetworkMessage,
  Model as NetworkModel,
  StartOptions as NetworkOptions,
} from '../sstop/sstop-model.ts';

/** sstop's views around its own model. With them goes a third of socktop's code: loaded when they are first opened. */
export const networkViews = () => require('./network-update.ts') as typeof import('./network-update.ts');

/** Views of the screen. */
export type ViewName = 'hosts' | 'dashboard' | 'process' | 'network';

export const PANE_LISTS = ['threads', 'children', 'journal'] as const;
export type PaneList = (typeof PANE_LISTS)[number];

export interface PaneState {
  readonly target: ProcessIdentity & { readonly name: string };
  readonly focus: PaneList;
  readonly viewports: Readonly<Record<PaneList, Viewport>>;
  /** The pane it was opened from, if it is that of a child. */
  readonly from: PaneState | undefined;
}

/** State of one machine: its data, which the model owns and mutates, and the position in its views. */
export interface HostModel {
  readonly name: string;
  readonly data: SystemData;
  /** Connection; undefined for this machine and for recordings. */
  readonly link: RemoteStatus | undefined;
  readonly canSignal: boolean;
  /** Error of the last sample. */
  readonly failure: string | undefined;
  readonly sort: ListSort;
  readonly selection: ProcessIdentity | undefined;
  readonly viewport: Viewport;
  readonly search: string;
  /** Grouping of the table; undefined: one row per process. */
  readonly groupBy: Grouping | undefined;
  /** As `sort`, `selection` (a name) and `viewport`, for the grouped table. */
  readonly grouped: ListPlace<string>;
  /** As `grouped`, of the table of control groups, which go by their paths. */
  readonly controlGroups: ListPlace<string>;
  /** The row of the table with sums whose processes are shown, and the search that it was opened with. */
  readonly members: (Member & { readonly search: string }) | undefined;
  /** Show the network use of processes; it is counted only then. */
  readonly hasTraffic: boolean;
  readonly pane: PaneState | undefined;
  /** sstop's model over the same source, once it was opened. */
  readonly network: NetworkModel | undefined;
}

/** The search being typed. */
interface Prompt {
  readonly input: TextInput;
  /** State that Escape restores. */
  readonly before: string;
}

/** State of socktop's screen. */
export interface Model extends FrameModel<SocktopAction> {
  readonly hosts: readonly HostModel[];
  /** Index of the host that is shown or selected. */
  readonly current: number;
  readonly view: ViewName;
  /** View that the network views return to. */
  readonly networkFrom: Exclude<ViewName, 'network'>;
  /** Viewport of the hosts table; its rows are the matching hosts in order: see `hostRows`. */
  readonly hostsViewport: Viewport;
  readonly hostsSort: HostSort;
  readonly hostsSearch: string;
  readonly list: MachineProcessList;
  readonly groupList: MachineGroupList;
  readonly controlGroupList: ControlGroupList;
  /** What processes or control groups wait for is shown, whatever `columns` says; undefined: the usual tables. */
  readonly waits: 'processes' | 'control-groups' | undefined;
  /** Columns of the process table, in order. */
  readonly columns: readonly string[];
  /** The column picker while it is open. */
  readonly picker: ColumnPicker | undefined;
  readonly isPaused: boolean;
  readonly isCompact: boolean;
  readonly isPerCore: boolean;
  /** First visible line of the alerts; undefined: closed. */
  readonly alertsOffset: number | undefined;
  /** Units of network rates, also in the network views. */
  readonly units: RateUnits;
  readonly metricsIntervalMillis: number;
  readonly processesIntervalMillis: number;
  readonly prompt: Prompt | undefined;
  /** Start options of sstop's screen, per host. */
  readonly networkOptions: NetworkOptions;
  readonly version: string;
  /** Current wall time; ages of connections are relative to it. */
  readonly nowMillis: number;
}

/** All messages. */
export type Message =
  | { readonly kind: 'resized'; readonly width: number; readonly height: number }
  | { readonly kind: 'sampled'; readonly host: number; readonly snapshot: Snapshot }
  | { readonly kind: 'failed'; readonly host: number; readonly message: string }
  | {
      readonly kind: 'linked';
      readonly host: number;
      readonly status: RemoteStatus;
      readonly nowMillis: number;
    }
  | { readonly kind: 'ticked'; readonly nowMillis: number }
  | ScreenMessage<SocktopAction>
  | { readonly kind: 'played'; readonly playback: PlaybackState | undefined }
  | { readonly kind: 'network'; readonly host: number; readonly message: NetworkMessage };

/** Effects, carried out by the screen. */
export type Effect =
  /** The demand may have changed: see `demandOf`. */
  | { readonly kind: 'demand' }
  | { readonly kind: 'retry'; readonly host: number }
  /** The user has chosen other units: remembered for the next start. */
  | { readonly kind: 'remember-units'; readonly units: RateUnits }
  | ScreenEffect
  | {
      readonly kind: 'signal';
      readonly host: number;
      readonly pid: number;
      readonly startTicks: number;
      readonly signal: number;
    }
  | { readonly kind: 'network'; readonly host: number; readonly effect: NetworkEffect };

/** Result of a message; the loop carries out the effects after the model was replaced. */
export type Step = StepOf<Model, Effect>;

/** A machine at the start. */
export interface HostStart {
  readonly name: string;
  readonly link: RemoteStatus | undefined;
  readonly canSignal: boolean;
  readonly userOf: UserNames;
}

export interface StartOptions extends FrameOptions<SocktopAction> {
  readonly hosts: readonly HostStart[];
  readonly metricsIntervalMillis: number;
  readonly processesIntervalMillis: number;
  readonly compact: boolean;
  readonly groupBy?: Grouping | undefined;
  /** Sort key of the process table; undefined: by CPU. */
  readonly sort?: string | undefined;
  /** Columns of the process table, in order; undefined: the usual ones. */
  readonly columns?: readonly string[] | undefined;
  /** Alert rules for each host. */
  readonly alerts?: readonly AlertRule[];
  readonly networkOptions: NetworkOptions;
  readonly version: string;
  readonly nowMillis: number;
}

/** The current host. */
export function hostOf(model: Model): HostModel {
  return model.hosts[model.current]!;
}

/** What the rows of the table of a host are: single processes, sums of them, or control groups. */
export function rowsOf(
  { waits }: Model,
  { groupBy, members }: HostModel,
): 'processes' | 'sums' | 'control-groups' {
  if (waits === 'control-groups') return 'control-groups';
  return groupBy !== undefined && members === undefined ? 'sums' : 'processes';
}

/** Indexes of the listed hosts, in table order. */
export function hostRows({ hosts, hostsSort, hostsSearch }: Model): readonly number[] {
  return listedHosts(hosts, hostsSort, hostsSearch);
}

/** Returns the model with changes to one host. */
export function withHost(model: Model, change: Partial<HostModel>, index: number = model.current): Model {
  const hosts = model.hosts.map((host, i) => (i === index ? { ...host, ...change } : host));
  return { ...model, hosts };
}

/** Creates the process tables with these columns. */
export function tablesOf(columns: readonly string[]): Pick<Model, 'columns' | 'list' | 'groupList'> {
  return { columns, list: new MachineProcessList(columns), groupList: new MachineGroupList(columns) };
}

/** Returns the model with other units, also in the network views. */
export function withUnits(model: Model, units: RateUnits): Model {
  const hosts = model.hosts.map((host) =>
    host.network === undefined ? host : { ...host, network: { ...host.network, units } },
  );
  return { ...model, hosts, units, networkOptions: { ...model.networkOptions, units } };
}

/** Notice about data that the agent cannot provide. With several hosts it is shown when the host is opened. */
function noticeOf(hosts: readonly HostModel[]): Model['notice'] {
  const text = hosts.length === 1 ? hosts[0]?.link?.notice : undefined;
  return text === undefined ? undefined : { text, isBad: true };
}

export function initialModel(options: StartOptions): Model {
  const sort = { key: options.sort ?? 'cpu', isReversed: false };
  const hosts = options.hosts.map(
    (start): HostModel => ({
      ...{ name: start.name, link: start.link, canSignal: start.canSignal },
      data: new SystemData(start.userOf, options.networkOptions.loopback, options.alerts),
      ...{ failure: undefined, selection: undefined, pane: undefined, network: undefined },
      ...{ sort, viewport: TOP, search: '' },
      ...{ hasTraffic: false, groupBy: options.groupBy, members: undefined },
      grouped: { sort, selection: undefined, viewport: TOP },
      controlGroups: { sort: { key: 'trouble', isReversed: false }, selection: undefined, viewport: TOP },
    }),
  );
  for (const { data } of hosts) data.group(options.groupBy, undefined);
  const { metricsIntervalMillis, processesIntervalMillis, nowMillis, version } = options;
  return {
    ...initialFrame(options),
    ...{ hosts, current: 0, view: hosts.length > 1 ? 'hosts' : 'dashboard' },
    networkFrom: 'dashboard',
    hostsViewport: { offset: 0, selected: 0 },
    hostsSort: { key: 'given', isReversed: false },
    hostsSearch: '',
    ...tablesOf(options.columns ?? USUAL_MACHINE_COLUMN_IDS),
    controlGroupList: new ControlGroupList(),
    ...{ picker: undefined, waits: undefined },
    ...{ isPaused: false, isCompact: options.compact, isPerCore: false, units: options.networkOptions.units },
    alertsOffset: undefined,
    ...{ metricsIntervalMillis, processesIntervalMillis, nowMillis, version },
    prompt: undefined,
    notice: noticeOf(hosts),
    networkOptions: options.networkOptions,
  };
}
