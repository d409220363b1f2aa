import { compare } from '../query/filter/filter-term.ts';
import { ProcessTraffic } from '../query/owner-rates.ts';
import type { MachineRates } from '../rates/machine-rates.ts';
import { machinePercent, type ProcessRates } from '../rates/process-rates.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { ProcessesWant, Snapshot } from '../sample/snapshot.ts';
import type { AlertState, AlertUnit, Culprit } from '../schema/alerts-section.ts';
import {
  ALERT_KEYS,
  type AlertKey,
  type AlertRule,
  type AlertTerm,
  type AlertTest,
  asksAbout,
  asksFor,
  type Blame,
  clearMillis,
} from './alert-rule.ts';
import { BLAME_UNITS, blamedFigure, greatest } from './culprits.ts';
import { MachineFigures } from './machine-figures.ts';

/** Whether a rule holds now, with the figure that says so. */
interface Verdict {
  /** undefined: a figure is unknown. */
  readonly holds: boolean | undefined;
  readonly key: AlertKey;
  /** In the unit of `key`; NaN unknown. */
  readonly value: number;
  /** Mount point of the file system, '' none. */
  readonly place: string;
  /** Of rules about single processes: those that match. undefined: whoever the figure is blamed on. */
  readonly culprits?: readonly Culprit[];
}

/** One rule and how it stands. */
export interface Alert extends AlertState {
  readonly rule: AlertRule;
}

/** What the next samples are to hold, so that the rules can be judged and their culprits named. */
interface AlertWant {
  readonly disks: boolean;
  /** undefined: no processes. */
  readonly processes: ProcessesWant | undefined;
  readonly network: boolean;
}

const NOTHING_WANTED: AlertWant = { disks: false, processes: undefined, network: false };

/** An alert waits so long for the figures of its culprits; then it fires without. */
const CULPRITS_WAIT_MICROS = 5e6;
/** Samples that are further apart say nothing of the time between. */
const GAP_MICROS = 120e6;
const UNKNOWN = Number.NaN;
const NO_CULPRITS: readonly Culprit[] = [];

/**
 * Judges rules by the samples of one machine. A rule fires once when it has held for its time, and clears once when it
 * has not held for as long, at least 10 s. A figure that is unknown never fires a rule, and never clears one.
 */
export class AlertMonitor {
  readonly #figures: MachineFigures;
  readonly #processRates: ProcessRates;
  readonly #traffic = new ProcessTraffic();
  readonly #states: readonly RuleState[];
  readonly #rules: readonly AlertRule[];
  readonly #blamed = new Map<Blame, readonly Culprit[]>();
  #lastMicros = UNKNOWN;

  /** The rates have taken in each section before `absorb` is given it. */
  constructor(rules: readonly AlertRule[], rates: MachineRates, processRates: ProcessRates) {
    this.#rules = rules;
    this.#states = rules.map((rule) => new RuleState(rule));
    this.#figures = new MachineFigures(rates);
    this.#processRates = processRates;
  }

  /** Every rule in the order of the file. */
  get alerts(): readonly Alert[] {
    return this.#states;
  }

  get firing(): readonly Alert[] {
    return this.#states.filter(({ isFiring }) => isFiring);
  }

  /** Whether a rule waits for figures that the next sample may have: it should come soon. */
  get isUrgent(): boolean {
    return this.#states.some(({ isWaiting }) => isWaiting);
  }

