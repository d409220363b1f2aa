import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import type { SectionError, SnapshotHeader } from '../../data/sample/snapshot.ts';
import type { DisksSection } from '../../data/schema/disks-section.ts';
import type { JournalSection } from '../../data/schema/journal-section.ts';
import type { OpError } from '../../kit/errors/op-error.ts';
import type { ErrorReply } from '../wire/error-reply.ts';

/** A section as an agent told it, and whose it is. */
export interface Told<T> {
  readonly header: SnapshotHeader;
  readonly section: T;
  /** What failed at the agent beside it. */
  readonly errors?: readonly SectionError[];
}

/** What is asked of an agent over one connection, in either protocol. Each rejects with an OpError, and none hangs. */
export interface Session {
  machine(): Promise<Told<MachineSection>>;
  disks(): Promise<Told<DisksSection>>;
  processes(visiblePids: readonly number[]): Promise<Told<MachineProcesses>>;
  processDetail(pid: number): Promise<Told<ProcessDetailSection>>;
  journal(pid: number): Promise<Told<JournalSection>>;
  network(): Promise<Told<NetworkSection>>;
  /** Whether a request has not been answered. */
  readonly isWaiting: boolean;
  /** A frame that came. */
  received(frame: string | Uint8Array<ArrayBuffer>): void;
  /** The connection has ended: whatever waits is told so. */
  lost(error: OpError): void;
}

/** What a session has of its connection. */
export interface SessionLine {
  /** False: the connection is not open. */
  send(text: string): boolean;
  /** A request was answered after so long. */
  answered(latencyMicros: number): void;
  /** The other end does not keep to the protocol: the connection is of no use. */
  broken(error: OpError): void;
  monotonicMicros(): number;
}

/** Frames that nobody asked for; more of them, and the agent is not one. */
export const UNASKED_LIMIT = 64;

/** Requests that wait for their answers; more would only be stale. */
export const WAITING_LIMIT = 32;

/** The agent's own word for what went wrong. */
export function agentError(op: string, { error, code }: ErrorReply): SectionError {
  return { op, code: code ?? 'AGENT', message: `the agent: ${error}` };
}
