/** Writes docs/messages/PROGRAM.md: what each program prints, shows and logs, collected from the sources. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownCode, markdownTable } from './markdown.ts';
import { type Literal, literalsOf } from './source-literals.ts';
import { isTestOrBench, resolveImport } from './tidy/import-table.ts';
import { importsOf, readSource } from './tidy/source-text.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const MESSAGE_PROGRAMS = ['sstop', 'socktop', 'socktop-agent'] as const;

interface Message {
  /** Of its source, from the root. */
  readonly path: string;
  readonly text: string;
  /** Of the error that it belongs to; '' where it has none. */
  readonly code: string;
}

/** Messages by where their sources are; a source belongs to the first that its path matches. */
const SECTIONS: readonly {
  readonly title: string;
  readonly words: string;
  readonly paths: RegExp;
  /** The only program that prints them; missing: each that has their sources. */
  readonly only?: (typeof MESSAGE_PROGRAMS)[number];
}[] = [
  {
    title: 'Doctor',
    only: 'sstop',
    words: '`--doctor` prints these; its exit status is 0.',
    paths: /^platforms\/.*doctor|^src\/programs\/sstop\/doctor/,
  },
  {
    title: 'Command line and start',
    words: 'One line on standard error. A wrong argument or file name: status 2; a failure: status 1.',
    paths: /^bin\/|^src\/programs\/cli\//,
  },
  {
    title: 'Configuration, profiles and alert rules',
    words: 'One line on standard error with the file and its line. The rest of the file is used.',
    paths: /^src\/programs\/config\/|^src\/data\/alerts\//,
  },
  {
    title: 'Filters',
    words: 'In the prompt of the screen, where the wrong part is marked; on the command line: status 2.',
    paths: /^src\/data\/query\/filter\//,
  },
  {
    title: 'Screen',
    words: 'In the last line of the screen or in place of rows. The program runs on.',
    paths: /^src\/(?:programs|views|screen|data\/query)\//,
  },
  {
    title: 'Files, recordings and histories',
    words: 'A named file that cannot be used at the start: status 2. One that fails later: status 1.',
    paths: /^src\/(?:data|kit)\//,
  },
  {
    title: 'Connection to an agent',
    words:
      'At the start: status 1, or 2 where the URL, token or certificate is wrong. Later the screen shows it and reconnects.',
    paths: /^src\/remote\/(?:client|wire)\/|^platforms\/linux\/shell\/|^platforms\/ssh/,
  },
  { title: 'Agent', words: 'To clients, and in the log of the service.', paths: /^src\/remote\/agent\// },
  {
    title: 'This machine',
    words:
      'In the last line of the screen, under `errors` in JSON, and with `--log`; the program runs on with what it can read.',
    paths: /^platforms\//,
  },
];

/** Calls whose texts are described elsewhere (help, keys, fields, metrics), or are names of things. */
const OTHER_CALLS = new Set([
  ...['Option', 'argument', 'description', 'usage', 'version', 'gauge', 'counter', 'count', 'machine'],
  ...['left', 'right', 'identity', 'label', 'structure', 'figure', 'RegExp', 'set', 'get', 'has'],
  ...['includes', 'indexOf', 'startsWith', 'endsWith', 'match', 'test', 'split', 'replace', 'replaceAll'],
  ...[
    'toOpError',
    'BpfError',
    'sysctl',
    'put',
    'fact',
    'jumpIf',
    'jumpIfImmediate',
    'jump',
    'part',
    'attempt',
  ],
  ...['parseObject', 'objectOf', 'renderPanel', 'encode', 'join', 'createHmac'],
]);
/** Members whose texts are not messages. */
const OTHER_MEMBERS =
  /(?:^|\W)(?:op|help|title|\w+Title|name|csv|json|key|keys|label|unit|usage|place|schema|example|meaning|description|what|from|type|kind|protocol|state)\s*:\s*$/;
const TYPE = /(?:^|[^|])\|\s*$/;
/** Before the name of an entry of `--doctor`; its words come behind the name. */
const DOCTOR_ENTRY = /\b(?:good|lacking|note)\(\s*$/;
const NOT_MESSAGES =
  /(?:manual|keymaps|completion|glyphs|cpuinfo|drm|uplinks|doctor-facts|quic-initial|instruction)[\w-]*\.ts$|^src\/data\/schema\/|\/metrics\//;
/** Programs, records and paths. */
const NOT_PLAIN = /"\$|\$\(|":\S|; echo|^some <|\}\)|^[{/.]|^[cgl] |^-----|\b[A-Z]+\[/;
/** Operations of errors, and names that sources compare. */
const OPERATION =
  /^(?:(?:collect|read|ask|look up|delete from|take from|fs\w+|sysctl|open|copy|count|list|record) [\w<> ]+|last user|network namespace|Local Address|(?:outside|pid) <at>)$/;
const WORD = /^[("'`]*[A-Za-z][a-z'-]*[)"'`,.:;?!]*$/;
const UPPER_WORD = /^[A-Z][A-Z\d_]+$/;

/** docs/messages/PROGRAM.md as the sources want it. */
export function messagesMarkdown(program: (typeof MESSAGE_PROGRAMS)[number]): string {
  const paths = reachableFrom(`bin/${program}.ts`);
  const events = [...new Map(paths.flatMap(eventsOf).map((event) => [event.name, event])).values()];
  const names = new Set(paths.flatMap(namesIn));
  const messages = paths.flatMap((path) => messagesOf(path, names));
  const head = `# Messages of ${program}

Generated from the sources by \`npm run bun bin/dev/message-lists.ts\`.
\`<name>\` stands for a value. The code is that of the error in JSON and in the log; it is empty where there is none.
A part that several messages share is listed on its own, and so are messages of files that this program shares with the others.
`;
  const sections = SECTIONS.map(({ title, words, paths: own, only = program }) => {
    const rows = messages.filter(
      ({ path }) => SECTIONS.find(({ paths: of }) => of.test(path))?.paths === own,
    );
    return rows.length === 0 || only !== program ? '' : `## ${title}\n\n${words}\n\n${tableOf(rows)}`;
  });
  const ofLog =
    events.length === 0 ? '' : `## Log\n\nEvents with their level and fields.\n\n${eventTable(events)}`;
  return [head, ...sections, ofLog].filter((part) => part !== '').join('\n');
}

function tableOf(messages: readonly Message[]): string {
  const rows = new Map(
    messages.map(({ text, code }) => [
      `${text}\n${code}`,
      [markdownCode(text), code === '' ? '' : markdownCode(code)],
    ]),
  );
  return markdownTable([['message', 'code'], ...rows.values()]);
}

const TYPE_IMPORT = /^import type [^;]*;$/gm;

/** The entry and all files that it imports code from, by path. */
function reachableFrom(entry: string): readonly string[] {
  const seen = new Set<string>();
  const waiting = [entry, 'bin/main.ts'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    // The first file starts any of the three; it is followed no further.
    if (seen.has(path) || !path.endsWith('.ts')) continue;
    seen.add(path);
    if (path === 'bin/main.ts') continue;
    for (const { specifier } of importsOf(
      readFileSync(`${ROOT}${path}`, 'utf8').replaceAll(TYPE_IMPORT, ''),
    )) {
      const to = specifier === undefined ? undefined : resolveImport(path, specifier);
      if (to !== undefined && !isTestOrBench(to)) waiting.push(to);
    }
  }
  return [...seen].sort();
}

/** Words that the sources compare: operations of errors, and members of types. */
const NAME = /(?:\bop:|\btoOpError\(|\bfileError\(|\bOP =|\bcase|[^|]\|)\s*'([^'\n]+)'/g;

function namesIn(path: string): readonly string[] {
  return Array.from(readFileSync(`${ROOT}${path}`, 'utf8').matchAll(NAME), ([, name = '']) => name);
}

function messagesOf(path: string, names: ReadonlySet<string>): readonly Message[] {
  if (NOT_MESSAGES.test(path)) return [];
  const source = readFileSync(`${ROOT}${path}`, 'utf8');
  const { code } = readSource(source);
  return literalsOf(source, code)
    .filter((literal) => !names.has(literal.text) && isMessage(literal, code))
    .map(({ text, index }) => ({
      path,
      text: text.replaceAll(/\s+/g, ' ').trim(),
      code: codeOf(source, code, index),
    }));
}

function isMessage({ text, index, end }: Literal, code: string): boolean {
  if (OPERATION.test(text)) return false;
  const words = text
    .replaceAll(/<[^>]*>/g, '<>')
    .trim()
    .split(/\s+/);
  if (words.length < 2 || !words.some((word) => WORD.test(word) && word.length > 2) || NOT_PLAIN.test(text))
    return false;
  const before = code.slice(0, index);
  if (OTHER_MEMBERS.test(before.slice(-40)) || TYPE.test(before.slice(-20))) return false;
  if (/(?:case|===|!==|import|from)\s*$/.test(before.slice(-20))) return false;
  if (DOCTOR_ENTRY.test(before.slice(-20))) return false;
  if (/^\s*(?:\||:(?!:)\s*[\w{[(]|\])/.test(code.slice(end, end + 20)) && /[{,]\s*$/.test(before.slice(-20)))
    return false;
  return !OTHER_CALLS.has(callAround(before));
}

/** The name of the call, or of the class, whose argument begins at the end of `before`; '' where it is none. */
function callAround(before: string): string {
  let depth = 0;
  for (let at = before.length - 1; at >= 0; at--) {
    const here = before[at]!;
    if (here === ')' || here === ']' || here === '}') depth++;
    else if (here === '(' && depth === 0) return /(\w+)$/.exec(before.slice(0, at))?.[1] ?? '';
    else if (here === '[' || here === '{' || here === '(') {
      if (depth === 0) return '';
      depth--;
    } else if (here === ';' && depth === 0) return '';
  }
  return '';
}

/** The code of the error that a message belongs to: beside it in the object, before it in the call, or its key. */
function codeOf(source: string, code: string, index: number): string {
  const before = source.slice(0, index);
  const key = /\b([A-Z][A-Z\d_]+):\s*$/.exec(before)?.[1];
  if (key !== undefined) return key;
  const argument = /'([A-Z][A-Z\d_]+)',\s*$/.exec(before)?.[1];
  if (argument !== undefined) return argument;
  if (!/\bmessage:\s*$/.test(before)) return '';
  const opening = before.lastIndexOf('{');
  const closing = code.indexOf('}', index);
  const member = /\bcode:\s*'([^']+)'/.exec(source.slice(opening, closing))?.[1] ?? '';
  return UPPER_WORD.test(member) ? member : '';
}

interface LogEvent {
  readonly level: string;
  readonly name: string;
  readonly fields: string;
}

const EVENT = /\.(?:event|lastWords)\(\s*'(\w+)',\s*['`]([^'`]+)['`](?:,\s*\{([^}]*)\})?/g;

function eventsOf(path: string): readonly LogEvent[] {
  const source = readFileSync(`${ROOT}${path}`, 'utf8');
  return Array.from(source.matchAll(EVENT), ([, level = '', name = '', fields = '']) => ({
    ...{ level, name: name.replaceAll(/\$\{[^}]*\}/g, '<state>') },
    fields: fields
      .split(',')
      .map((field) => field.split(':', 1)[0]!.trim())
      .filter((field) => /^\w+$/.test(field))
      .join(' '),
  }));
}

function eventTable(events: readonly LogEvent[]): string {
  return markdownTable([
    ['event', 'level', 'fields'],
    ...events.map(({ level, name, fields }) => [markdownCode(name), level, fields]),
  ]);
}

/** Where the list of a program is kept. */
export function messagesPath(program: string): string {
  return `${ROOT}docs/messages/${program}.md`;
}

if (import.meta.main) {
  for (const program of MESSAGE_PROGRAMS) {
    mkdirSync(dirname(messagesPath(program)), { recursive: true });
    writeFileSync(messagesPath(program), messagesMarkdown(program));
    process.stdout.write(`docs/messages/${program}.md\n`);
  }
}
