import type { Column } from '../../kit/table/columns.ts';

/** Texts are cut to this many UTF-16 units, when they are sent and when they are received. */
export const TEXT_LIMIT = {
  /** Names of processes, users, disks, interfaces, hosts. */
  name: 256,
  /** Command lines and paths. */
  line: 4096,
  /** A message of a journal. */
  message: 32_768,
} as const;

type Unit = 'bytes' | 'nanoseconds' | 'microseconds' | 'clock ticks' | 'packets' | 'segments';

/** Tables that columns of other tables refer to. */
export const REFERRED_TABLES = ['owners', 'hosts'] as const;
export type ReferredTable = (typeof REFERRED_TABLES)[number];

/** What is declared of a column beside its type. */
interface Facts {
  readonly unit?: Unit;
  /** Its name where it is told; without: the name of the column. With underscores, and of a text the singular, on the wire. */
  readonly name?: string;
  /** The values are slots of that table, -1 none; they are told as places of its rows. */
  readonly refersTo?: ReferredTable;
  /**
   * What can be: of texts the longest length, `TEXT_LIMIT.name` unless stated. Without: what the element type holds, but
   * no negative number where none stands for unknown. On the wire, values beyond are taken for `absent`.
   */
  readonly least?: number;
  readonly most?: number;
  /**
   * The value of rows whose sender or recorder does not tell the column. Without: NaN for doubles, -1 for references, else what is
   * unknown.
   */
  readonly absent?: number;
}

/** A column that is sent to other machines and recorded. */
export interface Told extends Facts {
  /**
   * Number of its field in the messages of socktop.v2. It is never given to another column. A column of several words
   * has as many numbers, from this one on.
   */
  readonly field: number;
}

/** Says that a column is sent and recorded. */
export function told<C extends Column>(
  field: number,
  column: C,
  facts: Facts = {},
): C & { readonly told: Told } {
  return { ...column, told: { ...facts, field } };
}

/** Says that a column stays in this program, and why. */
export function internal<C extends Column>(column: C, reason: string): C & { readonly internal: string } {
  return { ...column, internal: reason };
}

/** Columns of tables that are told: each says where it goes. */
type ToldSet = Readonly<Record<string, Column & ({ readonly told: Told } | { readonly internal: string })>>;

/** A table that is sent and recorded. */
export interface DeclaredTable {
  /** In a section, and in recordings; with underscores a field of a message. */
  readonly name: string;
  /** Of the message with its columns. */
  readonly message: string;
  /** The most rows that are sent or taken. */
  readonly limit: number;
  /** The columns that make the key of a row; none: the four words of its key are told themselves. */
  readonly key: readonly string[];
  /** A column that tells one tenant of a key from the next; without: the serials of the rows are told. */
  readonly identity?: string;
  /** Sets of columns with the same slots, by the object that holds them; the first has the slots. */
  readonly parts: Readonly<Record<string, ToldSet>>;
}
