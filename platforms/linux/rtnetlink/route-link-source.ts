import type { NativeBuffer } from '../libc.ts';
import type { LinkDescription, LinkSource, LocalAddress } from '../link.ts';
import { RouteDump } from './route-dump.ts';
import {
  parseAddress,
  parseLink,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
} from './route-message.ts';
import { RouteNotices } from './route-notices.ts';

/**
 * Links and addresses of this program's network namespace, asked by rtnetlink(7). Unlike /sys/class/net, which
 * shows the namespace that mounted it, this is the one whose counters stand in /proc/net/dev.
 */
export class RouteLinkSource implements LinkSource {
  readonly #notices = new RouteNotices();
  readonly #dump = new RouteDump();
  #isSuspect = false;

  hasChanged(): boolean {
    const wasSuspect = this.#isSuspect;
    this.#isSuspect = false;
    return this.#notices.drain() || wasSuspect;
  }

  readLinks(): LinkDescription[] {
    return this.#read(RTM_GETLINK, RTM_NEWLINK, parseLink);
  }

  readAddresses(): LocalAddress[] {
    return this.#read(RTM_GETADDR, RTM_NEWADDR, parseAddress);
  }

  close(): void {
    this.#dump.close();
    this.#notices.close();
  }

  #read<Row>(
    request: number,
    wanted: number,
    parse: (buffer: NativeBuffer, at: number, end: number) => Row | undefined,
  ): Row[] {
    const rows: Row[] = [];
    const isConsistent = this.#dump.read(request, wanted, (buffer, at, end) => {
      const row = parse(buffer, at, end);
      if (row !== undefined) rows.push(row);
    });
    if (!isConsistent) this.#isSuspect = true;
    return rows;
  }
}
