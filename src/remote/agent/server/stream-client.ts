import { toOpError } from '../../../kit/errors/op-error.ts';
import { REQUEST_LIMIT_BYTES } from '../../wire/limits.ts';
import { STREAM_GREETING, StreamFrames, streamFrame } from '../../wire/stream-frames.ts';
import { Connection, type ConnectionContext, type Socket } from './client-connection.ts';

/** Both directions of a stream of bytes, such as standard input and output. */
export interface ByteStream {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly writableLength: number };
}

/** The client at the other end of a stream. Its end is the stream's, in either direction. */
export class StreamClient {
  /** Resolves at the end of the stream: true where the client ended it, false where it had to be refused. */
  readonly served: Promise<boolean>;
  readonly #frames = new StreamFrames(REQUEST_LIMIT_BYTES);
  readonly #decoder = new TextDecoder();
  readonly #connection: Connection;

  constructor(context: ConnectionContext, { input, output }: ByteStream) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.served = promise;
    this.#connection = new Connection(context, 'standard input', true);
    const end = (isWish: boolean): void => {
      this.#connection.closed();
      input.removeAllListeners('data');
      resolve(isWish);
    };
    this.#connection.open(new OutputSocket(output, () => end(false)));
    output.on('drain', () => this.#connection.drained());
    // Who does not read any more has gone.
    output.on('error', () => end(true));
    output.write(STREAM_GREETING);
    input.on('error', () => end(true));
    input.on('end', () => end(true));
    input.on('close', () => end(true));
    input.on('data', (chunk: Uint8Array) => this.#take(chunk));
  }

  #take(chunk: Uint8Array): void {
    try {
      for (const message of this.#frames.take(chunk)) this.#connection.take(this.#decoder.decode(message));
    } catch (thrown) {
      this.#connection.refuse(0, toOpError('decode', thrown).message);
    }
  }
}

/** The output as a connection knows a socket: there are no codes, so an end is an end. */
class OutputSocket implements Socket {
  readonly #output: ByteStream['output'];
  readonly #end: () => void;

  constructor(output: ByteStream['output'], end: () => void) {
    this.#output = output;
    this.#end = end;
  }

  send(frame: Parameters<Socket['send']>[0]): number {
    const bytes = streamFrame(typeof frame === 'string' ? new TextEncoder().encode(frame) : frame);
    return this.#output.write(bytes) ? bytes.length : -1;
  }

  close(): void {
    this.#end();
  }

  terminate(): void {
    this.#end();
  }

  getBufferedAmount(): number {
    return this.#output.writableLength;
  }
}
