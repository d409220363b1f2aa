import { toOpError } from '../../../kit/errors/op-error.ts';
import { type Frame, jsonFrame, protobufFrame } from '../../wire/original-frame.ts';
import {
  originalDisksJson,
  originalMetricsJson,
  originalProcessesJson,
} from '../../wire/original-metrics.ts';
import { encodeOriginalReply } from '../../wire/original-reply.ts';
import { type OriginalRequest, parseOriginalRequest } from '../../wire/original-request.ts';
import type { MachineSample } from '../samples/machine-samples.ts';
import type { AnswerSource } from './answer-source.ts';
import {
  originalDisksOf,
  originalJournalOf,
  originalMetricsOf,
  originalProcessOf,
  topProcessesOf,
} from './original-messages.ts';

/** What is known of a client of the original protocol. */
export interface OriginalPeer {
  /**
   * It has asked for the processes: its metrics hold none from then on. The original client takes those in the metrics
   * for all there are, and its places in the longer list before are past their end: it panics.
   */
  hasAskedProcesses: boolean;
}

/** Answers of the original protocol. */
export class OriginalAnswers {
  readonly #from: AnswerSource;

  constructor(from: AnswerSource) {
    this.#from = from;
  }

  /** The frame that answers a text frame; an error is an answer too. Never rejects. */
  async answer(text: string, peer: OriginalPeer): Promise<Frame> {
    let request: OriginalRequest | undefined;
    try {
      request = parseOriginalRequest(text);
      return await this.#answer(request, peer);
    } catch (thrown) {
      const { code, message } = toOpError('answer', thrown);
      const pid = request !== undefined && 'pid' in request ? request.pid : undefined;
      return encodeOriginalReply({
        reply: 'error',
        // Clients of the original agent may know its words.
        error: {
          error: code === 'ESRCH' && pid !== undefined ? `Process ${pid} not found` : message,
          ...{ request: request?.request, pid, code },
        },
      });
    }
  }

  #answer(request: OriginalRequest, peer: OriginalPeer): Promise<Frame> {
    switch (request.request) {
      case 'get_metrics':
        return this.#metrics(peer.hasAskedProcesses);
      case 'get_disks':
        return this.#disks();
      case 'get_processes':
        peer.hasAskedProcesses = true;
        return this.#processes();
      case 'get_process_metrics':
        return this.#process(request.pid);
      default:
        return this.#journal(request.pid);
    }
  }

  #metrics(withoutProcesses: boolean): Promise<Frame> {
    const { samples } = this.#from;
    return samples.machine.cache.readRated(samples.maxAgeMicros('metrics'), (sample) => {
      const { replies } = sample;
      if (withoutProcesses) {
        replies.originalWithoutProcesses ??= this.#metricsFrame(sample, true);
        return replies.originalWithoutProcesses;
      }
      replies.original ??= this.#metricsFrame(sample, false);
      return replies.original;
    });
  }

  /** Of other samples what is fresh at the moment, as the original does it; their lists are written once. */
  #metricsFrame(sample: MachineSample, withoutProcesses: boolean): Frame {
    const { samples } = this.#from;
    const { disks, processes } = samples;
    const freshDisks =
      disks.cache.ageMicros() <= samples.maxAgeMicros('disks') ? disks.cache.latest : undefined;
    const isFresh = processes.cache.ageMicros() <= samples.maxAgeMicros('processes');
    const freshProcesses = isFresh ? processes.cache.latest : undefined;
    if (freshDisks !== undefined)
      freshDisks.replies.originalList ??= originalDisksJson(originalDisksOf(freshDisks.section));
    const isListed = freshProcesses?.section.sequence === processes.changes.sequence;
    if (freshProcesses !== undefined && isListed && !withoutProcesses) {
      freshProcesses.replies.originalList ??= originalProcessesJson(topProcessesOf(processes.changes));
    }
    const metrics = originalMetricsOf(sample, freshProcesses?.processCount);
    const disksJson = freshDisks?.replies.originalList ?? '[]';
    const topJson = withoutProcesses ? '[]' : (freshProcesses?.replies.originalList ?? '[]');
    return jsonFrame(originalMetricsJson(metrics, disksJson, topJson));
  }

  #disks(): Promise<Frame> {
    const { samples } = this.#from;
    return samples.disks.cache.read(samples.maxAgeMicros('disks'), ({ section, replies }) => {
      replies.original ??= encodeOriginalReply({ reply: 'get_disks', disks: originalDisksOf(section) });
      return replies.original;
    });
  }

  #processes(): Promise<Frame> {
    const { processes } = this.#from.samples;
    const maxAge = this.#from.samples.maxAgeMicros('processes');
    processes.noteRowsWanted();
    return processes.cache.readRated(maxAge, ({ replies, processCount }) => {
      replies.original ??= protobufFrame(processes.originalEncoder.encode(processCount));
      return replies.original;
    });
  }

  async #process(pid: number): Promise<Frame> {
    const { details } = this.#from;
    const look = await details.lookRated(pid);
    const process = originalProcessOf(
      look,
      this.#from.machineShare(look.corePercent),
      (childPid, startTicks) => this.#from.shareOf(childPid, startTicks),
    );
    const cached_at = look.header.wallMillis / 1000;
    return encodeOriginalReply({ reply: 'get_process_metrics', process: { process, cached_at } });
  }

  async #journal(pid: number): Promise<Frame> {
    const { header, section } = await this.#from.journal(pid);
    return encodeOriginalReply({
      reply: 'get_journal_entries',
      journal: originalJournalOf(section, header.wallMillis),
    });
  }
}
