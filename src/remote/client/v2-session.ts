import type { HistoryHeaders, HistoryPart } from '../../data/recording/history-pieces.ts';
import type { TotalsPage } from '../../data/recording/totals-files.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import type { ProcessesWant } from '../../data/sample/snapshot.ts';
import type { TotalsPeriod } from '../../data/sample/totals-kind.ts';
import type { AlertsSection } from '../../data/schema/alerts-section.ts';
import type { ControlGroupsSection } from '../../data/schema/control-groups-section.ts';
import type { DisksSection } from '../../data/schema/disks-section.ts';
import type { JournalSection } from '../../data/schema/process-detail.ts';
import { TimeSlice } from '../../data/source/source.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { historyHeaders, historyParts, totalsPage } from '../wire/history-reply.ts';
import { NetworkReplica } from '../wire/network-messages.ts';
import { ProcessReplica } from '../wire/process-messages.ts';
import { v2ReplyId } from '../wire/v2-frame.ts';
import { type Capabilities, decodeV2Reply, JsonSections, type V2Answer } from '../wire/v2-reply.ts';
import { type AskedV2Request, printV2Request, type V2RequestName } from '../wire/v2-request.ts';
import type { HistorySession } from './remote-history.ts';
import {
  agentError,
  noControlGroups,
  type Session,
  type SessionLine,
  type Told,
  UNASKED_LIMIT,
  unexpectedReply,
  WAITING_LIMIT,
} from './session.ts';

/** Longer than any agent takes to collect. */
const ANSWER_MILLIS = 10_000;
const LARGEST_ID = 0xffff_ffff;
/** An agent may answer with a sample of up to half the time between two requests, within these bounds. */
const MAX_AGE_LEAST_MILLIS = 40;
const MAX_AGE_MOST_MILLIS = 2000;

/** State of a machine that is kept across connections: rows keep their slots, histories go on. */
export class V2Memory {
  readonly sections = new JsonSections();
  readonly processReplica = new ProcessReplica();
  readonly networkReplica = new NetworkReplica();
  /** The replica's readings, one after another. */
  lastNetwork: Promise<unknown> = Promise.resolve();
}

