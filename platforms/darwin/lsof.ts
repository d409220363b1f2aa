import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/data/sample/socket-table.ts';
import { parseEndpoint, SocketFact } from './socket-fact.ts';

/**
 * Who holds which socket, by `lsof -nP -i -F ptPn` (lsof(8), "OUTPUT FOR OTHER PROGRAMS"): a letter and a value per
 * line; `p` begins a process, `f` one of its files.
 *
 *   p455          f10    tIPv4    PTCP    n127.0.0.1:8080                 TST=LISTEN
 *                 f12    tIPv6    PTCP    n[::1]:9229->[::1]:50000
 */
class SocketHolders {
  /** By protocol, family and both ends; 0: several processes have one that looks the same. */
  readonly #pids = new Map<string, number>();

  /** The process that holds a socket; 0: unknown, several, or a truncated endpoint. */
  pidOf(fact: SocketFact): number {
    return fact.isWhole && fact.localPort !== 0 ? (this.#pids.get(keyOf(fact)) ?? 0) : 0;
  }
  note(pid: number, fact: SocketFact): void {
    const key = keyOf(fact);
    const known = this.#pids.get(key);
    this.#pids.set(key, known === undefined || known === pid ? pid : 0);
  }
}

function keyOf({ protocol, isIpv6, local, localPort, remote, remotePort }: SocketFact): string {
  return `${protocol} ${isIpv6 ? 6 : 4} ${local.join('.')} ${localPort} ${remote.join('.')} ${remotePort}`;
}

const PID_MAX = 0x7fffffff;

/** Reads the output; what is cut or no socket is passed over. */
export function parseSocketHolders(text: string): SocketHolders {
  const holders = new SocketHolders();
  const fact = new SocketFact();
  let pid = 0;
  let isIpv6: boolean | undefined;
  let protocol = 0;
  // The last line may be cut.
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const value = line.slice(1);
    switch (line[0]) {
      case 'p':
        pid = /^\d{1,10}$/.test(value) && Number(value) <= PID_MAX ? Number(value) : 0;
        isIpv6 = undefined;
        break;
      case 'f':
        isIpv6 = undefined;
        protocol = 0;
        break;
      case 't':
        isIpv6 = value === 'IPv6' ? true : value === 'IPv4' ? false : undefined;
        break;
      case 'P':
        protocol = value === 'TCP' ? PROTOCOL_TCP : value === 'UDP' ? PROTOCOL_UDP : 0;
        break;
      case 'n':
        if (pid === 0 || isIpv6 === undefined || protocol === 0) break;
        fact.clear(protocol, isIpv6);
        if (readEnds(value, fact)) holders.note(pid, fact);
        break;
    }
  }
  return holders;
}

function readEnds(text: string, fact: SocketFact): boolean {
  const [local = '', remote = '*'] = text.split('->');
  fact.setEnds(parseEndpoint(local, fact.isIpv6), parseEndpoint(remote, fact.isIpv6));
  return fact.isWhole;
}
