import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import type { DisksSection } from '../../data/schema/disks-section.ts';
import type { JournalSection } from '../../data/schema/process-detail.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import {
  decodeOriginalReply,
  type OriginalReply,
  type OriginalRequest,
  printOriginalRequest,
} from '../wire/original-protocol.ts';
import { OriginalMachine, originalDisksSection } from './original-machine.ts';
import {
  OriginalProcessList,
  originalDetailSection,
  originalJournalSection,
} from './original-process-list.ts';
import {
  agentError,
  noControlGroups,
  type Session,
  type SessionLine,
  type Told,
  UNASKED_LIMIT,
  unexpectedReply,
  unknownHeader,
  WAITING_LIMIT,
} from './session.ts';

/** The original agent reads a journal while everything else waits behind it. */
const ANSWER_MILLIS = 10_000;

interface Waiting {
  readonly request: OriginalRequest;
  sentMicros: number;
  readonly resolve: (reply: OriginalReply) => void;
  readonly reject: (error: OpError) => void;
}

type AnswerTo<N> = Extract<OriginalReply, { readonly reply: N }>;
/** Requests that older agents ignore. */
export type LaterRequest = 'get_process_metrics' | 'get_journal_entries';

/**
 * One connection that speaks the original protocol: requests have no ids, and replies come in their order. A missing
 * reply would shift all later ones, so the connection is then closed.
 */
export class OriginalSession implements Session {
  readonly #line: SessionLine;
  readonly #unknownRequests: Set<LaterRequest>;
  readonly #epoch: number;
  readonly #machine = new OriginalMachine();
  readonly #processes = new OriginalProcessList();
  readonly #waiting: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #memoryTotalBytes = Number.NaN;
  #hostName: string;
  #sequence = 0;
  #unasked = 0;

  /** `unknownRequests` outlives the connection: requests that this agent ignored are not repeated. */
  constructor(line: SessionLine, hostName: string, epoch: number, unknownRequests: Set<LaterRequest>) {
    this.#line = line;
    this.#hostName = hostName;
    this.#epoch = epoch;
    this.#unknownRequests = unknownRequests;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  async machine(): Promise<Told<MachineSection>> {
    const { metrics } = await this.#asked({ request: 'get_metrics' });
    if (metrics.hostname !== '') this.#hostName = metrics.hostname;
    this.#memoryTotalBytes = metrics.mem_total ?? Number.NaN;
    const section = this.#machine.section(metrics, this.#line.monotonicMicros());
    return { header: this.#header(section.monotonicMicros, metrics.sampled_at_ms), section };
  }

  async disks(): Promise<Told<DisksSection>> {
    const { disks } = await this.#asked({ request: 'get_disks' });
    const now = this.#line.monotonicMicros();
    return { header: this.#header(now), section: originalDisksSection(disks, ++this.#sequence, now) };
  }

  controlGroups(): Promise<never> {
    return Promise.reject(noControlGroups('the original agent does not tell of control groups'));
  }

  async processes(): Promise<Told<MachineProcesses>> {
    // Converting CPU shares to time needs the number of cores, which only the metrics have.
    if (this.#machine.coreCount === 0) await this.machine();
    const { processes } = await this.#asked({ request: 'get_processes' });
    const receivedMicros = this.#line.monotonicMicros();
    const section = this.#processes.section(processes, {
      memoryTotalBytes: this.#memoryTotalBytes,
      coreCount: this.#machine.coreCount,
      receivedMicros,
    });
    return { header: this.#header(receivedMicros), section };
  }

  async processDetail(pid: number): Promise<Told<ProcessDetailSection>> {
    const { process } = await this.#asked({ request: 'get_process_metrics', pid });
    const now = this.#line.monotonicMicros();
    return { header: this.#header(now), section: originalDetailSection(process, ++this.#sequence, now) };
  }

  async journal(pid: number): Promise<Told<JournalSection>> {
    const { journal } = await this.#asked({ request: 'get_journal_entries', pid });
    const now = this.#line.monotonicMicros();
    return {
      header: this.#header(now),
      section: originalJournalSection(pid, journal, ++this.#sequence, now),
    };
  }

  network(): Promise<Told<NetworkSection>> {
    const message = 'the original agent does not report network use';
    return Promise.reject(new OpError({ op: 'get_network', code: 'ENOTSUP', message }));
  }

  received(frame: string | Uint8Array<ArrayBuffer>): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      if (++this.#unasked > UNASKED_LIMIT) this.#line.broken(unexpectedReply());
      return;
    }
    this.#watchHead();
    this.#line.answered(this.#line.monotonicMicros() - waiting.sentMicros);
    try {
      const reply = decodeOriginalReply(waiting.request.request, frame);
      if (reply.reply === 'error') {
        waiting.reject(new OpError(agentError(waiting.request.request, reply.error)));
      } else waiting.resolve(reply);
    } catch (thrown) {
      waiting.reject(toOpError('decode', thrown));
    }
  }

  lost(error: OpError): void {
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** The answer to a request, which is of its kind. */
  async #asked<R extends OriginalRequest>(request: R): Promise<AnswerTo<R['request']>> {
    const reply = await this.#ask(request);
    if (reply.reply !== request.request) throw unexpectedReply();
    return reply as AnswerTo<R['request']>;
  }
  #ask(request: OriginalRequest): Promise<OriginalReply> {
    const { promise, resolve, reject } = Promise.withResolvers<OriginalReply>();
    const fail = (code: string, message: string): void =>
      reject(new OpError({ op: request.request, code, message }));
    if ('pid' in request && this.#unknownRequests.has(request.request)) {
      fail('ENOTSUP', 'the agent is too old for this request');
    } else if (this.#waiting.length >= WAITING_LIMIT) {
      fail('BUSY', 'the agent has not replied to the previous request');
    } else if (this.#line.send(printOriginalRequest(request))) {
      this.#waiting.push({ request, sentMicros: this.#line.monotonicMicros(), resolve, reject });
      if (this.#waiting.length === 1) this.#watchHead();
    } else {
      fail('LOST', 'not connected');
    }
    return promise;
  }

  /** The time of an answer runs from the answer before it. */
  #watchHead(): void {
    clearTimeout(this.#timer);
    const [head] = this.#waiting;
    if (head === undefined) return;
    this.#timer = setTimeout(() => {
      const { request } = head.request;
      if (request === 'get_process_metrics' || request === 'get_journal_entries') {
        this.#unknownRequests.add(request);
      }
      this.#line.broken(new OpError({ op: request, code: 'TIMEOUT', message: `no reply to ${request}` }));
    }, ANSWER_MILLIS);
  }

  #header(monotonicMicros: number, wallMillis?: number): SnapshotHeader {
    return unknownHeader(this.#hostName, monotonicMicros, this.#epoch, wallMillis);
  }
}
