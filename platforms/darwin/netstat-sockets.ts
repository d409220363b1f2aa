import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/data/sample/socket-table.ts';
import {
  datagramState,
  type Endpoint,
  parseEndpoint,
  SocketFact,
  type SocketVisitor,
  stateOfWord,
  zoneOf,
} from './socket-fact.ts';

/**
 * The sockets of `netstat -anbv`, whose columns differ between systems; each is found by the name in the header.
 *
 *   Proto Recv-Q Send-Q  Local Address    Foreign Address   (state)      rhiwat shiwat    pid   epid             (12)
 *   Proto Recv-Q Send-Q  Local Address    Foreign Address   (state)      rxbytes txbytes rhiwat shiwat pid epid
 *                                                                          state options gencnt ...              (13)
 *   Proto Recv-Q Send-Q  Local Address    Foreign Address   (state)      rxbytes txbytes rhiwat shiwat
 *                                                                          process:pid state options gencnt ...  (14)
 *   Socket Flowhash Proto Recv-Q Send-Q   Local Address     Foreign Address (state) rxbytes txbytes     (-A, 10.14)
 *
 * Unless `-W` keeps them whole, addresses are cut to the width of their column, and those of IPv6 to 16 characters
 * before that. A cut one still looks like an address, so whatever fills its place counts as cut.
 */
const CUT_HOST_CHARACTERS = 16;
const PROTOCOL = /^(tcp|udp)(4|6|46)$/;
const NUMBER = /^\d{1,20}$/;
const PID_MAX = 0x7fffffff;
const GENERATION = /^[0-9a-f]{1,16}$/;
const ADDRESS_TITLES = /Local Address(\s+)Foreign Address/;
/** The process ends before columns of digits: it may have spaces and colons itself. */
const PROCESS = /^(.*):(\d{1,10})(?=\s|$)/;

interface NetstatTable {
  /** Columns behind the state, in their order; `process:pid` is one. */
  readonly columns: readonly string[];
  readonly hasSocket: boolean;
  readonly addressWidth: number;
}

const LINES_BETWEEN_RESTS = 256;

/**
 * Shows each socket of the output, in steps between which the caller may rest; what cannot be read is passed over.
 * Returns how many lines were sockets.
 */
export function* netstatSteps(text: string, visit: SocketVisitor): Generator<undefined, number> {
  const lines = text.split('\n');
  const width = lines.reduce((most, line) => Math.max(most, tableOf(line)?.addressWidth ?? 0), 0);
  yield;
  let isWide = false;
  for (let i = 0; i < lines.length && !isWide; i++) {
    isWide = isLongerThan(lines[i]!, width);
    if (i % LINES_BETWEEN_RESTS === 0) yield;
  }
  const parser = new NetstatRows(visit);
  let table: NetstatTable | undefined;
  let found = 0;
  for (const [i, line] of lines.entries()) {
    const header = tableOf(line);
    if (header !== undefined) table = header;
    else if (table !== undefined && parser.read(line, table, isWide)) found++;
    if (i % LINES_BETWEEN_RESTS === 0) yield;
  }
  return found;
}

/** Whether the output names the process of each socket, in either layout. */
export function hasProcesses(text: string): boolean {
  return text
    .split('\n')
    .some((line) => tableOf(line)?.columns.some((name) => /^(process:)?pid$/.test(name)));
}

function tableOf(line: string): NetstatTable | undefined {
  if (!line.includes('Proto')) return undefined;
  const titles = ADDRESS_TITLES.exec(line);
  if (titles === null) return undefined;
  const [, behind = ''] = line.split('(state)');
  return {
    columns: wordsOf(behind),
    hasSocket: /^\s*Socket\b/.test(line),
    addressWidth: 'Local Address'.length + titles[1]!.length - 1,
  };
}

/** Whether an end of the socket is longer than its column: then nothing is cut to that width, in any line. */
function isLongerThan(line: string, width: number): boolean {
  const cells = line.trim().split(/\s+/, 8);
  const at = cells.findIndex((cell) => PROTOCOL.test(cell));
  return at >= 0 && at <= 2 && cells.slice(at + 3, at + 5).some((cell) => cell.length > width);
}

class NetstatRows {
  readonly #fact = new SocketFact();
  readonly #visit: SocketVisitor;
  readonly #repeats = new Map<string, number>();

  constructor(visit: SocketVisitor) {
    this.#visit = visit;
  }

