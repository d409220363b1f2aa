import { type OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import type { SectionError } from '../schema/section-facts.ts';
import { TimeSlice } from '../source/source.ts';
import { ERRORS_LIMIT, lineStart, RECORDING_VERSION, SECTIONS_VERSION } from './recorded-format.ts';
import { encodeMemberHeader, type MemberHeader, RecordingMember } from './recorded-member.ts';
import { RecordingEntry, type RecordingNames } from './recording-entry.ts';
import { RecordingFile } from './recording-file.ts';
import { type RecordingFacts, RecordingParts } from './recording-parts.ts';
import type { MachineSectionWriter } from './section-recording.ts';

interface RecordingOptions extends RecordingNames {
  /** Without it only snapshots with a network section are recorded. */
  readonly sections?: MachineSectionWriter;
  /** Told once, when recording ends because nothing more can be written. */
  readonly failed?: (error: OpError) => void;
}

interface RecordingStatus {
  /** Snapshots that are in the file whole. */
  readonly snapshotCount: number;
  /** Snapshots left out because the disk was too slow, or because they were too large. */
  readonly unrecordedCount: number;
  readonly fileBytes: number;
  /** Why recording stopped. */
  readonly error: OpError | undefined;
}

/**
 * Snapshots per gzip member. A member is a seek point; longer members compress better, because deflate's 32 KB window
 * covers earlier lines: on a small machine (15 sockets) a line takes 0.8 KB in members of 16, 2.9 KB in its own member.
 */
const MEMBER_SNAPSHOTS = 16;
const MEMBER_MICROS = 30e6;
/** Limit of text queued for compression and disk; beyond it snapshots are dropped. 20,000 sockets make a 12 MB line. */
const BACKLOG_LIMIT_BYTES = 64 << 20;

interface Line {
  readonly pieces: Uint8Array[];
  readonly bytes: number;
  readonly epoch: number;
  readonly monotonicMicros: number;
  readonly wallMillis: number;
}

interface OpenMember {
  readonly deflate: RecordingMember;
  readonly startsAt: number;
  readonly header: MemberHeader;
  readonly wallMillis: number;
  snapshotCount: number;
  lastMicros: number;
}

/**
 * Writes snapshots to a gzip file of JSON lines (recorded-format.ts). Every line is flushed to the file, so that all
 * complete lines stay readable however the program ends. Works in slices, then on zlib's threads. A slow disk drops
 * snapshots (counted); a failing disk ends the recording (reported once).
 */
export class RecordingWriter {
  readonly #file: RecordingFile;
  readonly #options: RecordingOptions;
  readonly #parts = new RecordingParts();
  readonly #entry: RecordingEntry;
  readonly #textEncoder = new TextEncoder();
  #member: OpenMember | undefined;
  #encoding: Promise<void> | undefined;
  #backlogBytes = 0;
  #work: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #snapshotCount = 0;
  #unrecordedCount = 0;
  /** Those not yet noted in a line. */
  #untoldCount = 0;
  #untoldErrors: SectionError[] = [];
  #error: OpError | undefined;
  #isClosed = false;

  private constructor(file: RecordingFile, options: RecordingOptions) {
    this.#file = file;
    this.#options = options;
    this.#entry = new RecordingEntry(options);
  }

  /** Creates the file with mode 0600. Rejects with an OpError whose message names the file, also if it exists. */
  static async open(path: string, options: RecordingOptions = {}): Promise<RecordingWriter> {
    return new RecordingWriter(new RecordingFile(path), options);
  }

  get status(): RecordingStatus {
    return {
      snapshotCount: this.#snapshotCount,
      unrecordedCount: this.#unrecordedCount,
      fileBytes: this.#file.sizeBytes,
      error: this.#error,
    };
  }

  /**
   * Takes a snapshot with its rates. Resolves once both may change again; compressing and writing go on after that.
   * Never rejects. A snapshot without a section that is recorded is left out, its errors stand in the next line.
   */
  async record(snapshot: Snapshot, rates: NetworkRates): Promise<void> {
    if (this.#error !== undefined || this.#isClosed) return;
    const section = snapshot.network;
    this.#untoldErrors.push(...snapshot.errors);
    this.#untoldErrors.splice(0, this.#untoldErrors.length - ERRORS_LIMIT);
    const sections = this.#options.sections?.parts(snapshot) ?? [];
    const hasList = this.#options.sections !== undefined && snapshot.machineProcesses !== undefined;
    if (section === undefined && sections.length === 0 && !hasList) return;
    if (this.#encoding !== undefined || this.#backlogBytes > BACKLOG_LIMIT_BYTES) {
      this.#leaveOut();
      return;
    }
    this.#encoding = this.#take(snapshot, sections, rates);
    await this.#encoding;
    this.#encoding = undefined;
  }

  /** Resolves when everything taken so far is in the file, or cannot be. */
  async flushed(): Promise<void> {
    await this.#encoding;
    await this.#work;
  }

  /** Writes what has been taken, the snapshot under way too, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.flushed().then(() => this.#finish());
    await this.#closing;
  }

  /** Never rejects. */
  async #take(snapshot: Snapshot, sections: readonly string[], rates: NetworkRates): Promise<void> {
    const facts = {
      header: snapshot.header,
      errors: this.#untoldErrors,
      unrecordedCount: this.#untoldCount,
    };
    this.#untoldErrors = [];
    this.#untoldCount = 0;
    try {
      const line = await this.#encode(snapshot, sections, rates, facts);
      if (line !== undefined) this.#enqueue(line);
      else {
        this.#untoldCount += facts.unrecordedCount;
        this.#leaveOut();
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #leaveOut(): void {
    this.#unrecordedCount++;
    this.#untoldCount++;
  }

  /** The line in pieces; undefined if no reader would take it. */
  async #encode(
    snapshot: Snapshot,
    sections: readonly string[],
    rates: NetworkRates,
    facts: RecordingFacts,
  ): Promise<Line | undefined> {
    const slice = new TimeSlice();
    const { network, machineProcesses } = snapshot;
    const parts = await this.#parts.encode(network, facts, slice);
    for (const section of sections) parts.push(this.#textEncoder.encode(section));
    const { sections: writer } = this.#options;
    if (writer !== undefined && machineProcesses !== undefined) {
      parts.push(...(await this.#parts.encodeProcesses(machineProcesses, writer.userOf, slice)));
    }
    const version =
      writer !== undefined && (sections.length > 0 || machineProcesses !== undefined)
        ? SECTIONS_VERSION
        : RECORDING_VERSION;
    const lengths = parts.map((part) => part.length);
    const start = lineStart(version, lengths);
    if (start === undefined) return undefined;
    const pieces: Uint8Array[] = [];
    const add = (text: string): void => {
      pieces.push(this.#textEncoder.encode(text));
    };
    add(start);
    for (const [at, part] of parts.entries()) {
      if (at > 0) add(',');
      pieces.push(part);
    }
    add('],');
    if (network !== undefined) await this.#entry.write(network, rates, facts.header, slice, add);
    else add(this.#options.sections?.entry(snapshot).slice(1) ?? '}');
    add('\n');
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { epoch, monotonicMicros, wallMillis } = facts.header;
    return { pieces, bytes, epoch, monotonicMicros, wallMillis };
  }

  #enqueue(line: Line): void {
    this.#backlogBytes += line.bytes;
    this.#work = this.#work.then(() => this.#write(line));
  }

  /** Never rejects: it is a link of the chain of work. */
  async #write(line: Line): Promise<void> {
    try {
      if (this.#error === undefined) await this.#writeLine(line);
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#backlogBytes -= line.bytes;
    }
  }

  async #writeLine(line: Line): Promise<void> {
    if (this.#member !== undefined && isComplete(this.#member, line)) await this.#endMember(this.#member);
    this.#member ??= await this.#startMember(line);
    const member = this.#member;
    for (const piece of line.pieces) await member.deflate.add(piece);
    await this.#append(await member.deflate.flush());
    member.snapshotCount++;
    member.lastMicros = line.monotonicMicros;
    this.#snapshotCount++;
  }

  async #startMember({ epoch, monotonicMicros, wallMillis }: Line): Promise<OpenMember> {
    const startsAt = this.#file.sizeBytes;
    const header = { snapshotCount: 0, lengthBytes: 0, epoch, firstMicros: monotonicMicros };
    const member = { ...header, lastMicros: monotonicMicros };
    await this.#file.append(encodeMemberHeader(member, wallMillis));
    const deflate = new RecordingMember();
    return { deflate, startsAt, header: member, wallMillis, snapshotCount: 0, lastMicros: monotonicMicros };
  }

  async #endMember(member: OpenMember): Promise<void> {
    this.#member = undefined;
    await this.#append(await member.deflate.end());
    const { snapshotCount, lastMicros, startsAt, wallMillis } = member;
    const lengthBytes = this.#file.sizeBytes - startsAt;
    const header = encodeMemberHeader(
      { ...member.header, snapshotCount, lengthBytes, lastMicros },
      wallMillis,
    );
    await this.#file.patch(header, startsAt);
  }

  async #append(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) await this.#file.append(piece);
  }

  async #finish(): Promise<void> {
    try {
      if (this.#error !== undefined) this.#member?.deflate.discard();
      else if (this.#member !== undefined) await this.#endMember(this.#member);
    } catch (thrown) {
      this.#fail(thrown);
    }
    try {
      await this.#file.close();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** The first failure ends the recording; the program goes on. */
  #fail(thrown: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = toOpError('write recording', thrown);
    this.#options.failed?.(this.#error);
  }
}

/** Whether the next line begins a member: this one is full, or counting began anew. */
function isComplete(member: OpenMember, { epoch, monotonicMicros }: Line): boolean {
  const { header, snapshotCount } = member;
  if (snapshotCount >= MEMBER_SNAPSHOTS || epoch !== header.epoch) return true;
  return monotonicMicros < member.lastMicros || monotonicMicros - header.firstMicros > MEMBER_MICROS;
}