interface Waiting {
  readonly request: V2RequestName;
  readonly sentMicros: number;
  readonly resolve: (answer: V2Answer) => void;
  readonly reject: (error: OpError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

type Fields = Omit<AskedV2Request, 'id' | 'request' | 'maxAgeMillis'>;

type AnswerTo<N extends V2RequestName> = Extract<V2Answer, { readonly reply: N }>;

const UNWATCHED = ['NO_ALERTS', 'BAD_REQUEST'];

/** One connection that speaks `socktop.v2`: requests carry ids, and are answered in any order or not at all. */
export class V2Session implements Session, HistorySession {
  readonly #line: SessionLine;
  readonly #memory: V2Memory;
  readonly #waiting = new Map<number, Waiting>();
  readonly #askedMicros = new Map<V2RequestName, number>();
  hasAlerts = true;
  #lastId = 0;
  #unasked = 0;
  #wantsAllRows = true;

  constructor(line: SessionLine, memory: V2Memory) {
    this.#line = line;
    this.#memory = memory;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  async capabilities(): Promise<Capabilities> {
    return (await this.#asked('get_capabilities')).capabilities;
  }

  async machine(): Promise<Told<MachineSection>> {
    return (await this.#asked('get_metrics')).told;
  }

  async disks(): Promise<Told<DisksSection>> {
    return (await this.#asked('get_disks')).told;
  }

  async controlGroups(): Promise<Told<ControlGroupsSection>> {
    try {
      return (await this.#asked('get_control_groups')).told;
    } catch (thrown) {
      const error = toOpError('get_control_groups', thrown);
      if (error.code !== 'BAD_REQUEST') throw error;
      throw noControlGroups('the agent is too old to tell of control groups');
    }
  }

  async processes({
    visiblePids,
    columns = [],
    columnsOfAll = [],
    cgroups = false,
  }: ProcessesWant): Promise<Told<MachineProcesses>> {
    const isFull = this.#wantsAllRows;
    // If this reply is never read, later changes cannot be applied.
    this.#wantsAllRows = true;
    const fields = { visiblePids, columns, columnsOfAll, cgroups, isFull };
    const { protobuf } = await this.#asked('get_processes', fields);
    const received = this.#memory.processReplica.apply(protobuf);
    this.#wantsAllRows = false;
    return received;
  }

  async processDetail(pid: number): Promise<Told<ProcessDetailSection>> {
    return (await this.#asked('get_process_metrics', { pid })).told;
  }

  async journal(pid: number): Promise<Told<JournalSection>> {
    return (await this.#asked('get_journal_entries', { pid })).told;
  }

  async network(): Promise<Told<NetworkSection>> {
    const { protobuf } = await this.#asked('get_network');
    const { networkReplica, lastNetwork } = this.#memory;
    const received = lastNetwork.then(() => networkReplica.apply(protobuf, new TimeSlice()));
    this.#memory.lastNetwork = received.catch(() => undefined);
    const { header, network, errors } = await received;
    return { header, section: network, errors };
  }

  async alerts(): Promise<Told<AlertsSection>> {
    try {
      return (await this.#asked('get_alerts')).told;
    } catch (thrown) {
      // It watches by no rules, or is too old to say so: it is not asked again.
      if (UNWATCHED.includes(toOpError('alerts', thrown).code)) this.hasAlerts = false;
      throw thrown;
    }
  }

  async totalsPage(period: TotalsPeriod, before: string | undefined): Promise<TotalsPage> {
    return totalsPage.read((await this.#asked('get_totals', { period, before })).totals, period);
  }

  async historyParts(): Promise<readonly HistoryPart[]> {
    return historyParts.read((await this.#asked('get_history')).history);
  }

  async historyHeaders(segment: number, from: number): Promise<HistoryHeaders> {
    return historyHeaders.read((await this.#asked('get_history', { segment, from })).history);
  }

  async historyPiece(segment: number, from: number, length: number): Promise<Uint8Array> {
    const { history } = await this.#asked('get_history', { segment, from, length });
    if (history instanceof Uint8Array) return history;
    throw unexpectedReply();
  }

  received(frame: string | Uint8Array<ArrayBuffer>): void {
    try {
      if (typeof frame === 'string') throw unexpectedReply();
      const id = v2ReplyId(frame);
      const waiting = this.#waiting.get(id);
      if (waiting !== undefined) this.#answer(id, waiting, frame);
      // Late replies are dropped unread; too many of them close the connection.
      else if (++this.#unasked > UNASKED_LIMIT) throw unexpectedReply();
    } catch (thrown) {
      this.#line.broken(toOpError('decode', thrown));
    }
  }

  lost(error: OpError): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }

  #answer(id: number, { request, sentMicros, resolve, reject, timer }: Waiting, frame: Uint8Array): void {
    this.#waiting.delete(id);
    clearTimeout(timer);
    this.#line.answered(this.#line.monotonicMicros() - sentMicros);
    try {
      const answer = decodeV2Reply(request, frame, this.#memory.sections);
      if (answer.reply === 'error') reject(new OpError(agentError(request, answer.error)));
      else resolve(answer);
    } catch (thrown) {
      reject(toOpError('decode', thrown));
    }
  }

  /** The answer to a request, which is of its kind. */
  async #asked<N extends V2RequestName>(request: N, fields?: Fields): Promise<AnswerTo<N>> {
    const answer = await this.#ask(request, fields);
    if (answer.reply !== request) throw unexpectedReply();
    return answer as AnswerTo<N>;
  }

  #ask(request: V2RequestName, fields: Fields = {}): Promise<V2Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<V2Answer>();
    const fail = (code: string, message: string): void => reject(new OpError({ op: request, code, message }));
    if (this.#waiting.size >= WAITING_LIMIT) {
      fail('BUSY', 'the agent has not replied to the previous request');
      return promise;
    }
    const id = this.#lastId === LARGEST_ID ? 1 : this.#lastId + 1;
    this.#lastId = id;
    const sentMicros = this.#line.monotonicMicros();
    const maxAgeMillis = this.#maxAge(request, sentMicros);
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      fail('TIMEOUT', 'no reply');
    }, ANSWER_MILLIS);
    this.#waiting.set(id, { request, sentMicros, resolve, reject, timer });
    if (!this.#line.send(printV2Request({ ...fields, id, request, maxAgeMillis }))) {
      this.#waiting.delete(id);
      clearTimeout(timer);
      fail('LOST', 'not connected');
    }
    return promise;
  }

  /** Samples as fresh as the rhythm of the requests needs them. */
  #maxAge(request: V2RequestName, nowMicros: number): number | undefined {
    const before = this.#askedMicros.get(request);
    this.#askedMicros.set(request, nowMicros);
    if (before === undefined) return undefined;
    const half = Math.round((nowMicros - before) / 2000);
    return Math.min(MAX_AGE_MOST_MILLIS, Math.max(MAX_AGE_LEAST_MILLIS, half));
  }
}
