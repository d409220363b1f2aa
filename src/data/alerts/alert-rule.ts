import type { Comparison } from '../query/filter/filter-term.ts';
import type { Term } from '../query/filter/term-language.ts';
import { ALERT_RULES_MOST, type AlertUnit } from '../schema/alerts-section.ts';

/** By which figure of the processes an alert names its culprits. */
export type Blame = 'cpu' | 'memory' | 'storage' | 'network' | 'children';

/** What a key asks about: the machine, one file system, or one process. */
type AlertSubject = 'machine' | 'disk' | 'process';

interface AlertKeyFacts {
  readonly subject: AlertSubject;
  readonly unit: AlertUnit;
  readonly blame: Blame;
  /** In words, for the documents. */
  readonly help: string;
}

/** What rules can ask about, with what explains it. */
export const ALERT_KEYS = {
  cpu: machine('percent', 'cpu', 'share of the time in which processors worked'),
  'cpu.iowait': machine('percent', 'storage', 'share of the time in which processors waited for storage'),
  'cpu.steal': machine('percent', 'cpu', 'share of the time that the hypervisor took'),
  load: machine('number', 'cpu', 'load average of one minute'),
  memory: machine('percent', 'memory', 'used memory'),
  swap: machine('percent', 'memory', 'used swap'),
  'psi.cpu': machine('percent', 'cpu', 'share of the time in which a task waited for a processor'),
  'psi.memory': machine('percent', 'memory', 'share of the time in which a task waited for memory'),
  'psi.io': machine('percent', 'storage', 'share of the time in which a task waited for storage'),
  'net.up': machine('rate', 'network', 'bytes per second sent over all uplinks'),
  'net.down': machine('rate', 'network', 'bytes per second received over all uplinks'),
  'disk.read': machine('rate', 'storage', 'bytes per second read from all disks'),
  'disk.write': machine('rate', 'storage', 'bytes per second written to all disks'),
  temp: machine('celsius', 'cpu', 'temperature of the processor'),
  processes: machine('number', 'children', 'processes'),
  'disk.used': { subject: 'disk', unit: 'percent', blame: 'storage', help: 'used space of a file system' },
  'disk.mount': { subject: 'disk', unit: 'text', blame: 'storage', help: 'mount point of that file system' },
  'process.cpu': {
    ...{ subject: 'process', unit: 'percent', blame: 'cpu' },
    help: 'CPU use of one process, share of the whole machine',
  },
  'process.rss': {
    subject: 'process',
    unit: 'bytes',
    blame: 'memory',
    help: 'resident memory of one process',
  },
  'process.name': { subject: 'process', unit: 'text', blame: 'cpu', help: 'name of that process' },
} as const satisfies Readonly<Record<string, AlertKeyFacts>>;

function machine<const Unit extends AlertUnit, const Of extends Blame>(unit: Unit, blame: Of, help: string) {
  return { subject: 'machine', unit, blame, help } as const;
}

export type AlertKey = keyof typeof ALERT_KEYS;
export const ALERT_KEY_NAMES = Object.keys(ALERT_KEYS) as readonly AlertKey[];

/** What one term tests: a figure, or a text in lower case. */
export type AlertTest =
  | { readonly key: AlertKey; readonly comparison: Comparison; readonly value: number }
  | { readonly key: AlertKey; readonly isWhole: boolean; readonly text: string };

export type AlertTerm = Term<AlertTest>;

/** A rule as it was read. */
export interface AlertRule {
  /** What the user calls it: the label on /metrics; unique among the rules. */
  readonly name: string;
  /** As it was written. */
  readonly text: string;
  /** Terms that hold together, any of these lists. */
  readonly alternatives: readonly (readonly AlertTerm[])[];
  /** How long it has to hold without a break before it fires. */
  readonly holdMillis: number;
}

/** Rules of one file. */
export const RULES_MOST = ALERT_RULES_MOST;

/** The shortest time in which a rule may not hold before it clears. */
const CLEAR_LEAST_MILLIS = 10_000;

/** How long a rule that fires may not hold before it clears: as long as it had to hold, but at least 10 s. */
export function clearMillis({ holdMillis }: AlertRule): number {
  return Math.max(CLEAR_LEAST_MILLIS, holdMillis);
}

/** Whether one of the rules asks about `subject`. */
export function asksAbout(rules: readonly AlertRule[], subject: AlertSubject): boolean {
  return termsOf(rules).some(({ test }) => ALERT_KEYS[test.key].subject === subject);
}

/** Whether one of the rules asks for `key`. */
export function asksFor(rules: readonly AlertRule[], key: AlertKey): boolean {
  return termsOf(rules).some(({ test }) => test.key === key);
}

/** What a rule asks for, each once. */
export function keysOf(rule: AlertRule): readonly AlertKey[] {
  return [...new Set(termsOf([rule]).map(({ test }) => test.key))];
}

function termsOf(rules: readonly AlertRule[]): readonly AlertTerm[] {
  return rules.flatMap(({ alternatives }) => alternatives.flat());
}

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `93.1 %`, `4.2 GB`, `12.0 MB/s`. */
export function figureText(value: number, unit: AlertUnit): string {
  switch (unit) {
    case 'percent':
      return `${value.toFixed(1)} %`;
    case 'celsius':
      return `${value.toFixed(1)} C`;
    case 'bytes':
    case 'rate': {
      const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
      return `${(value / 1024 ** power).toFixed(1)} ${BYTE_UNITS[power]}${unit === 'rate' ? '/s' : ''}`;
    }
    case 'number':
    case 'text':
      return Number.isInteger(value) ? String(value) : value.toFixed(2);
  }
}
