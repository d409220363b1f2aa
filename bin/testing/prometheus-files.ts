import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const PROMETHEUS_FOLDER = fileURLToPath(new URL('../../docs/prometheus/', import.meta.url));

/** Names that Prometheus itself makes. */
const OWN_NAMES = /^(up|instance_groupname:.+)$/;

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert?: string; readonly record?: string; readonly expr: string }[];
  }[];
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

/** An expression with the alert, rule or panel that it belongs to. */
export interface NamedExpression {
  readonly of: string;
  readonly expression: string;
  /** Whether it is a condition, which has a result only while it holds. */
  readonly isCondition: boolean;
}

export function readYaml(name: string): unknown {
  return parse(readFileSync(`${PROMETHEUS_FOLDER}${name}`, 'utf8'));
}

/** Every expression of the rules and of the dashboard. */
export function expressions(): readonly NamedExpression[] {
  const { groups } = readYaml('rules.yml') as Rules;
  const dashboard: Dashboard = JSON.parse(readFileSync(`${PROMETHEUS_FOLDER}dashboard.json`, 'utf8'));
  return [
    ...groups.flatMap(({ rules }) =>
      rules.map(({ alert, record, expr }) => ({
        ...{ of: alert ?? record ?? '', expression: expr, isCondition: alert !== undefined },
      })),
    ),
    ...dashboard.panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ of: title, expression: expr, isCondition: false })),
    ),
  ];
}

/** The metrics that an expression reads from agents. */
export function metricsIn(expression: string): readonly string[] {
  // Texts in quotes and the labels of `by` hold names that are no metrics.
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\bby \([^)]*\)/g, '')
    .replaceAll(/\{[^}]*\}/g, '');
  const names =
    bare.match(/\b(?:up|(?:node|namedprocess|socktop|process|instance_groupname:)[\w:]*)\b/g) ?? [];
  return [...new Set(names)].filter((name) => !OWN_NAMES.test(name));
}
