import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/data/sample/socket-table.ts';
import { datagramState, parseEndpoint, SocketFact, type SocketVisitor, stateOfWord } from './socket-fact.ts';

/**
 * The output of `nettop -n -x -L 0 -s N`: CSV with a header before each sample, a row for each process and below it one
 * for each of its sockets. Texts are not quoted, and every line ends with a comma.
 *
 *   time,,interface,state,bytes_in,bytes_out,rx_dupe,rx_ooo,re-tx,rtt_avg,rcvsize,...
 *   18:18:38.329594,Microsoft Edge .772,,,13530917,11022,0,0,0,,,...
 *   18:18:38.329500,tcp4 192.168.3.37:56241<->17.57.145.55:5223,en0,Established,27201,31090,0,3590,0,108.53 ms,...
 *   18:18:38.329217,udp6 *.5353<->*.*,en0,,14431855,8190886,,,,,786896,...
 */
const PID_MAX = 0x7fffffff;
const FLOW = /^(tcp|udp)(4|6) (\S+)<->(\S+)$/;
const OWNER = /^(?!.*->).*\.(\d{1,10})$/;
/** The columns that are read, by the names in the header. */
const COLUMNS = ['interface', 'state', 'bytes_in', 'bytes_out', 'rtt_avg'] as const;
type ColumnName = (typeof COLUMNS)[number];

/** Whether a line begins another sample. */
export function isNettopHeader(line: string): boolean {
  // Before the first one there may be what a terminal would be told (^D and backspaces).
  return /^[\x00-\x1f]*(?:time,)?,(?:[\w-]+,)*bytes_in,/.test(line);
}

/** Reads samples line by line. */
export class NettopParser {
  readonly #fact = new SocketFact();
  readonly #columns = new Map<ColumnName, number>();
  #columnCount = 0;
  /** Of the process whose sockets follow; 0: a row that could not be read was in between. */
  #pid = 0;
  /** How many sockets of a process look the same: they are told apart by their order. */
  readonly #repeats = new Map<string, number>();

  /** Another sample begins. */
  begin(header: string): void {
    const names = header.split(',');
    this.#columnCount = names.length;
    this.#columns.clear();
    for (const name of COLUMNS) {
      const at = names.indexOf(name);
      if (at >= 0) this.#columns.set(name, at);
    }
    this.#pid = 0;
    this.#repeats.clear();
  }

  /** Shows the socket of a line, if it is one. Sockets of no known process are not shown: they cannot be told apart. */
  read(line: string, visit: SocketVisitor): void {
    const cells = this.#cellsOf(line);
    if (cells === undefined) {
      // It may have been a process, so what follows has no owner.
      this.#pid = 0;
      return;
    }
    const what = cells[1]!;
    const flow = FLOW.exec(what);
    if (flow === null) {
      // A socket that is damaged may end like a process; a process has neither interface nor state.
      const isProcess = this.#cell(cells, 'interface') === '' && this.#cell(cells, 'state') === '';
      const pid = Number((isProcess && OWNER.exec(what)?.[1]) || 0);
      this.#pid = pid <= PID_MAX ? pid : 0;
    } else if (this.#pid > 0 && this.#readFlow(flow, cells)) {
      visit(this.#fact);
    }
  }

  /** A name may have commas: what is too many belongs to it. undefined: the line is cut, or none of a sample. */
  #cellsOf(line: string): readonly string[] | undefined {
    const cells = line.split(',');
    const extra = cells.length - this.#columnCount;
    if (this.#columnCount === 0 || extra < 0 || !/^\d\d:\d\d:\d\d/.test(line)) return undefined;
    return extra === 0 ? cells : [cells[0]!, cells.slice(1, 2 + extra).join(','), ...cells.slice(2 + extra)];
  }

  #readFlow(
    [, transport, version, localText = '', remoteText = '']: RegExpExecArray,
    cells: readonly string[],
  ) {
    const isIpv6 = version === '6';
    const local = parseEndpoint(localText, isIpv6);
    const remote = parseEndpoint(remoteText, isIpv6);
    if (!local.isWhole || !remote.isWhole) return false;
    const fact = this.#fact;
    fact.clear(transport === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP, isIpv6);
    fact.setEnds(local, remote);
    fact.interfaceName = this.#cell(cells, 'interface');
    fact.pid = this.#pid;
    fact.rxBytes = count(this.#cell(cells, 'bytes_in'));
    fact.txBytes = count(this.#cell(cells, 'bytes_out'));
    fact.rttMicros = rttMicros(this.#cell(cells, 'rtt_avg'));
    const state = transport === 'tcp' ? stateOfWord(this.#cell(cells, 'state')) : datagramState(remote.port);
    if (state === undefined) return false;
    fact.state = state;
    const key = `${this.#pid} ${cells[1]} ${fact.interfaceName}`;
    const repeat = this.#repeats.get(key) ?? 0;
    this.#repeats.set(key, repeat + 1);
    fact.keyText = repeat === 0 ? key : `${key} ${repeat}`;
    return true;
  }

  #cell(cells: readonly string[], name: ColumnName): string {
    const at = this.#columns.get(name);
    return at === undefined ? '' : cells[at]!;
  }
}

/** NaN: not told. */
function count(text: string): number {
  return /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
}

/** `108.53 ms`; 0 stands for one that was never measured. */
function rttMicros(text: string): number {
  const millis = Number(/^(\d{1,9}(?:\.\d{1,6})?) ms$/.exec(text)?.[1] ?? Number.NaN);
  return millis > 0 ? millis * 1000 : Number.NaN;
}
