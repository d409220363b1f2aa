import { type OpError, toOpError } from '../../../kit/errors/op-error.ts';
import type { V2Payload } from '../../wire/v2-frame.ts';
import { JsonSections, v2ErrorPayload, v2JsonPayload } from '../../wire/v2-reply.ts';
import type { V2Request } from '../../wire/v2-request.ts';
import { REQUEST_LEASE_MILLIS } from '../samples/network-lease.ts';
import type { AnswerSource } from './answer-source.ts';
import type { CapabilityAnswers } from './capability-answers.ts';
import { HistoryAnswers } from './history-answers.ts';

/** The one number that is kept for each connection: which sample of processes it has. */
export interface ProcessPosition {
  /** 0: none. */
  sequence: number;
}

/** Answers of `socktop.v2`. */
export class V2Answers {
  readonly #from: AnswerSource;
  readonly #capabilities: CapabilityAnswers;
  readonly #history: HistoryAnswers;
  readonly #sections = new JsonSections();

  constructor(
    from: AnswerSource,
    capabilities: CapabilityAnswers,
    history = new HistoryAnswers(undefined, false),
  ) {
    this.#from = from;
    this.#capabilities = capabilities;
    this.#history = history;
  }

  /** The payload that answers a request; an error is an answer too. Never rejects. */
  async answer(request: V2Request, position: ProcessPosition): Promise<V2Payload> {
    try {
      return await this.#answer(request, position);
    } catch (thrown) {
      return errorPayload(thrown, request);
    }
  }

  #answer(request: V2Request, position: ProcessPosition): Promise<V2Payload> {
    switch (request.request) {
      case 'get_capabilities':
        return this.#capabilities.payload();
      case 'get_metrics':
        return this.#metrics(request.maxAgeMillis);
      case 'get_disks':
        return this.#disks(request.maxAgeMillis);
      case 'get_control_groups':
        return this.#controlGroups(request.maxAgeMillis);
      case 'get_processes':
        return this.#processes(request, position);
      case 'get_process_metrics':
        return this.#process(request.pid ?? 0);
      case 'get_journal_entries':
        return this.#journal(request.pid ?? 0);
      case 'get_history':
      case 'get_totals':
        return this.#history.payload(request);
      case 'get_alerts':
        return this.#alerts();
      default:
        return this.#network(request.maxAgeMillis);
    }
  }

  #metrics(maxAgeMillis: number | undefined): Promise<V2Payload> {
    const { samples } = this.#from;
    return samples.machine.cache.read(samples.maxAgeMicros('metrics', maxAgeMillis), (sample) => {
      const { replies } = sample;
      replies.v2 ??= v2JsonPayload(this.#sections.machine.write(sample));
      return replies.v2;
    });
  }

  #disks(maxAgeMillis: number | undefined): Promise<V2Payload> {
    const { samples } = this.#from;
    return samples.disks.cache.read(samples.maxAgeMicros('disks', maxAgeMillis), (sample) => {
      const { replies } = sample;
      replies.v2 ??= v2JsonPayload(this.#sections.disks.write(sample));
      return replies.v2;
    });
  }

  #controlGroups(maxAgeMillis: number | undefined): Promise<V2Payload> {
    const { samples } = this.#from;
    // They are asked for with the processes, and as often.
    return samples.controlGroups.cache.read(samples.maxAgeMicros('processes', maxAgeMillis), (sample) => {
      sample.replies.v2 ??= v2JsonPayload(this.#sections.controlGroups.write(sample));
      return sample.replies.v2;
    });
  }

  #processes({ maxAgeMillis, isFull, ...want }: V2Request, position: ProcessPosition): Promise<V2Payload> {
    const { processes } = this.#from.samples;
    processes.noteWant(want);
    processes.noteRowsWanted();
    const maxAge = this.#from.samples.maxAgeMicros('processes', maxAgeMillis);
    return processes.cache.read(maxAge, (sample) => {
      const base = isFull ? 0 : position.sequence;
      const payload = processes.encoder.payload(sample, base);
      position.sequence = processes.changes.sequence;
      return payload;
    });
  }

  async #process(pid: number): Promise<V2Payload> {
    return v2JsonPayload(this.#sections.processDetail.write(await this.#from.details.look(pid)));
  }

  async #journal(pid: number): Promise<V2Payload> {
    return v2JsonPayload(this.#sections.journal.write(await this.#from.journal(pid)));
  }

  async #alerts(): Promise<V2Payload> {
    return v2JsonPayload(this.#sections.alerts.write(this.#from.alerts()));
  }

  #network(maxAgeMillis: number | undefined): Promise<V2Payload> {
    const { network } = this.#from.samples;
    const maxAge = this.#from.samples.maxAgeMicros('network', maxAgeMillis);
    return network.read(maxAge, REQUEST_LEASE_MILLIS, (sample) => network.payload(sample));
  }
}

/** An error as an answer to a request, or to what was none. */
export function errorPayload(thrown: unknown, request?: Pick<V2Request, 'request' | 'pid'>): V2Payload {
  const { code, message }: OpError = toOpError('answer', thrown);
  return v2ErrorPayload({ error: message, request: request?.request, pid: request?.pid, code });
}
