import { Failures } from '../../../src/data/sample/network-sample.ts';
import { ADDRESS_WORDS, ProblemKind } from '../../../src/data/schema/network-columns.ts';
import { fromNetworkOrder } from '../integers.ts';
import { BtfKind } from './btf.ts';
import { routeWords } from './health-programs.ts';
import { kernelTypes } from './kernel-types.ts';
import { BatchReader } from './map.ts';
import { startTicksOf } from './namespaces.ts';
import {
  CONNECTED,
  FAILURE_KEY_BYTES,
  FAILURE_VALUE_BYTES,
  FAILURES_LIMIT,
  FailureKey,
  FailureValue,
} from './network-layout.ts';
import { numberOfWords } from './task-units.ts';

const REASONS_ENUM = 'skb_drop_reason';
const REASON_PREFIX = /^SKB_(DROP_REASON_)?/;

/** The kernel's names of the reasons why packets are dropped, without their prefix. Throws OpError without BTF. */
export function dropReasons(): ReadonlyMap<number, string> {
  const types = kernelTypes();
  const id = types.find([[REASONS_ENUM, BtfKind.ENUM]]).get(REASONS_ENUM);
  if (id === undefined) return new Map();
  return new Map(types.enumerators(id).map(([name, value]) => [value, name.replace(REASON_PREFIX, '')]));
}

/** Reads what the programs of health-programs.ts have counted. */
export class HealthReader {
  /** Of the last `read`. */
  readonly failures = new Failures();
  readonly #reader: BatchReader;
  #reasons: ReadonlyMap<number, string> | undefined;

  /** `map` stays the caller's. */
  constructor(map: number) {
    const isTaking = { isTaking: true };
    this.#reader = new BatchReader(map, FAILURE_KEY_BYTES, FAILURE_VALUE_BYTES, FAILURES_LIMIT, isTaking);
  }

  /** Takes what has been counted since the last read. Throws BpfError. */
  read(): Failures {
    const { failures } = this;
    failures.length = 0;
    const count = this.#reader.read();
    failures.reserveAhead(count);
    for (let i = 0; i < count; i++) this.#take(i);
    return failures;
  }

  #take(index: number): void {
    const { failures } = this;
    const { bytes, u32, u16 } = this.#reader.keys;
    const values = this.#reader.values.u32;
    const key = index * FAILURE_KEY_BYTES;
    const value = (index * FAILURE_VALUE_BYTES) >> 2;
    const word = (offset: number): number => u32[(key + offset) >> 2]!;
    const row = failures.length++;
    const kind = bytes[key + FailureKey.KIND]!;
    failures.isConnect[row] = kind === CONNECTED ? 1 : 0;
    failures.kind[row] = kind === CONNECTED ? 0 : kind;
    failures.pid[row] = values[value + (FailureValue.PID >> 2)]!;
    failures.startTicks[row] = startTicksOf(word(FailureKey.START), word(FailureKey.START + 4));
    failures.remotePort[row] = u16[(key + FailureKey.PORT) >> 1]!;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      failures.remoteAddress[row * ADDRESS_WORDS + i] = fromNetworkOrder(word(FailureKey.ADDRESS + i * 4));
    }
    failures.count[row] = numberOfWords(values[value]!, values[value + 1]!);
    failures.nanos[row] = numberOfWords(values[value + 2]!, values[value + 3]!);
    const reason = word(FailureKey.REASON);
    failures.reasons[row] = kind === ProblemKind.DROPPED ? this.#reasonOf(reason) : routeWords(reason);
  }

  /** Those of subsystems (their number stands in the upper half) are in no list. */
  #reasonOf(reason: number): string {
    this.#reasons ??= dropReasons();
    return this.#reasons.get(reason) ?? `reason 0x${reason.toString(16)}`;
  }
}
