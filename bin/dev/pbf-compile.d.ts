/** What this project uses of pbf's compiler; the package has types for its reader and writer alone. */
declare module 'pbf/compile' {
  import type { ProtoSchema } from 'resolve-protobuf-schema';
  /** Static code of functions `read<Message>` and `write<Message>`, an ES module without its import lines. */
  export function compileRaw(
    schema: ProtoSchema,
    options?: { readonly noRead?: boolean; readonly noWrite?: boolean },
  ): string;
}

/** The parser of .proto files that pbf itself uses. */
declare module 'resolve-protobuf-schema' {
  export interface ProtoField {
    readonly name: string;
    readonly type: string;
    readonly tag: number;
    readonly repeated: boolean;
  }
  export interface ProtoMessage {
    readonly name: string;
    readonly fields: readonly ProtoField[];
  }
  export interface ProtoSchema {
    readonly syntax: number;
    readonly messages: readonly ProtoMessage[];
  }
  /** Reads a file and what it imports. */
  export function sync(path: string): ProtoSchema;
}
