import type { Alternative, FilterTerm, FilterTest, TextMatch } from './filter-term.ts';

/** Words that are read back as text, and values that need no quotes. */
const PLAIN_WORD = /^[\w./@-]+$/;
const PLAIN_VALUE = /^[\w.@:-]+$/;

/** The text of a filter, which reads back as the same. */
export function printFilter(alternatives: readonly Alternative[]): string {
  return alternatives.map((terms) => terms.map(printTerm).join(' ')).join(' | ');
}

/** A filter that lets through what belongs to the control group of this very name; empty: to none that is known. */
export function groupFilterText(name: string): string {
  return printTest({ key: 'group', match: 'equals', text: name.toLowerCase() });
}

function printTerm({ isNegated, test }: FilterTerm): string {
  return `${isNegated ? '!' : ''}${printTest(test)}`;
}

function printTest(test: FilterTest): string {
  switch (test.key) {
    case 'text':
      return PLAIN_WORD.test(test.text) ? test.text : quoted(test.text);
    case 'port':
    case 'pid':
      return `${test.key}${test.comparison === '=' ? ':' : test.comparison}${test.values.join(',')}`;
    case 'up':
    case 'down':
    case 'conns':
      return `${test.key}${test.comparison}${test.value}`;
    case 'proto':
      return `proto:${test.protocols.join(',')}`;
    case 'state':
      return `state:${test.states.join(',').toLowerCase()}`;
    case 'network':
      return `host:${test.prefix.text}`;
    case 'host':
    case 'group':
      return `${test.key}${operatorOf(test.match)}${printValue(test.text)}`;
    case 'user':
    case 'svc':
      return `${test.key}:${printValue(test.text)}`;
  }
}

function operatorOf(match: TextMatch): string {
  return match === 'equals' ? '=' : ':';
}

function printValue(text: string): string {
  return PLAIN_VALUE.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
