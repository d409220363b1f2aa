import type {
  CollectionParts,
  CountingBasis,
  Failures,
  LostTraffic,
  Tier,
} from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { AskHolders } from './flow-owners.ts';
import type { SocketRows } from './sockets.ts';

/** What a source of sockets knows of the parts; processes are looked after elsewhere. */
export type SocketParts = Omit<CollectionParts, 'processes' | 'exited' | 'names'>;

export const NOTHING_LOST: LostTraffic = { bytes: 0, packets: 0 };

/** Where a tier gets its sockets from. */
export interface SocketSource {
  readonly tier: Tier;
  readonly counted: CountingBasis;
  readonly parts: SocketParts;
  readonly rows: SocketRows;
  readonly lost: LostTraffic;
  /** Closing messages dropped by the kernel and rows refused by full tables, since the start. */
  readonly lostClosings: number;
  /** Failures that programs in the kernel count; undefined: none do. */
  readonly failures?: Failures | undefined;
  /** Rejects where the kernel could not be asked; the rows are then as they were. */
  collect(slice: Slice): Promise<void>;
  /** Holders of sockets, if the source supports it. Throws BpfError. */
  readonly holders?: AskHolders | undefined;
  /** The map with the owners of sockets, if programs in the kernel keep one. */
  readonly ownersMap?: number | undefined;
  drainClosings(): void;
  drainWithinMillis(): number;
  close(): void;
}
