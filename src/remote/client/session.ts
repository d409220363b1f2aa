import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import type { ProcessesWant, Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { AlertsSection } from '../../data/schema/alerts-section.ts';
import type { ControlGroupsSection } from '../../data/schema/control-groups-section.ts';
import type { DisksSection } from '../../data/schema/disks-section.ts';
import type { JournalSection } from '../../data/schema/process-detail.ts';
import type { SectionError, SnapshotHeader } from '../../data/schema/section-facts.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { ErrorReply } from '../wire/error-reply.ts';

/** A section received from an agent, with its header. */
export interface Told<T> {
  readonly header: SnapshotHeader;
  readonly section: T;
  /** Other errors of the agent. */
  readonly errors?: readonly SectionError[];
}

/** Requests to an agent over one connection, in either protocol. Each rejects with an OpError and never hangs. */
export interface Session {
  machine(): Promise<Told<MachineSection>>;
  disks(): Promise<Told<DisksSection>>;
  controlGroups(): Promise<Told<ControlGroupsSection>>;
  processes(want: ProcessesWant): Promise<Told<MachineProcesses>>;
  processDetail(pid: number): Promise<Told<ProcessDetailSection>>;
  journal(pid: number): Promise<Told<JournalSection>>;
  network(): Promise<Told<NetworkSection>>;
  /** The rules that the agent watches by itself; missing: this protocol has none. */
  alerts?(): Promise<Told<AlertsSection>>;
  /** Whether there may be such rules. */
  readonly hasAlerts?: boolean;
  /** Whether a reply is pending. */
  readonly isWaiting: boolean;
  received(frame: string | Uint8Array<ArrayBuffer>): void;
  /** The connection was closed: rejects all pending requests. */
  lost(error: OpError): void;
}

/** Connection as used by a session. */
export interface SessionLine {
  /** False: the connection is not open. */
  send(text: string): boolean;
  /** A reply arrived, with its latency. */
  answered(latencyMicros: number): void;
  /** The peer violated the protocol: the connection is closed. */
  broken(error: OpError): void;
  monotonicMicros(): number;
}

/** Limit of unexpected frames; beyond it the peer is not an agent. */
export const UNASKED_LIMIT = 64;

/** Limit of pending requests; more would only be stale. */
export const WAITING_LIMIT = 32;

/** The error of a machine that does not tell of control groups. */
export function noControlGroups(message: string): OpError {
  return new OpError({ op: 'collect control groups', code: 'ENOTSUP', message });
}

/** The peer does not keep to the protocol. */
export function unexpectedReply(): OpError {
  return new OpError({ op: 'decode', code: 'BAD_VALUE', message: 'unexpected reply from the agent' });
}
/** Of a machine of which only the name is known, and perhaps the time of a sample by its wall clock. */
export function unknownHeader(
  hostName: string,
  monotonicMicros: number,
  epoch = 0,
  wallMillis = Date.now(),
): SnapshotHeader {
  return {
    ...{ hostName, bootId: '', epoch, monotonicMicros, wallMillis },
    ...{ bootWallMillis: Number.NaN, clockTicksPerSecond: 100 },
  };
}
export function agentError(op: string, { error, code }: ErrorReply): SectionError {
  return { op, code: code ?? 'AGENT', message: `the agent: ${error}` };
}

type Sections = Omit<Snapshot, 'header' | 'errors'>;
type SectionName = keyof Sections;

/** Result of one request. */
interface Part {
  readonly name: SectionName;
  readonly told: Told<Sections[SectionName]> | undefined;
  readonly error: SectionError | undefined;
}

/** A pending request, or one whose reply came after the deadline. */
interface Pending {
  readonly promise: Promise<Part>;
  readonly session: Session;
  waiters: number;
  isSettled: boolean;
}

interface Gathered {
  readonly sections: Sections;
  readonly header: SnapshotHeader | undefined;
  readonly errors: readonly SectionError[];
}

/** Answers that came too late and wait to be fetched; details of other processes among them. */
const PENDING_LIMIT = 32;

/** Asks a session for sections, each once at a time: what comes too late for one call answers the next. */
export class Gathering {
  readonly #pending = new Map<string, Pending>();

  /** `within` is given the promise of all parts and may reject before it. */
  async gather(
    session: Session,
    want: Want,
    within: (parts: Promise<readonly Part[]>) => Promise<readonly Part[]>,
  ): Promise<Gathered> {
    const wishes = wishesOf(session, want);
    const pending = wishes.map((wish) => this.#pendingOf(session, wish));
    for (const each of pending) each.waiters++;
    try {
      const parts = await within(Promise.all(pending.map(({ promise }) => promise)));
      for (const { key } of wishes) this.#pending.delete(key);
      return gatheredOf(parts);
    } finally {
      for (const each of pending) each.waiters--;
    }
  }

  #pendingOf(session: Session, { key, name, ask }: Wish): Pending {
    const known = this.#pending.get(key);
    if (known !== undefined && known.session === session) return known;
    if (this.#pending.size >= PENDING_LIMIT) this.#forgetSettled();
    const pending: Pending = { promise: settled(name, ask), session, waiters: 0, isSettled: false };
    void pending.promise.then(() => {
      pending.isSettled = true;
      if (pending.waiters > 0 && this.#pending.get(key) === pending) this.#pending.delete(key);
    });
    this.#pending.set(key, pending);
    return pending;
  }

  #forgetSettled(): void {
    for (const [key, { isSettled }] of this.#pending) {
      if (isSettled) this.#pending.delete(key);
    }
  }
}

interface Wish {
  readonly key: string;
  readonly name: SectionName;
  readonly ask: () => Promise<Told<Sections[SectionName]>>;
}

function wishesOf(session: Session, want: Want): readonly Wish[] {
  const wishes: Wish[] = [];
  const wish = (name: SectionName, ask: Wish['ask'], pid = 0): void => {
    wishes.push({ key: `${name} ${pid}`, name, ask });
  };
  const { machineProcesses, processDetail, journal } = want;
  if (want.machine === true) wish('machine', () => session.machine());
  if (want.disks === true) wish('disks', () => session.disks());
  if (want.controlGroups === true) wish('controlGroups', () => session.controlGroups());
  if (machineProcesses !== undefined) wish('machineProcesses', () => session.processes(machineProcesses));
  if (processDetail !== undefined) {
    wish('processDetail', () => session.processDetail(processDetail), processDetail);
  }
  if (journal !== undefined) wish('journal', () => session.journal(journal), journal);
  const { alerts, hasAlerts } = session;
  if (want.alerts === true && hasAlerts === true && alerts !== undefined)
    wish('alerts', alerts.bind(session));
  if (want.network === true) wish('network', () => session.network());
  return wishes;
}

/** Never rejects. */
async function settled(name: SectionName, ask: Wish['ask']): Promise<Part> {
  try {
    return { name, told: await ask(), error: undefined };
  } catch (thrown) {
    const { op, code, message } = toOpError(`collect ${name}`, thrown);
    return { name, told: undefined, error: { op, code, message } };
  }
}

function gatheredOf(parts: readonly Part[]): Gathered {
  const sections: Record<string, Sections[SectionName]> = {};
  const errors: SectionError[] = [];
  let header: SnapshotHeader | undefined;
  for (const { name, told, error } of parts) {
    // An agent that watches for nothing lacks nothing that is shown.
    if (error !== undefined && name !== 'alerts') errors.push(error);
    if (told === undefined) continue;
    sections[name] = told.section;
    errors.push(...(told.errors ?? []));
    // Of what was judged before; the other sections are of now.
    if (name === 'alerts') continue;
    // The network's epoch says more than that of the others: it changes with the tier as well.
    if (header === undefined || told.header.monotonicMicros >= header.monotonicMicros) header = told.header;
  }
  return { sections, header, errors };
}
