import { createSocket } from 'node:dgram';

/** What a question is answered with: names of PTR records, a response code, bytes as they are, or nothing at all. */
export type DnsReply =
  | { readonly names: readonly string[]; readonly afterMillis?: number }
  | { readonly code: number }
  | { readonly bytes: Uint8Array }
  | undefined;

export const NXDOMAIN: DnsReply = { code: 3 };

export interface DnsServer {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Names asked for, in order. */
  readonly questions: string[];
  close(): void;
}

/** A name server on loopback UDP (RFC 1035) that knows what `reply` knows. */
export async function openDnsServer(reply: (question: string) => DnsReply): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, peer) => {
    const question = questionOf(query);
    questions.push(question.name);
    const answer = reply(question.name);
    if (answer === undefined) return;
    const bytes = 'bytes' in answer ? answer.bytes : response(query.subarray(0, question.end), answer);
    const send = (): void => socket.send(bytes, peer.port, peer.address);
    if ('names' in answer && answer.afterMillis !== undefined) setTimeout(send, answer.afterMillis);
    else send();
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, questions, close: () => socket.close() };
}

/** Name and end of the first question: labels with their lengths before them, then type and class. */
function questionOf(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 5 };
}

function response(query: Buffer, answer: { names: readonly string[] } | { code: number }): Buffer {
  const names = 'names' in answer ? answer.names : [];
  const code = 'code' in answer ? answer.code : 0;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(names.length, 6);
  header.fill(0, 8);
  return Buffer.concat([header, query.subarray(12), ...names.map(pointerRecord)]);
}

/** The question's name by pointer, type PTR, class IN, an hour, the name. */
function pointerRecord(name: string): Buffer {
  const data = Buffer.concat([...name.split('.').map(label), Buffer.from([0])]);
  const head = Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 14, 16, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function label(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
