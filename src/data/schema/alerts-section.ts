import { amount, count, flag, list, record, text, type ValueOf, word } from './record.ts';
import type { Section } from './section-facts.ts';

/** What a figure is: a share of 100, bytes per second, bytes, a plain number, degrees Celsius, or a text. */
const ALERT_UNITS = ['percent', 'rate', 'bytes', 'number', 'celsius', 'text'] as const;
export type AlertUnit = (typeof ALERT_UNITS)[number];

/** Rules that one machine is watched by; more are a fault of their file. */
export const ALERT_RULES_MOST = 64;
/** Processes that explain one alert. */
export const CULPRITS_MOST = 3;

/** A process that explains an alert. */
const CULPRIT = record({
  pid: count('', 0),
  /** Task name, not sanitised. */
  name: text(),
  value: amount('', Number.NaN),
});
export type Culprit = ValueOf<typeof CULPRIT>;

/** One rule and how it stands. */
const ALERT_STATE = record({
  /** What the user calls the rule, and how it is written. */
  name: text(),
  text: text('line'),
  isFiring: flag(),
  /** Wall time of the last change; undefined: it has never fired. */
  changedMillis: count('milliseconds'),
  /** The figure as of the last sample in which the rule held; NaN unknown. */
  value: amount('', Number.NaN),
  unit: word(ALERT_UNITS, 'number'),
  /** Mount point of the file system, '' none. */
  place: text('line'),
  /** The greatest first; empty: none is known. */
  culprits: list(CULPRIT, CULPRITS_MOST),
  culpritUnit: word(ALERT_UNITS, 'number'),
});
export type AlertState = ValueOf<typeof ALERT_STATE>;

/** The rules that the machine watches itself by, in the order of their file. */
export const ALERTS = record({ alerts: list(ALERT_STATE, ALERT_RULES_MOST) });
export type AlertsSection = Section & ValueOf<typeof ALERTS>;
