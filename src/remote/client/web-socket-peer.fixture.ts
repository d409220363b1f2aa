import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;
const OPCODE_CLOSE = 8;
const OPCODE_PING = 9;
const OPCODE_PONG = 10;

/** One WebSocket connection as the other end has it, down to its bytes. */
export class PeerSocket {
  readonly socket: Socket;
  /** Whether pings are answered. */
  answersPings = true;
  #buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
  }

  text(text: string): void {
    this.#send(OPCODE_TEXT, Buffer.from(text));
  }

  binary(bytes: Uint8Array): void {
    this.#send(OPCODE_BINARY, bytes);
  }

  end(): void {
    this.#send(OPCODE_CLOSE, Buffer.from([0x03, 0xe8]));
    this.socket.end();
  }

  /** Takes bytes, and hands over the texts in them. */
  take(bytes: Uint8Array, received: (text: string) => void): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const buffer = this.#buffer;
      if (buffer.length < 6) return;
      const short = buffer[1]! & 0x7f;
      const head = short === 126 ? 4 : 2;
      if (buffer.length < head + 4) return;
      const length = short === 126 ? buffer.readUInt16BE(2) : short;
      const end = head + 4 + length;
      if (buffer.length < end) return;
      const mask = buffer.subarray(head, head + 4);
      const payload = Uint8Array.from(buffer.subarray(head + 4, end), (byte, at) => byte ^ mask[at % 4]!);
      this.#buffer = buffer.subarray(end);
      const opcode = buffer[0]! & 0x0f;
      if (opcode === OPCODE_TEXT) received(Buffer.from(payload).toString());
      if (opcode === OPCODE_PING && this.answersPings) this.#send(OPCODE_PONG, payload);
    }
  }

  #send(opcode: number, payload: Uint8Array): void {
    const { length } = payload;
    const head =
      length < 126
        ? [0x80 | opcode, length]
        : length < 65_536
          ? [0x80 | opcode, 126, length >> 8, length & 0xff]
          : [
              0x80 | opcode,
              127,
              0,
              0,
              0,
              0,
              length >>> 24,
              (length >> 16) & 0xff,
              (length >> 8) & 0xff,
              length & 0xff,
            ];
    this.socket.write(Buffer.concat([Buffer.from(head), payload]));
  }
}

export interface PeerOptions {
  /** Whether it takes the offer of `socktop.v2`; the original agent passes over it. */
  readonly isV2: boolean;
  readonly opened?: (peer: PeerSocket) => void;
  readonly received: (text: string, peer: PeerSocket) => void;
}

/** A server of WebSockets that says exactly what a test has it say. */
export class WebSocketPeer {
  readonly sockets = new Set<PeerSocket>();
  /** Requests to open a WebSocket, as they came. */
  readonly handshakes: string[] = [];
  readonly #server: Server;

  private constructor(options: PeerOptions) {
    this.#server = createServer((socket) => {
      const peer = new PeerSocket(socket);
      this.sockets.add(peer);
      let isOpen = false;
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.sockets.delete(peer));
      socket.on('data', (chunk: Uint8Array | string) => {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        if (isOpen) {
          peer.take(bytes, (text) => options.received(text, peer));
          return;
        }
        isOpen = true;
        const request = Buffer.from(bytes).toString();
        this.handshakes.push(request);
        socket.write(answerTo(request, options.isV2));
        options.opened?.(peer);
      });
    });
  }

  static async listen(options: PeerOptions, port = 0): Promise<WebSocketPeer> {
    const peer = new WebSocketPeer(options);
    peer.#server.listen(port, '127.0.0.1');
    await once(peer.#server, 'listening');
    return peer;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Closes everything; resolves when the port is free. */
  async close(): Promise<void> {
    for (const { socket } of this.sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

function answerTo(request: string, isV2: boolean): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  const isOffered = /sec-websocket-protocol: socktop\.v2/i.test(request);
  const protocol = isV2 && isOffered ? 'Sec-WebSocket-Protocol: socktop.v2\r\n' : '';
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`;
}
