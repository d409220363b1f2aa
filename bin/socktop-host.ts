import type { Signaller } from '../src/data/sample/platform.ts';
import type { RemoteLink, Source } from '../src/data/source/source.ts';

/** One machine that is shown. */
export interface SocktopHost {
  /** What the user calls it: the profile's name, else the host of the URL, else the machine's own name. */
  readonly name: string;
  readonly source: Source;
  /** The way to it; undefined for this machine and for recordings. */
  readonly link: RemoteLink | undefined;
  /** Undefined: its processes are not this program's to signal. */
  readonly signaller: Signaller | undefined;
  /** Names of its users by number; undefined: it sends them itself. */
  readonly userName?: (uid: number) => string;
}
