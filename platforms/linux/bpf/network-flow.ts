import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { unsigned64In } from '../integers.ts';
import { textIn } from '../proc/text-scanner.ts';
import { COMM_BYTES, FlowKey, FlowValue, Owner } from './network-layout.ts';
import { startTicksOf } from './task-units.ts';

/** 32-bit words of a flow's key as `copyKey` gives it: those of the longest. */
export const FLOW_KEY_WORDS = FlowKey.PEER_SIZE / 4;
const FLOW_VALUE_WORDS = FlowValue.SIZE / 4;

/**
 * One flow where the kernel wrote it: whoever asks for a field reads it, and nothing is read or made otherwise. The
 * same object shows flow after flow; what is kept must be copied.
 *
 * Of all flows shown no two have the same cookie, tgid, interface and remote key, and these never change.
 */
export class FlowRecord {
  #keys: Uint32Array = new Uint32Array(FLOW_KEY_WORDS);
  #keyAt = 0;
  #keyWords = FLOW_KEY_WORDS;
  #values: Uint32Array = new Uint32Array(FLOW_VALUE_WORDS);
  #valueAt = 0;
  readonly #localAddress = new Uint32Array(ADDRESS_WORDS);
  readonly #remoteAddress = new Uint32Array(ADDRESS_WORDS);

  /** Shows entry `index` of a batch whose keys have `keyWords` words each. */
  show(keys: Uint32Array, keyWords: number, values: Uint32Array, index: number): void {
    this.#keys = keys;
    this.#values = values;
    this.#keyWords = keyWords;
    this.#keyAt = index * keyWords;
    this.#valueAt = index * FLOW_VALUE_WORDS;
  }

  /** Copies the flow's key, FLOW_KEY_WORDS of them: short keys end in zeros, which name no peer. */
  copyKey(into: Uint32Array): void {
    const words = this.#keyWords;
    for (let i = 0; i < words; i++) into[i] = this.#keys[this.#keyAt + i]!;
    for (let i = words; i < FLOW_KEY_WORDS; i++) into[i] = 0;
  }

  /** 0 and 0: no socket's, but a sum by tgid and interface of what found no room. */
  get cookieLow(): number {
    return this.#key(FlowKey.COOKIE);
  }

  get cookieHigh(): number {
    return this.#key(FlowKey.COOKIE + 4);
  }

  /** PID of the owner in this program's PID namespace; 0: unknown, or a process outside it. */
  get tgid(): number {
    return this.#word(FlowValue.OWNER + Owner.PID);
  }

  /** In the machine's PID namespace; 0: nobody known. */
  get machineTgid(): number {
    return this.#word(FlowValue.OWNER + Owner.TGID);
  }

  /** Whether the owner is a process that this program's PID namespace does not have. */
  get isOutside(): boolean {
    return this.tgid === 0 && this.machineTgid !== 0;
  }

  get interfaceIndex(): number {
    return this.#key(FlowKey.IFINDEX);
  }

  /** One of many flows of a datagram socket that is not connected. */
  get hasRemoteKey(): boolean {
    return this.#keyWords === FLOW_KEY_WORDS;
  }

  /** AF_INET 2, AF_INET6 10, 0 of a sum. */
  get family(): number {
    return this.#word(FlowValue.FAMILY) & 0xffff;
  }

  /** IPPROTO_*: TCP 6, UDP 17. */
  get protocol(): number {
    return this.#word(FlowValue.FAMILY) >>> 16;
  }

  /** SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_RAW 3; the kernel's own, which send resets and the like, are raw with TCP. */
  get socketType(): number {
    return this.#word(FlowValue.RELEASED) >>> 16;
  }

  /** Words as in src/data/sample/address.ts, in an array that the next flow's replace. */
  get localAddress(): Uint32Array {
    return this.#copied(FlowValue.LOCAL_ADDRESS, this.#localAddress);
  }

  /** Likewise; unspecified where the socket has none. */
  get remoteAddress(): Uint32Array {
    return this.#copied(FlowValue.REMOTE_ADDRESS, this.#remoteAddress);
  }

  get localPort(): number {
    return this.#word(FlowValue.LOCAL_PORT) & 0xffff;
  }

  get remotePort(): number {
    return this.#word(FlowValue.LOCAL_PORT) >>> 16;
  }

  /** IP bytes since the flow began, headers of segments included. */
  get rxBytes(): number {
    return this.#number(FlowValue.RX_BYTES);
  }

  get txBytes(): number {
    return this.#number(FlowValue.TX_BYTES);
  }

  get rxPackets(): number {
    return this.#number(FlowValue.RX_PACKETS);
  }

  get txPackets(): number {
    return this.#number(FlowValue.TX_PACKETS);
  }

  /** SO_NETNS_COOKIE; 0 and 0: not known. */
  get netnsCookieLow(): number {
    return this.#word(FlowValue.NETNS_COOKIE);
  }

  get netnsCookieHigh(): number {
    return this.#word(FlowValue.NETNS_COOKIE + 4);
  }

  /** When the owner became it, in ns since boot. */
  get ownedSinceNanos(): number {
    return this.#number(FlowValue.OWNER + Owner.SINCE);
  }

  /** When the owner's process started, in ticks as /proc/PID/stat shows it; NaN: not known. */
  get startTicks(): number {
    const at = FlowValue.OWNER + Owner.START;
    const [low, high] = [this.#word(at), this.#word(at + 4)];
    return low === 0 && high === 0 ? Number.NaN : startTicksOf(low, high);
  }

  get uid(): number {
    return this.#word(FlowValue.OWNER + Owner.UID);
  }

  /**
   * The socket was not used in the first two seconds of the flow; the owner is the creator of it or of its listener.
   */
  get isHeld(): boolean {
    return this.#word(FlowValue.HELD) !== 0;
  }

  /** The last descriptor of the socket is closed; packets may still follow. */
  get isReleased(): boolean {
    return (this.#word(FlowValue.RELEASED) & 0xffff) !== 0;
  }

  /** Name of the owner's process, up to 15 bytes; '': unknown. */
  comm(): string {
    const { buffer, byteOffset } = this.#values;
    const at = byteOffset + this.#valueAt * 4 + FlowValue.OWNER + Owner.COMM;
    return textIn(new Uint8Array(buffer, at, COMM_BYTES), 0, COMM_BYTES);
  }

  #copied(byte: number, into: Uint32Array): Uint32Array {
    const at = this.#valueAt + byte / 4;
    for (let i = 0; i < ADDRESS_WORDS; i++) into[i] = this.#values[at + i]!;
    return into;
  }

  #key(byte: number): number {
    return this.#keys[this.#keyAt + (byte >> 2)]!;
  }

  #word(byte: number): number {
    return this.#values[this.#valueAt + (byte >> 2)]!;
  }

  #number(byte: number): number {
    return unsigned64In(this.#values, this.#valueAt + (byte >> 2));
  }
}
