import type { Alert } from '../../../data/alerts/alert-monitor.ts';
import { figureText } from '../../../data/alerts/alert-rule.ts';
import type { AlertUnit } from '../../../data/schema/alerts-section.ts';
import { sanitizeLine } from '../../../kit/text/sanitize.ts';

const NAME_LENGTH_MOST = 128;

/** One change of an alert, for programs: figures in base units, null unknown; texts without control characters. */
export interface AlertFacts {
  readonly state: 'firing' | 'cleared';
  /** What the user calls the rule, and how it is written. */
  readonly name: string;
  readonly rule: string;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly value: number | null;
  readonly unit: AlertUnit;
  /** Mount point of the file system; null: it is not about one. */
  readonly place: string | null;
  readonly culprits: readonly { readonly pid: number; readonly name: string; readonly value: number }[];
  readonly culprit_unit: AlertUnit;
  /** All of it in one line for people. */
  readonly text: string;
}

/** What has changed on a machine. */
export function factsOf(alert: Alert, hostName: string): AlertFacts {
  const { rule, isFiring, changedMillis = 0, unit, culpritUnit } = alert;
  const facts = {
    state: isFiring ? ('firing' as const) : ('cleared' as const),
    ...{ name: rule.name, rule: rule.text, host: sanitizeLine(hostName) },
    time: new Date(changedMillis).toISOString(),
    value: Number.isFinite(alert.value) ? alert.value : null,
    unit,
    place: alert.place === '' ? null : sanitizeLine(alert.place),
    culprits: alert.culprits.map(({ pid, name, value }) => {
      return { pid, name: sanitizeLine(name.slice(0, NAME_LENGTH_MOST)), value };
    }),
    culprit_unit: culpritUnit,
  };
  return { ...facts, text: lineOf(facts) };
}

function lineOf(facts: Omit<AlertFacts, 'text'>): string {
  const { host, name, state, value, unit, place, culprits, culprit_unit: culpritUnit } = facts;
  const figure = value === null ? '' : ` ${figureText(value, unit)}`;
  const named = culprits.map((one) => `${one.name} (${one.pid}) ${figureText(one.value, culpritUnit)}`);
  const blamed = named.length === 0 ? '' : `: ${named.join(', ')}`;
  return `${host}: ${name} ${state}${place === null ? '' : ` ${place}`}${figure}${blamed}`;
}

/** The facts as variables of a program's environment; a fact that is unknown is empty. */
export function variablesOf(facts: AlertFacts): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {
    SOCKTOP_ALERT_STATE: facts.state,
    SOCKTOP_ALERT_NAME: facts.name,
    SOCKTOP_ALERT_RULE: facts.rule,
    SOCKTOP_ALERT_HOST: facts.host,
    SOCKTOP_ALERT_TIME: facts.time,
    SOCKTOP_ALERT_VALUE: facts.value === null ? '' : String(facts.value),
    SOCKTOP_ALERT_UNIT: facts.unit,
    SOCKTOP_ALERT_PLACE: facts.place ?? '',
    SOCKTOP_ALERT_TEXT: facts.text,
    SOCKTOP_ALERT_CULPRIT_UNIT: facts.culprit_unit,
    SOCKTOP_ALERT_CULPRITS: String(facts.culprits.length),
  };
  for (const [at, { pid, name, value }] of facts.culprits.entries()) {
    const culprit = `SOCKTOP_ALERT_CULPRIT_${at + 1}`;
    variables[`${culprit}_PID`] = String(pid);
    variables[`${culprit}_NAME`] = name;
    variables[`${culprit}_VALUE`] = String(value);
  }
  return variables;
}
