import type { AlertRule } from '../../data/alerts/alert-rule.ts';
import type { Member, ProcessIdentity, UserNames } from '../../data/query/machine-process-rows.ts';
import type { Grouping } from '../../data/sample/grouping.ts';
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
import { MachineGroupList } from '../../views/system/machine-group-list.ts';
import { MachineProcessList, USUAL_MACHINE_COLUMN_IDS } from '../../views/system/machine-process-list.ts';
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

/** What fills the screen. */
export type ViewName = 'hosts' | 'dashboard' | 'process' | 'network';

/** The lists of the process pane. */
export const PANE_LISTS = ['threads', 'children', 'journal'] as const;
export type PaneList = (typeof PANE_LISTS)[number];

/** The process pane: whose, and where one is in it. */
export interface PaneState {
  readonly target: ProcessIdentity & { readonly name: string };
  readonly focus: PaneList;
  readonly viewports: Readonly<Record<PaneList, Viewport>>;
  /** The pane that it was opened from, as that of a child. */
  readonly from: PaneState | undefined;
}

/** One machine: its data, which the model owns and changes in place, and where one is in its views. */
export interface HostModel {
  readonly name: string;
  readonly data: SystemData;
  /** The way to it; undefined for this machine and for recordings. */
  readonly link: RemoteStatus | undefined;
  readonly canSignal: boolean;
  /** The last sample failed, and why. */
  readonly failure: string | undefined;
  readonly sort: ListSort;
  readonly selection: ProcessIdentity | undefined;
  readonly viewport: Viewport;
  readonly search: string;
  /** What the table sums its processes by; undefined: one row for each process. */
  readonly groupBy: Grouping | undefined;
  /** Of the table with sums: as `sort`, `selection` (a name) and `viewport` are of the one with processes. */
  readonly grouped: ListPlace<string>;
  /** As `grouped`, of the table of control groups, which go by their paths. */
  readonly controlGroups: ListPlace<string>;
  /** The row of the table with sums whose processes are shown, and the search that it was opened with. */
  readonly members: (Member & { readonly search: string }) | undefined;
  /** Its processes are shown with their network use, which is counted only then. */
  readonly hasTraffic: boolean;
  readonly pane: PaneState | undefined;
  /** sstop's screen over the same source, once it was opened. */
  readonly network: NetworkModel | undefined;
}

/** A search being typed at the bottom. */
interface Prompt {
  readonly input: TextInput;
  /** What Escape brings back. */
  readonly before: string;
}

/** Everything that socktop's screen depends on. */
export interface Model extends FrameModel<SocktopAction> {
  readonly hosts: readonly HostModel[];
  /** Which of the hosts is shown, or has the cursor. */
  readonly current: number;
  readonly view: ViewName;
  /** Where the network views lead back to. */
  readonly networkFrom: Exclude<ViewName, 'network'>;
  /** Of the table of hosts; its rows are those that match, in order: see `hostRows`. */
  readonly hostsViewport: Viewport;
  readonly hostsSort: HostSort;
  readonly hostsSearch: string;
  readonly list: MachineProcessList;
  readonly groupList: MachineGroupList;
  readonly controlGroupList: ControlGroupList;
  /** What processes or control groups wait for is shown, whatever `columns` says; undefined: the usual tables. */
  readonly waits: 'processes' | 'control-groups' | undefined;
  /** Columns of the process table, in their order. */
  readonly columns: readonly string[];
  /** The choice of columns, while it is open. */
  readonly picker: ColumnPicker | undefined;
  readonly isPaused: boolean;
  readonly isCompact: boolean;
  readonly isPerCore: boolean;
  /** First line of the alerts shown; undefined: they are closed. */
  readonly alertsOffset: number | undefined;
  /** Of network rates, in the network views too. */
  readonly units: RateUnits;
  readonly metricsIntervalMillis: number;
  readonly processesIntervalMillis: number;
  readonly prompt: Prompt | undefined;
  /** What sstop's screen starts with, host by host. */
  readonly networkOptions: NetworkOptions;
  readonly version: string;
  /** Current wall time; ages of connections are relative to it. */
  readonly nowMillis: number;
}

/** All that can happen to it. */
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
  /** What is wanted of the hosts has changed: see `demandOf`. */
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

/** What a message leads to; the loop carries out the effects once the model is the new one. */
export type Step = StepOf<Model, Effect>;

/** One machine to begin with. */
export interface HostStart {
  readonly name: string;
  readonly link: RemoteStatus | undefined;
  readonly canSignal: boolean;
  readonly userOf: UserNames;
}

/** How the screen starts. */
export interface StartOptions extends FrameOptions<SocktopAction> {
  readonly hosts: readonly HostStart[];
  readonly metricsIntervalMillis: number;
  readonly processesIntervalMillis: number;
  readonly compact: boolean;
  readonly groupBy?: Grouping | undefined;
  /** Of the process table, in their order; undefined: all. */
  readonly columns?: readonly string[];
  /** Rules about each host. */
  readonly alerts?: readonly AlertRule[];
  readonly networkOptions: NetworkOptions;
  readonly version: string;
  readonly nowMillis: number;
}

/** The host that is shown. */
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

/** The hosts that are listed, by their places in `hosts`, in the order of the table. */
export function hostRows({ hosts, hostsSort, hostsSearch }: Model): readonly number[] {
  return listedHosts(hosts, hostsSort, hostsSearch);
}

/** The model with some of a host changed. */
export function withHost(model: Model, change: Partial<HostModel>, index: number = model.current): Model {
  const hosts = model.hosts.map((host, i) => (i === index ? { ...host, ...change } : host));
  return { ...model, hosts };
}

/** The tables of processes with these columns. */
export function tablesOf(columns: readonly string[]): Pick<Model, 'columns' | 'list' | 'groupList'> {
  return { columns, list: new MachineProcessList(columns), groupList: new MachineGroupList(columns) };
}

/** The model with rates in other units, on the network views too. */
export function withUnits(model: Model, units: RateUnits): Model {
  const hosts = model.hosts.map((host) =>
    host.network === undefined ? host : { ...host, network: { ...host.network, units } },
  );
  return { ...model, hosts, units, networkOptions: { ...model.networkOptions, units } };
}

/** What the agent cannot provide. With several hosts it is shown when one of them is opened. */
function noticeOf(hosts: readonly HostModel[]): Model['notice'] {
  const text = hosts.length === 1 ? hosts[0]?.link?.notice : undefined;
  return text === undefined ? undefined : { text, isBad: true };
}

/** Before the first sample. */
export function initialModel(options: StartOptions): Model {
  const hosts = options.hosts.map(
    (start): HostModel => ({
      ...{ name: start.name, link: start.link, canSignal: start.canSignal },
      data: new SystemData(start.userOf, options.networkOptions.loopback, options.alerts),
      ...{ failure: undefined, selection: undefined, pane: undefined, network: undefined },
      ...{ sort: { key: 'cpu', isReversed: false }, viewport: TOP, search: '' },
      ...{ hasTraffic: false, groupBy: options.groupBy, members: undefined },
      grouped: { sort: { key: 'cpu', isReversed: false }, selection: undefined, viewport: TOP },
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
