import { OpError } from '../../../kit/errors/op-error.ts';
import type { MetricsFormat } from './negotiate.ts';

/** One sample as a reader of the formats takes it. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** The number as it was written. */
  readonly text: string;
}

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: ParsedSample[];
}

const SUFFIX: Record<string, string> = { counter: '_total', gauge: '', info: '_info' };

/**
 * A reader of either format that takes nothing on trust: written from the specifications, sharing no code with the
 * encoder. Throws where a line, an order, a name or a series is not as it must be. Families by the name in TYPE.
 */
export function parseExposition(bytes: Uint8Array, format: MetricsFormat): Map<string, ParsedFamily> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const lines = text.split('\n');
  if (lines.pop() !== '') fail('the last line has no end', text.slice(-40));
  if (format === 'openmetrics' && lines.pop() !== '# EOF') fail('no # EOF', text.slice(-40));
  const reader = new Reader(format);
  for (const line of lines) reader.line(line);
  return reader.families;
}

class Reader {
  readonly families = new Map<string, ParsedFamily>();
  readonly #format: MetricsFormat;
  readonly #series = new Set<string>();
  #name = '';
  #meta = new Map<string, string>();
  #family: ParsedFamily | undefined;

  constructor(format: MetricsFormat) {
    this.#format = format;
  }

  line(line: string): void {
    if (line.startsWith('# ')) this.#metadata(line);
    else if (line.startsWith('#') || line === '') fail('a line of no kind', line);
    else this.#sample(line);
  }

  #metadata(line: string): void {
    const match =
      /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s.exec(line) ?? fail('metadata', line);
    const [, kind = '', name = '', rest = ''] = match;
    if (name !== this.#name) {
      if (this.families.has(name)) fail('a family in two places', line);
      this.#name = name;
      this.#meta = new Map();
      this.#family = undefined;
    }
    if (this.#family !== undefined || this.#meta.has(kind)) fail('metadata after samples, or twice', line);
    this.#meta.set(kind, rest);
  }

  #sample(line: string): void {
    const [name, labels, text] = splitSample(line);
    const family = this.#open(line);
    const suffix = this.#format === 'openmetrics' ? (SUFFIX[family.type] ?? fail('type', line)) : '';
    if (name !== this.#name + suffix) fail('a sample outside of its family', line);
    const series = JSON.stringify([name, Object.entries(labels).sort()]);
    if (this.#series.has(series)) fail('a series twice', line);
    this.#series.add(series);
    if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text)) fail('number', line);
    family.samples.push({ name, labels, value: Number(text), text });
  }

  #open(line: string): ParsedFamily {
    if (this.#family !== undefined) return this.#family;
    const type = this.#meta.get('TYPE') ?? fail('no TYPE', line);
    const unit = this.#meta.get('UNIT');
    if (unit !== undefined && !this.#name.endsWith(`_${unit}`)) fail('unit', line);
    if (this.#format === 'text' && unit !== undefined) fail('the text format has no UNIT', line);
    const isReserved = /_(?:total|created|bucket|count|sum|info)$/.test(this.#name);
    if (this.#format === 'openmetrics' && isReserved) fail('a reserved suffix', line);
    const family = { type, unit, help: this.#meta.get('HELP') ?? fail('no HELP', line), samples: [] };
    this.families.set(this.#name, family);
    this.#family = family;
    return family;
  }
}

function splitSample(line: string): [name: string, labels: Record<string, string>, value: string] {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? fail('name', line);
  const labels: Record<string, string> = {};
  let at = name.length;
  if (line[at] === '{') {
    for (at++; line[at] !== '}'; ) {
      const label = /^[a-zA-Z_][a-zA-Z0-9_]*(?==")/.exec(line.slice(at))?.[0] ?? fail('label', line);
      if (label in labels) fail('a label twice', line);
      let value = '';
      for (at += label.length + 2; line[at] !== '"'; at++) {
        const unit = line[at] ?? fail('no closing quote', line);
        if (unit === '\\') value += unescaped(line[++at] ?? '', line);
        else value += unit;
      }
      labels[label] = value;
      at++;
      if (line[at] === ',') at++;
      else if (line[at] !== '}') fail('behind a label', line);
    }
    at++;
  }
  if (line[at] !== ' ') fail('no space before the number', line);
  return [name, labels, line.slice(at + 1)];
}

function unescaped(unit: string, line: string): string {
  if (unit === 'n') return '\n';
  return unit === '\\' || unit === '"' ? unit : fail('escape', line);
}

function fail(what: string, line: string): never {
  throw new OpError({
    op: 'parse exposition',
    code: 'BAD_LINE',
    message: `${what}: ${JSON.stringify(line)}`,
  });
}

/** The samples of all families as `name{label="value"}` with labels in order: what a server calls a series. */
export function seriesOf(families: ReadonlyMap<string, ParsedFamily>): Map<string, number> {
  const series = new Map<string, number>();
  for (const { samples } of families.values()) {
    for (const { name, labels, value } of samples) {
      const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
      const text = pairs.map(([label, each]) => `${label}=${JSON.stringify(each)}`).join(',');
      series.set(text === '' ? name : `${name}{${text}}`, value);
    }
  }
  return series;
}
