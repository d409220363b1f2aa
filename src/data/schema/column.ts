import type { Column } from '../../kit/table/columns.ts';

/** Limits of texts in UTF-16 units, applied when sending and when receiving. */
export const TEXT_LIMIT = {
  /** Names of processes, users, disks, interfaces, hosts. */
  name: 256,
  /** Command lines and paths. */
  line: 4096,
  /** Journal messages. */
  message: 32_768,
} as const;

/** The user of rows whose user is unknown. A user id is 32 bits without a sign: in a column those from 2^31 on are negative. */
export const UNKNOWN_USER = -1;

type Unit = 'bytes' | 'nanoseconds' | 'microseconds' | 'clock ticks' | 'packets' | 'segments';

/** Tables that columns of other tables refer to. */
export const REFERRED_TABLES = ['owners', 'hosts'] as const;
export type ReferredTable = (typeof REFERRED_TABLES)[number];

/** Declared facts of a column besides its type. */
interface Facts {
  readonly unit?: Unit;
  /** Encoded name; default: the name of the column. On the wire with underscores, texts in the singular. */
  readonly name?: string;
  /** The values are slots of that table, -1: none; encoded as row indexes. */
  readonly refersTo?: ReferredTable;
  /**
   * Valid range; for texts the maximum length, by default `TEXT_LIMIT.name`. Default: the range of the element type,
   * without negative numbers unless one means unknown. On the wire, values out of range are read as `absent`.
   */
  readonly least?: number;
  readonly most?: number;
  /** Of rows whose sender omits the column. Default: NaN for doubles, -1 for references, else the unknown value. */
  readonly absent?: number;
}

/** A column that is sent to other machines and recorded. */
export interface Told extends Facts {
  /** Protobuf field number in socktop.v2, never used again. A column of several words takes several, from here on. */
  readonly field: number;
}

/** Declares a column that is sent and recorded. */
export function told<C extends Column>(
  field: number,
  column: C,
  facts: Facts = {},
): C & { readonly told: Told } {
  return { ...column, told: { ...facts, field } };
}

/** Declares a column that stays in this program, with the reason. */
export function internal<C extends Column>(column: C, reason: string): C & { readonly internal: string } {
  return { ...column, internal: reason };
}

/** Columns of an encoded table, each declared as told or internal. */
type ToldSet = Readonly<Record<string, Column & ({ readonly told: Told } | { readonly internal: string })>>;

/** A table that is sent and recorded. */
export interface DeclaredTable {
  /** Name in sections and recordings; with underscores a field of a message. */
  readonly name: string;
  /** Name of the message with its columns. */
  readonly message: string;
  /** Maximum number of rows sent or accepted. */
  readonly limit: number;
  /** Columns that form the key of a row; empty: the four key words are encoded themselves. */
  readonly key: readonly string[];
  /** Column that distinguishes successive rows with the same key; without: the serials of the rows are encoded. */
  readonly identity?: string;
  /** Sets of columns with the same slots, by the object that holds them; the first has the slots. */
  readonly parts: Readonly<Record<string, ToldSet>>;
}