  /** Whether the line was a socket. */
  read(line: string, table: NetstatTable, isWide: boolean): boolean {
    const cells = line.trim().split(/\s+/);
    const at = cells.findIndex((cell) => PROTOCOL.test(cell));
    const [, transport, version] = PROTOCOL.exec(cells[at] ?? '') ?? [];
    if (at < 0 || at > 2 || cells.length < at + 5 || transport === undefined) return false;
    const isIpv6 = version !== '4';
    const fact = this.#fact;
    fact.clear(transport === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP, isIpv6);
    this.#readEnds(cells[at + 3]!, cells[at + 4]!, table, isWide);
    let rest = at + 5;
    if (transport === 'tcp') {
      const state = stateOfWord(cells[rest++] ?? '');
      if (state === undefined) return false;
      fact.state = state;
    } else fact.state = datagramState(fact.remotePort);
    const generation = this.#readFigures(cells.slice(rest), table.columns);
    fact.keyText = this.#keyOf(table.hasSocket ? cells[0]! : '', generation, cells.slice(at, at + 5));
    this.#visit(fact);
    return true;
  }

  #readEnds(localText: string, remoteText: string, { addressWidth }: NetstatTable, isWide: boolean): void {
    const fact = this.#fact;
    const local = endOf(localText, fact.isIpv6, isWide, addressWidth);
    const remote = endOf(remoteText, fact.isIpv6, isWide, addressWidth);
    fact.setEnds(local, remote);
    fact.interfaceName = zoneOf(local);
  }

  /**
   * What stands behind the state; a line with too few or too many words says nothing, for they may be other columns'.
   * Returns the socket's generation, which no other socket has; empty: not told.
   */
  #readFigures(cells: readonly string[], columns: readonly string[]): string {
    const fact = this.#fact;
    const processAt = columns.findIndex((name) => name === 'process:pid' || name === 'pid');
    const ahead = columns.slice(0, processAt < 0 ? columns.length : processAt);
    if (cells.length < ahead.length || !cells.slice(0, ahead.length).every((cell) => NUMBER.test(cell)))
      return '';
    if (processAt < 0 && cells.length !== columns.length) return '';
    const tail = cells.slice(ahead.length).join(' ');
    // Up to here every column is one word; the process itself may be several.
    const named = PROCESS.exec(tail);
    if (named === null && cells.length !== columns.length) return '';
    const figure = (name: string): number => Number(cells[ahead.indexOf(name)] ?? Number.NaN);
    fact.rxBytes = figure('rxbytes');
    fact.txBytes = figure('txbytes');
    if (processAt < 0) return '';
    if (named === null && columns[processAt] !== 'pid') return '';
    // A process named where the header says `pid epid` takes the place of both.
    const taken = named !== null && columns[processAt + 1] === 'epid' ? 2 : 1;
    const expected = columns.slice(processAt + taken);
    const behind = named === null ? cells.slice(processAt + 1) : wordsOf(tail.slice(named[0].length));
    // A colon in another column is no process.
    if (behind.length !== expected.length) return '';
    const pidText = named?.[2] ?? cells[processAt]!;
    fact.pid = NUMBER.test(pidText) && Number(pidText) <= PID_MAX ? Number(pidText) : 0;
    const generation = behind[expected.indexOf('gencnt')] ?? '';
    return GENERATION.test(generation) ? generation : '';
  }

  /** Without a number of its own a socket is told apart by its ends and its process, and those alike by their order. */
  #keyOf(socket: string, generation: string, cells: readonly string[]): string {
    if (generation !== '') return `g${generation}`;
    if (/^[0-9a-f]+$/.test(socket) && !/^0+$/.test(socket)) return `s${socket}`;
    const key = `${cells[0]} ${cells[3]} ${cells[4]} ${this.#fact.pid}`;
    const repeat = this.#repeats.get(key) ?? 0;
    this.#repeats.set(key, repeat + 1);
    return repeat === 0 ? key : `${key} ${repeat}`;
  }
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

function endOf(text: string, isIpv6: boolean, isWide: boolean, width: number): Endpoint {
  const isCutPort = !isWide && text.length >= width;
  const isCutHost = !isWide && isIpv6 && text.lastIndexOf('.') >= CUT_HOST_CHARACTERS;
  return parseEndpoint(text, isIpv6, isCutHost, isCutPort);
}
