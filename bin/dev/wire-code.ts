import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileRaw } from 'pbf/compile';
import { type ProtoField, type ProtoMessage, type ProtoSchema, sync } from 'resolve-protobuf-schema';
import type { MessageShape } from '../../src/data/codec/protobuf.ts';
import { type NumberFormat, TABLE_FORMATS, TABLE_SHAPES } from '../../src/data/codec/table-format.ts';

const WIRE = fileURLToPath(new URL('../../src/remote/wire/', import.meta.url));

/** Every .proto file, without its ending; the code stands beside it as `NAME.generated.ts`. */
export const PROTO_NAMES = ['processes', 'socktop-v2'] as const;
type ProtoName = (typeof PROTO_NAMES)[number];

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  ...Object.fromEntries(
    ['double', 'float', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32'].map((type) => [type, 'number']),
  ),
};

/** Where the code for a .proto file stands. */
export function codePath(name: ProtoName): string {
  return `${WIRE}${name}.generated.ts`;
}

/**
 * The code that a .proto file wants: shapes of all messages, by which bytes are checked before they are read, and
 * types, readers and writers of those that hold no tables. Tables are read and written by their shapes, column by
 * column, so that no object stands for a row.
 */
export function wantedCode(name: ProtoName): string {
  const schema = sync(`${WIRE}${name}.proto`);
  const compiled = schema.messages.filter((message) => !holdsTable(message));
  const code = annotated(compileRaw({ ...schema, messages: compiled }), compiled);
  return [
    '// biome-ignore-all lint: written by the compiler of pbf',
    '// biome-ignore-all format: written by the compiler of pbf',
    `// Made from ${name}.proto by \`npm run bun bin/dev/wire-code.ts\`.`,
    "import type { PbfReader, PbfWriter } from 'pbf';",
    "import type { MessageShape } from '../../data/codec/protobuf.ts';",
    ...(schema.messages.some(isTable)
      ? ["import { tableShape } from '../../data/codec/table-format.ts';"]
      : []),
    '',
    ...compiled.map(typeOf),
    code.replace(/^.*\n\n?/, '').trimEnd(),
    '',
    ...shapesOf(schema),
  ].join('\n');
}

function isTable({ name }: ProtoMessage): boolean {
  return name.endsWith('Columns');
}

function holdsTable(message: ProtoMessage): boolean {
  return isTable(message) || message.fields.some(({ type }) => type.endsWith('Columns'));
}

function typeOf({ name, fields }: ProtoMessage): string {
  const lines = fields.map((field) => `  ${field.name}: ${fieldType(field)};`);
  return [`export interface ${name} {`, ...lines, '}', ''].join('\n');
}

function fieldType({ type, repeated }: ProtoField): string {
  const scalar = SCALARS[type];
  if (repeated) return `${scalar ?? type}[]`;
  return scalar ?? `${type} | undefined`;
}

/** The compiler writes JavaScript; its functions all look alike. */
function annotated(code: string, messages: readonly ProtoMessage[]): string {
  let result = code.replaceAll('    let field;\n', '    let field: number;\n');
  for (const { name } of messages) {
    result = result
      .replace(
        `function read${name}(pbf, end) {\n    const obj = `,
        `function read${name}(pbf: PbfReader, end?: number): ${name} {\n    const obj: ${name} = `,
      )
      .replace(
        `function write${name}(obj, pbf) {`,
        `function write${name}(obj: ${name}, pbf: PbfWriter): void {`,
      );
  }
  return result;
}

/** In the order of the file but for messages inside, which a constant must stand behind. */
function shapesOf(schema: ProtoSchema): string[] {
  const done = new Set<string>();
  const lines: string[] = [];
  const add = (message: ProtoMessage): void => {
    if (done.has(message.name)) return;
    done.add(message.name);
    if (isTable(message)) return;
    for (const { type } of message.fields) {
      const inner = schema.messages.find(({ name }) => name === type);
      if (inner !== undefined) add(inner);
    }
    lines.push(shapeOf(message));
  };
  for (const message of schema.messages) add(message);
  return lines;
}

function shapeOf({ name, fields }: ProtoMessage): string {
  const lines = fields.map((field) => {
    const isScalar = SCALARS[field.type] !== undefined;
    const type = isScalar ? `'${field.type}'` : "'message'";
    const inner = isScalar
      ? ''
      : `, message: ${field.type.endsWith('Columns') ? `tableShape('${field.type}')` : constantOf(field.type)}`;
    return `    { tag: ${field.tag}, name: '${field.name}', type: ${type}, isRepeated: ${field.repeated}${inner} },`;
  });
  return [
    `export const ${constantOf(name)}: MessageShape = {`,
    `  name: '${name}',`,
    '  isTable: false,',
    '  fields: [',
    ...lines,
    '  ],',
    '};',
    '',
  ].join('\n');
}

/** `SocketColumns` is `SOCKET_COLUMNS_SHAPE`. */
function constantOf(name: string): string {
  return `${name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}_SHAPE`;
}

/** From here to its end socktop-v2.proto is made from the declarations of the tables. */
const TABLES_START = '// Tables, made from src/data/schema by `npm run bun bin/dev/wire-code.ts`.';

/** socktop-v2.proto as it stands, and as the declarations of the tables want it. */
export function tablesProto(): { readonly path: string; readonly text: string; readonly wanted: string } {
  const path = `${WIRE}socktop-v2.proto`;
  const text = readFileSync(path, 'utf8');
  const head = text.slice(0, text.indexOf(TABLES_START));
  return {
    path,
    text,
    wanted: `${head}${TABLES_START}\n${Array.from(TABLE_SHAPES.values(), tableProto).join('')}`,
  };
}

function tableProto({ name, fields }: MessageShape): string {
  const numbers = Object.values(TABLE_FORMATS)
    .filter(({ shape }) => shape.name === name)
    .flatMap((format) => format.numbers);
  const lines = fields.map((field) => {
    const column = numbers.find((candidate) => candidate.field.tag === field.tag);
    return `  ${field.isRepeated ? 'repeated ' : ''}${field.type} ${field.name} = ${field.tag};${remarkOf(column)}\n`;
  });
  return `\nmessage ${name} {\n${lines.join('')}}\n`;
}

/** The unit, the table referred to, and what stands for a column that is left out. */
function remarkOf(column: NumberFormat | undefined): string {
  if (column === undefined) return '';
  const { unit, refersTo, absent } = column;
  const leftOut = Number.isNaN(absent) ? 'unknown' : String(absent);
  const words = [unit, refersTo === undefined ? undefined : `a row of ${refersTo}`];
  if (absent !== 0) words.push(`left out: ${leftOut}`);
  const told = words.filter((word) => word !== undefined).join('; ');
  return told === '' ? '' : ` // ${told}`;
}

if (import.meta.main) {
  const { path, wanted } = tablesProto();
  writeFileSync(path, wanted);
  for (const name of PROTO_NAMES) writeFileSync(codePath(name), wantedCode(name));
}