  get want(): AlertWant {
    if (this.#rules.length === 0) return NOTHING_WANTED;
    const holding = this.#states.filter(({ isHolding }) => isHolding).map(({ blame }) => blame);
    const usage = ['readBytes', 'writtenBytes'] as const;
    const isAsked = asksAbout(this.#rules, 'process') || asksFor(this.#rules, 'processes');
    return {
      disks:
        asksAbout(this.#rules, 'disk') ||
        asksFor(this.#rules, 'disk.read') ||
        asksFor(this.#rules, 'disk.write'),
      processes:
        holding.length > 0 || isAsked
          ? { visiblePids: [], columnsOfAll: holding.includes('storage') ? usage : [] }
          : undefined,
      network: holding.includes('network'),
    };
  }

  /** Takes the sections that are there; borrowed, nothing of them is kept. */
  absorb({ header, machine, disks, machineProcesses, network }: Snapshot): void {
    if (this.#rules.length === 0) return;
    if (machine !== undefined) this.#figures.takeMachine(machine);
    if (disks !== undefined) this.#figures.takeDisks(disks);
    if (network !== undefined) {
      this.#traffic.update(network, header, { interfaceIndex: undefined, includeLoopback: false });
    }
    if (machineProcesses !== undefined) this.#takeProcesses(machineProcesses);
  }

  /** Of a sample of the network alone; `users` are who uses it, read while a rule about it holds. */
  takeInterfaces(users: () => readonly Culprit[]): void {
    this.#figures.takeInterfaces();
    if (this.want.network) this.#blamed.set('network', users());
  }

  /** Judges every rule by what is known now; the alerts that have fired or cleared since the last time. */
  evaluate(nowMicros: number, wallMillis: number): readonly Alert[] {
    const elapsed = nowMicros - this.#lastMicros;
    // A recording may go back.
    if (elapsed < 0 || elapsed > GAP_MICROS) for (const state of this.#states) state.forget();
    this.#lastMicros = nowMicros;
    return this.#states.filter((state) => state.judge(this.#figures, this.#blamed, nowMicros, wallMillis));
  }

  /** What comes next does not continue what was. Alerts that fire go on. */
  rebase(): void {
    this.#figures.rebase();
    this.#blamed.clear();
    for (const state of this.#states) state.forget();
  }

  #takeProcesses(section: MachineProcesses): void {
    const { processes } = section;
    this.#figures.takeProcessCount(section.processCount ?? processes.slots.count);
    this.#blamed.clear();
    for (const state of this.#states) {
      state.takeProcesses(section, this.#processRates);
      const { blame, isHolding } = state;
      if (!isHolding || this.#blamed.has(blame)) continue;
      const figure = blamedFigure(blame, section, this.#processRates, this.#traffic);
      this.#blamed.set(blame, greatest(processes, figure));
    }
  }
}

/** One rule, and since when it holds or no longer holds. */
class RuleState implements Alert {
  readonly rule: AlertRule;
  isFiring = false;
  isWaiting = false;
  changedMillis: number | undefined;
  value = UNKNOWN;
  place = '';
  culprits: readonly Culprit[] = NO_CULPRITS;
  readonly #alternatives: readonly Alternative[];
  #key: AlertKey;
  /** Monotonic; NaN: it does not hold, or is not known to. */
  #holdsMicros = UNKNOWN;
  #failsMicros = UNKNOWN;

  constructor(rule: AlertRule) {
    this.rule = rule;
    this.#alternatives = rule.alternatives.map((terms) => new Alternative(terms));
    this.#key = this.#alternatives[0]!.key;
  }

  get name(): string {
    return this.rule.name;
  }

  get text(): string {
    return this.rule.text;
  }

  get unit(): AlertUnit {
    return ALERT_KEYS[this.#key].unit;
  }

  get blame(): Blame {
    return ALERT_KEYS[this.#key].blame;
  }

  get culpritUnit(): AlertUnit {
    return ALERT_KEYS[this.#key].subject === 'process' ? this.unit : BLAME_UNITS[this.blame];
  }

  /** Its culprits are of interest. */
  get isHolding(): boolean {
    return this.isFiring || !Number.isNaN(this.#holdsMicros);
  }

  takeProcesses(section: MachineProcesses, rates: ProcessRates): void {
    for (const alternative of this.#alternatives) alternative.takeProcesses(section, rates);
  }

  /** The time that it has held, or not held, does not count any more. */
  forget(): void {
    this.#holdsMicros = UNKNOWN;
    this.#failsMicros = UNKNOWN;
    this.isWaiting = false;
    for (const alternative of this.#alternatives) alternative.forget();
  }

  /** Whether it has fired or cleared. */
  judge(
    figures: MachineFigures,
    blamed: ReadonlyMap<Blame, readonly Culprit[]>,
    nowMicros: number,
    wallMillis: number,
  ): boolean {
    const verdicts = this.#alternatives.map((alternative) => alternative.judge(figures));
    const holding = verdicts.find(({ holds }) => holds === true);
    const isUnknown = holding === undefined && verdicts.some(({ holds }) => holds === undefined);
    if (holding !== undefined) this.#note(holding, blamed);
    if (holding === undefined) this.#holdsMicros = UNKNOWN;
    else if (Number.isNaN(this.#holdsMicros)) this.#holdsMicros = nowMicros;
    if (holding !== undefined || isUnknown) this.#failsMicros = UNKNOWN;
    else if (Number.isNaN(this.#failsMicros)) this.#failsMicros = nowMicros;
    this.isWaiting = false;
    if (this.isFiring) {
      if (!(nowMicros - this.#failsMicros >= clearMillis(this.rule) * 1000)) return false;
    } else {
      const overdue = nowMicros - this.#holdsMicros - this.rule.holdMillis * 1000;
      if (!(overdue >= 0)) return false;
      this.isWaiting = this.culprits.length === 0 && overdue < CULPRITS_WAIT_MICROS;
      if (this.isWaiting) return false;
    }
    this.isFiring = !this.isFiring;
    this.changedMillis = wallMillis;
    return true;
  }

  #note({ key, value, place, culprits }: Verdict, blamed: ReadonlyMap<Blame, readonly Culprit[]>): void {
    const isNew = !this.isHolding || key !== this.#key;
    this.#key = key;
    this.value = value;
    this.place = place;
    const named = culprits ?? blamed.get(this.blame) ?? NO_CULPRITS;
    // A sample without processes does not make them unknown.
    if (named.length > 0 || isNew) this.culprits = named;
  }
}

/** Terms that hold together: those about processes of one process, those about file systems of one file system. */
class Alternative {
  readonly #machine: readonly AlertTerm[];
  readonly #disk: readonly AlertTerm[];
  readonly #process: readonly AlertTerm[];
  /** What the last list of processes says of the terms about them; undefined: no list yet. */
  #processes:
    | { readonly holds: boolean; readonly value: number; readonly culprits: readonly Culprit[] }
    | undefined;
  /** The figure that is shown: the first that is no text. */
  readonly key: AlertKey;

  constructor(terms: readonly AlertTerm[]) {
    const of = (subject: string) => terms.filter(({ test }) => ALERT_KEYS[test.key].subject === subject);
    this.#machine = of('machine');
    this.#disk = of('disk');
    this.#process = of('process');
    this.key = terms.find(({ test }) => 'value' in test)!.test.key;
  }

  forget(): void {
    this.#processes = undefined;
  }

  judge(figures: MachineFigures): Verdict {
    let holds: boolean | undefined = true;
    let value = UNKNOWN;
    let place = '';
    for (const term of this.#machine) {
      const figure = figures.figureOf(term.test.key);
      if (term.test.key === this.key) value = figure;
      holds = both(holds, meets(term, figure, ''));
    }
    if (this.#disk.length > 0) {
      const disk = figures.disks
        ?.filter((each) =>
          this.#disk.every((term) => meets(term, each.usedPercent, each.mountPoint) === true),
        )
        .sort((a, b) => b.usedPercent - a.usedPercent)[0];
      holds = both(holds, figures.disks === undefined ? undefined : disk !== undefined);
      if (ALERT_KEYS[this.key].subject === 'disk') value = disk?.usedPercent ?? UNKNOWN;
      place = disk?.mountPoint ?? '';
    }
    if (this.#process.length === 0) return { holds, key: this.key, value, place };
    const processes = this.#processes;
    holds = both(holds, processes?.holds);
    if (ALERT_KEYS[this.key].subject === 'process') value = processes?.value ?? UNKNOWN;
    return { holds, key: this.key, value, place, culprits: processes?.culprits ?? NO_CULPRITS };
  }

  takeProcesses(section: MachineProcesses, rates: ProcessRates): void {
    if (this.#process.length === 0) return;
    const { processes } = section;
    const key = this.#process.find(({ test }) => 'value' in test)?.test.key ?? 'process.cpu';
    const culprits = greatest(processes, (slot) =>
      this.#process.every((term) => isMet(term, section, rates, slot))
        ? figureOf(key, section, rates, slot)
        : UNKNOWN,
    );
    this.#processes = { holds: culprits.length > 0, value: culprits[0]?.value ?? UNKNOWN, culprits };
  }
}

function isMet(term: AlertTerm, section: MachineProcesses, rates: ProcessRates, slot: number): boolean {
  const { key } = term.test;
  if (ALERT_KEYS[key].unit === 'text') return meets(term, UNKNOWN, section.processes.names[slot]!) === true;
  return meets(term, figureOf(key, section, rates, slot), '') === true;
}

function figureOf(key: AlertKey, section: MachineProcesses, rates: ProcessRates, slot: number): number {
  return key === 'process.rss'
    ? section.processes.rssBytes[slot]!
    : machinePercent(rates.cpu.corePercent[slot]!, section.coreCount);
}

/** Whether a term holds of a figure or a text; undefined: the figure is unknown, and so is its opposite. */
function meets({ test, isNegated }: AlertTerm, figure: number, text: string): boolean | undefined {
  if ('value' in test && Number.isNaN(figure)) return undefined;
  return holdsOf(test, figure, text) !== isNegated;
}

function holdsOf(test: AlertTest, figure: number, text: string): boolean {
  if ('value' in test) return compare(test.comparison, figure, test.value);
  const lower = text.toLowerCase();
  return test.isWhole ? lower === test.text : lower.includes(test.text);
}

/** Both hold; what is unknown decides only where the other one holds. */
function both(one: boolean | undefined, other: boolean | undefined): boolean | undefined {
  if (one === false || other === false) return false;
  return one === undefined || other === undefined ? undefined : true;
}
