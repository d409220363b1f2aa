import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { ExitRecorder } from '../bpf/exit-recorder.ts';
import { NetworkAccounting } from '../bpf/network-accounting.ts';
import type { NetworkParts } from '../bpf/network-programs.ts';
import { TaskSampler } from '../bpf/task-sampler.ts';
import { closeDescriptor, openSocket, SyscallError } from '../libc.ts';

const AF_PACKET = 17;
const SOCK_DGRAM = 2;

/** Why something could not be opened. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What came of opening each part: undefined where it works. */
export interface ProgramFacts {
  /** Packets counted by socket in the kernel: the tier `ebpf`. */
  readonly counting: Refusal | undefined;
  /** How it counts; undefined where it does not. */
  readonly parts: NetworkParts | undefined;
  /** Processes listed by a BPF iterator. */
  readonly processes: Refusal | undefined;
  /** Processes that come and go between two samples, recorded as they end. */
  readonly exits: Refusal | undefined;
  /** Packets read from a ring: the tier `packet`, and UDP beside netlink. */
  readonly packets: Refusal | undefined;
}

/** Opens each part and closes it again; nothing stays in the kernel. Never throws. */
export function examinePrograms(): ProgramFacts {
  let parts: NetworkParts | undefined;
  const counting = refusalOf('count packets in the kernel', () => {
    const accounting = NetworkAccounting.open();
    ({ parts } = accounting);
    return accounting;
  });
  return {
    counting,
    parts,
    processes: refusalOf('list processes in the kernel', () => TaskSampler.open()),
    exits: refusalOf('record ends of processes', () => ExitRecorder.open()),
    packets: refusalOf('read packets', openPacketSocket),
  };
}

/** The socket alone tells whether packets may be read: without a protocol none is given to it. */
function openPacketSocket(): { close(): void } {
  const descriptor = openSocket(AF_PACKET, SOCK_DGRAM, 0);
  if (descriptor < 0) throw new SyscallError('open packet socket', -descriptor);
  return { close: () => closeDescriptor(descriptor) };
}

function refusalOf(op: string, open: () => { close(): void }): Refusal | undefined {
  try {
    open().close();
    return undefined;
  } catch (thrown) {
    const { code, message } = toOpError(op, thrown);
    return { code, message };
  }
}
