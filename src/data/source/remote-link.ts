import type { RemoteStatus } from '../sample/remote-status.ts';

export type { RemoteStatus } from '../sample/remote-status.ts';

/** The way to another machine: it reconnects by itself, after growing delays. */
export interface RemoteLink {
  readonly status: RemoteStatus;
  /** Tries again at once. */
  retry(): void;
  /** Called after every change of `status`; one listener. */
  onChange(listener: () => void): void;
}
