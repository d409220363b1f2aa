import { toOpError } from '../../../kit/errors/op-error.ts';
import { type Frame, jsonFrame, protobufFrame } from '../../wire/seed-frame.ts';
import { seedDisksJson, seedMetricsJson, seedProcessesJson } from '../../wire/seed-metrics.ts';
import { encodeSeedReply } from '../../wire/seed-reply.ts';
import { parseSeedRequest, type SeedRequest } from '../../wire/seed-request.ts';
import type { MachineSample } from '../samples/machine-samples.ts';
import type { AnswerSource } from './answer-source.ts';
import { seedJournalOf, seedProcessOf } from './process-messages.ts';
import { seedDisksOf, seedMetricsOf, topProcessesOf } from './seed-messages.ts';

/** What is known of a client of the seed's protocol. */
export interface SeedPeer {
  /**
   * It has asked for the processes: its metrics hold none from then on. The original client takes those in the metrics
   * for all there are, and its places in the longer list before are past their end: it panics.
   */
  hasAskedProcesses: boolean;
}

/** Answers of the seed's protocol. */
export class SeedAnswers {
  readonly #from: AnswerSource;

  constructor(from: AnswerSource) {
    this.#from = from;
  }

  /** The frame that answers a text frame; an error is an answer too. Never rejects. */
  async answer(text: string, peer: SeedPeer): Promise<Frame> {
    let request: SeedRequest | undefined;
    try {
      request = parseSeedRequest(text);
      return await this.#answer(request, peer);
    } catch (thrown) {
      const { code, message } = toOpError('answer', thrown);
      const pid = request !== undefined && 'pid' in request ? request.pid : undefined;
      return encodeSeedReply({
        reply: 'error',
        error: { error: message, request: request?.request, pid, code },
      });
    }
  }

  #answer(request: SeedRequest, peer: SeedPeer): Promise<Frame> {
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
    return samples.machine.readRated(samples.maxAgeMicros('metrics'), (sample) => {
      const { replies } = sample;
      if (withoutProcesses) {
        replies.seedWithoutProcesses ??= this.#metricsFrame(sample, true);
        return replies.seedWithoutProcesses;
      }
      replies.seed ??= this.#metricsFrame(sample, false);
      return replies.seed;
    });
  }

  /** Of other samples what is fresh at the moment, as the original does it; their lists are written once. */
  #metricsFrame(sample: MachineSample, withoutProcesses: boolean): Frame {
    const { samples } = this.#from;
    const { disks, processes } = samples;
    const freshDisks = disks.ageMicros() <= samples.maxAgeMicros('disks') ? disks.latest : undefined;
    const isFresh = processes.cache.ageMicros() <= samples.maxAgeMicros('processes');
    const freshProcesses = isFresh ? processes.cache.latest : undefined;
    if (freshDisks !== undefined)
      freshDisks.replies.seedList ??= seedDisksJson(seedDisksOf(freshDisks.section));
    if (freshProcesses !== undefined && !withoutProcesses) {
      freshProcesses.replies.seedList ??= seedProcessesJson(topProcessesOf(freshProcesses.changes.table));
    }
    const metrics = seedMetricsOf(sample, freshProcesses?.processCount);
    const disksJson = freshDisks?.replies.seedList ?? '[]';
    const topJson = withoutProcesses ? '[]' : (freshProcesses?.replies.seedList ?? '[]');
    return jsonFrame(seedMetricsJson(metrics, disksJson, topJson));
  }

  #disks(): Promise<Frame> {
    const { samples } = this.#from;
    return samples.disks.read(samples.maxAgeMicros('disks'), ({ section, replies }) => {
      replies.seed ??= encodeSeedReply({ reply: 'get_disks', disks: seedDisksOf(section) });
      return replies.seed;
    });
  }

  #processes(): Promise<Frame> {
    const { processes } = this.#from.samples;
    const maxAge = this.#from.samples.maxAgeMicros('processes');
    return processes.readRated(maxAge, ({ replies, processCount }) => {
      replies.seed ??= protobufFrame(processes.seedEncoder.encode(processCount));
      return replies.seed;
    });
  }

  async #process(pid: number): Promise<Frame> {
    const { details } = this.#from;
    const { value, corePercent } = await details.lookRated(pid);
    const process = seedProcessOf(value, this.#from.machineShare(corePercent), (childPid, startTicks) =>
      this.#from.shareOf(childPid, startTicks),
    );
    const cached_at = value.header.wallMillis / 1000;
    return encodeSeedReply({ reply: 'get_process_metrics', process: { process, cached_at } });
  }

  async #journal(pid: number): Promise<Frame> {
    const { header, section } = await this.#from.journal(pid);
    return encodeSeedReply({
      reply: 'get_journal_entries',
      journal: seedJournalOf(section, header.wallMillis),
    });
  }
}
