import { readAddress } from '../../../src/data/sample/address.ts';
import { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import type { LinkDescription } from '../link.ts';
import { linkSpeed, linksOf } from '../link.ts';
import { storeLinks } from '../machine/uplinks.ts';
import { emptyNetDevLine, parseNetDevLine, storeNetDevLine } from '../proc/net-dev.ts';
import { filesOf, latinOf, type Shell } from './shell-answer.ts';

const FOLDER = '/sys/class/net';
const LINKS_INTERVAL_MICROS = 30e6;
/** Names in a link's folder that tell what it is. */
const MARKS = ['device', 'bridge', 'bonding', 'tun_flags', 'lower_*'];
const FILES = ['ifindex', 'flags', 'operstate', 'uevent', 'mtu', 'speed', 'address', 'master/ifindex'];

/** The interfaces of a machine, by its shell: counters each time, what they are now and then. */
export class ShellLinks {
  readonly table = new InterfaceTable();
  readonly #line = emptyNetDevLine();
  #nextMicros = Number.NEGATIVE_INFINITY;

  /** Rejects with OpError where the shell is gone. */
  async refresh(shell: Shell, nowMicros: number): Promise<void> {
    if (nowMicros < this.#nextMicros) return;
    const [devices, files, names, addresses] = await shell.ask([
      'g net/dev',
      `g ${FILES.map((file) => `${FOLDER}/*/${file}`).join(' ')}`,
      `e ${MARKS.map((mark) => `${FOLDER}/*/${mark}`).join(' ')}`,
      'a',
    ]);
    this.#nextMicros = nowMicros + LINKS_INTERVAL_MICROS;
    const source = new ClassNet(filesOf(files!), latinOf(names!));
    const links = source.links();
    this.#store(source, links.length > 0 ? links : linksIn(latinOf(devices!)));
    this.#storeAddresses(latinOf(addresses!), links);
  }

  /** The text of /proc/net/dev. */
  store(text: Uint8Array): void {
    const { table } = this;
    const slotOf = new Map<string, number>();
    for (const slot of table.slots.rows.subarray(0, table.slots.count)) slotOf.set(table.names[slot]!, slot);
    for (let at = 0; parseNetDevLine(text, text.length, at, this.#line); at = this.#line.next) {
      const slot = slotOf.get(latinOf(text.subarray(this.#line.nameStart, this.#line.nameEnd)));
      // What came since is looked at with the next refresh.
      if (slot === undefined) this.#nextMicros = Number.NEGATIVE_INFINITY;
      else storeNetDevLine(this.#line, table, slot);
    }
  }

  #store(source: ClassNet, links: readonly LinkDescription[]): void {
    const { table } = this;
    storeLinks(table, links);
    for (const { index, name } of links) {
      const slot = table.slots.find(index, 0, 0, 0);
      if (slot < 0) continue;
      table.mtuBytes[slot] = Number(source.text(name, 'mtu') ?? 0);
      table.linkBitsPerSecond[slot] = linkSpeed(Number(source.text(name, 'speed') ?? Number.NaN));
      table.operationalStates[slot] = source.text(name, 'operstate');
      table.hardwareAddresses[slot] = source.text(name, 'address');
    }
  }

  /** `2: eth0    inet 192.0.2.1/24 brd ...`, one line an address (ip-address(8), -oneline). */
  #storeAddresses(output: string, links: readonly LinkDescription[]): void {
    const { slots, interfaceIndex } = this.table.addresses;
    const words = new Uint32Array(4);
    slots.clear();
    for (const line of output.split('\n')) {
      const [, index, address] = /^(\d{1,9}): +\S+ +inet6? ([0-9a-f.:]+)/.exec(line) ?? [];
      if (address === undefined || !readAddress(address, words)) continue;
      const owner = links.find((link) => link.index === Number(index));
      if (owner === undefined || slots.find(words[0]!, words[1]!, words[2]!, words[3]!) >= 0) continue;
      const slot = slots.add(words[0]!, words[1]!, words[2]!, words[3]!);
      if (slot >= 0) interfaceIndex[slot] = owner.index;
    }
  }
}

/** Without /sys nothing is known but the names in /proc/net/dev; the numbers are those of the lines. */
function linksIn(netDev: string): readonly LinkDescription[] {
  return [...netDev.matchAll(/^net\/dev: *([^\s:|]+): /gm)].map(([, name = ''], at) => ({
    ...{ index: at + 1, name, isLoopback: name === 'lo', isUp: true, isHardware: false },
    // Such as `dummy0` and `ifb1`, whose kinds are called so.
    ...{ kind: name.replace(/\d+$/, ''), master: 0, lower: 0 },
  }));
}

/** Facts about interfaces from /sys/class/net. */
class ClassNet {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #marks = new Map<string, string[]>();

  constructor(files: ReadonlyMap<string, Uint8Array>, names: string) {
    this.#files = files;
    for (const path of names.trim().split(/\s+/)) {
      const [name = '', mark = ''] = path.slice(FOLDER.length + 1).split('/');
      this.#marks.set(name, [...(this.#marks.get(name) ?? []), mark]);
    }
  }

  text(name: string, file: string): string | undefined {
    const bytes = this.#files.get(`${FOLDER}/${name}/${file}`);
    return bytes === undefined ? undefined : latinOf(bytes).trim();
  }

  links(): readonly LinkDescription[] {
    const names = [...this.#files.keys()].flatMap(
      (path) => /^\/sys\/class\/net\/([^/]+)\/ifindex$/.exec(path)?.[1] ?? [],
    );
    const byIndex = new Map(names.map((name) => [this.text(name, 'ifindex'), name]));
    return linksOf(
      new Map(
        names.map((name) => [
          name,
          {
            ifindex: this.text(name, 'ifindex'),
            flags: this.text(name, 'flags'),
            operstate: this.text(name, 'operstate'),
            uevent: this.text(name, 'uevent'),
            entries: this.#marks.get(name) ?? [],
            master: byIndex.get(this.text(name, 'master/ifindex')),
          },
        ]),
      ),
    );
  }
}
