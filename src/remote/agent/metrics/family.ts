import { OpError } from '../../../kit/errors/op-error.ts';
import type { MetricsFormat } from './negotiate.ts';

/** What a family is. `info` is a gauge that is always 1 to the text format, which knows no such type. */
type FamilyType = 'counter' | 'gauge' | 'info';

const ENCODER = new TextEncoder();
/** OpenMetrics 1.0, `metricname`, without the colon that is left to recording rules. */
const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const SUFFIX: Record<FamilyType, string> = { counter: '_total', gauge: '', info: '_info' };

/** A metric family: what precedes its samples in each format, and the name that each sample begins with. */
export class Family {
  readonly type: FamilyType;
  /** Of its samples, in both formats: a counter's ends with `_total`, an info's with `_info`. */
  readonly sampleName: string;
  /** Base unit, in the plural, as the name ends; empty: none. */
  readonly unit: string;
  readonly sampleNameBytes: Uint8Array;
  readonly #text: Uint8Array;
  readonly #openMetrics: Uint8Array;

  constructor(type: FamilyType, sampleName: string, help: string, unit = '') {
    const suffix = SUFFIX[type];
    const name = sampleName.slice(0, sampleName.length - suffix.length);
    const isNamedWell =
      NAME.test(name) && sampleName.endsWith(suffix) && (unit === '' || name.endsWith(`_${unit}`));
    // Escapes differ between the formats: a help that needs none is the same in both.
    if (!isNamedWell || /[\\"\n]/.test(help)) {
      throw new OpError({ op: 'define metric family', code: 'BAD_NAME', message: sampleName });
    }
    this.type = type;
    this.sampleName = sampleName;
    this.unit = unit;
    this.sampleNameBytes = ENCODER.encode(sampleName);
    const textType = type === 'info' ? 'gauge' : type;
    this.#text = ENCODER.encode(`# HELP ${sampleName} ${help}\n# TYPE ${sampleName} ${textType}\n`);
    const unitLine = unit === '' ? '' : `# UNIT ${name} ${unit}\n`;
    this.#openMetrics = ENCODER.encode(`# TYPE ${name} ${type}\n${unitLine}# HELP ${name} ${help}\n`);
  }

  /** The lines before its samples. */
  head(format: MetricsFormat): Uint8Array {
    return format === 'openmetrics' ? this.#openMetrics : this.#text;
  }
}

/** `name` ends with `_total`, before that with the unit if there is one. */
export function counter(name: string, help: string, unit = ''): Family {
  return new Family('counter', name, help, unit);
}

/** `name` ends with the unit if there is one. */
export function gauge(name: string, help: string, unit = ''): Family {
  return new Family('gauge', name, help, unit);
}

/** `name` ends with `_info`; its samples are 1. */
export function info(name: string, help: string): Family {
  return new Family('info', name, help);
}
