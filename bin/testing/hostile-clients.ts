import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { FIXTURES } from './executables.ts';

/** What is begun against an agent, until it is ended. */
export interface Attack {
  end(): void;
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A request to become a WebSocket. */
export function upgradeRequest(token: string, protocol?: string): string {
  const lines = [
    ...[`GET /ws?token=${token} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`],
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A client that has agreed on WebSocket and then sends whatever it likes. */
export function rawWebSocket(port: number, token: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(upgradeRequest(token));
    });
    socket.once('error', reject);
    socket.once('data', () => resolve(socket));
  });
}

/** RFC 6455, 5.2. */
export const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

export interface FrameOptions {
  /** Default true. */
  readonly isLast?: boolean;
  /** RSV1: compressed, which nobody agreed on. */
  readonly isCompressed?: boolean;
  /** What the head says, where it is not the payload's own length. */
  readonly saidLength?: number;
}

/** A frame of a client, masked with zeros, which leave the payload as it is. */
export function clientFrame(opcode: number, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const { isLast = true, isCompressed = false, saidLength = payload.length } = options;
  const isShort = saidLength < 126;
  const head = Buffer.alloc(isShort ? 6 : 14);
  head[0] = (isLast ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode;
  // Control frames know no longer form.
  head[1] = 0x80 | (isShort ? saidLength : 127);
  if (!isShort) head.writeBigUInt64BE(BigInt(saidLength), 2);
  return Buffer.concat([head, payload]);
}

/** TCP connections that say nothing. */
export async function silentConnections(port: number, count: number): Promise<Attack> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What a flood is made of. */
export interface Flood {
  /** Connections at once; one that ends is followed by another. */
  readonly connections: number;
  /** What is sent first, and answered before the rest is sent. */
  readonly opening?: string;
  /** What is then sent over and over. */
  readonly bytes: Uint8Array;
}

/**
 * Connections that send as fast as the other side takes it, and read no answer. In a process of its own, so that what
 * is measured beside it is the agent and not the sender.
 */
export function flood(port: number, { connections, opening = '', bytes }: Flood): Attack {
  const texts = [opening, bytes].map((part) => Buffer.from(part).toString('hex'));
  const args = [port, connections, ...texts].map(String);
  const child = Bun.spawn([process.execPath, `${FIXTURES}/flood.fixture.ts`, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { end: () => child.kill() };
}

/** Begins again and again, as fast as the other side lets it, with what `once` does to a fresh connection. */
export function again(port: number, once: (socket: Socket) => void, parallel = 8): Attack {
  let isOver = false;
  const open = new Set<Socket>();
  const next = (): void => {
    if (isOver) return;
    const socket = connect(port, '127.0.0.1', () => once(socket));
    open.add(socket);
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', () => undefined);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      open.delete(socket);
      setTimeout(next, 1);
    });
  };
  for (let i = 0; i < parallel; i++) next();
  return {
    end() {
      isOver = true;
      for (const socket of open) socket.destroy();
    },
  };
}

/** Bytes that mean nothing. */
export function noise(socket: Socket): void {
  socket.end(randomBytes(1 + Math.floor(Math.random() * 4096)));
}
