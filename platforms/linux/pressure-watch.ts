import type { PressureWatch } from '../../src/data/sample/platform.ts';
import {
  AT_FDCWD,
  closeDescriptor,
  Errno,
  NativeBuffer,
  O_NONBLOCK,
  O_RDWR,
  openAt,
  PollEvent,
  writeFrom,
} from './libc.ts';
import { PollWake } from './poll-wake.ts';

/**
 * Triggers of PSI (Documentation/accounting/psi.rst): what is written to a file of /proc/pressure says how long some
 * task must have waited within a window for the kernel to report it. Without CAP_SYS_RESOURCE the window must be a
 * multiple of 2 s, and the kernel 6.5 or later (kernel/sched/psi.c, psi_trigger_create).
 */
const WINDOW_MICROS = 2_000_000;
/** Of the window; a busy machine has tasks that wait for the CPU all the time. */
const TRIGGERS = { cpu: 1_200_000, memory: 200_000, io: 600_000 } as const;
/** Triggers are off for this time after a report: sampling is faster for that minute. */
const REST_MILLIS = 60_000;
const TEXT_BYTES = 64;

/** Why there are no triggers, for people; undefined: the kernel takes them. Opens one and closes it again. */
export function pressureObstacle(root = '/proc/pressure'): string | undefined {
  const opened = openTriggers(root);
  if (typeof opened === 'string') return opened;
  for (const descriptor of opened) closeDescriptor(descriptor);
  return undefined;
}

/** Calls `onTrouble` when tasks of this machine wait for CPU, memory or disks, and sleeps in between. */
export class LinuxPressureWatch implements PressureWatch {
  /** One line for people; undefined: it watches. */
  readonly obstacle: string | undefined;
  readonly #onTrouble: () => void;
  readonly #triggers: readonly number[];
  readonly #wake: PollWake | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(onTrouble: () => void, root = '/proc/pressure') {
    this.#onTrouble = onTrouble;
    const opened = openTriggers(root);
    if (typeof opened === 'string') {
      this.#triggers = [];
      this.obstacle = opened;
      return;
    }
    this.#triggers = opened;
    this.#wake = new PollWake(opened, PollEvent.EXCEPTIONAL, () => this.#report());
    this.#wake.wait();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wake?.close();
    for (const descriptor of this.#triggers) closeDescriptor(descriptor);
  }

  #report(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#wake?.wait(), REST_MILLIS);
    this.#timer.unref();
    this.#onTrouble();
  }
}

/** The descriptors, or why there are none. */
function openTriggers(root: string): readonly number[] | string {
  const descriptors: number[] = [];
  for (const [resource, micros] of Object.entries(TRIGGERS)) {
    const descriptor = openAt(AT_FDCWD, NativeBuffer.ofPath(`${root}/${resource}`), O_RDWR | O_NONBLOCK);
    const written = descriptor < 0 ? descriptor : writeTrigger(descriptor, `some ${micros} ${WINDOW_MICROS}`);
    if (descriptor >= 0) descriptors.push(descriptor);
    if (written >= 0) continue;
    for (const each of descriptors) closeDescriptor(each);
    return reasonOf(-written);
  }
  return descriptors;
}

/** With the NUL at its end. Returns the bytes written or -errno. */
function writeTrigger(descriptor: number, text: string): number {
  const buffer = new NativeBuffer(TEXT_BYTES);
  const { written } = new TextEncoder().encodeInto(text, buffer.bytes);
  return writeFrom(descriptor, buffer, written + 1);
}

function reasonOf(errno: number): string {
  switch (errno) {
    case Errno.ENOENT:
    case Errno.EOPNOTSUPP:
      return 'the kernel does not measure pressure (PSI): build it with CONFIG_PSI, or start it with psi=1';
    case Errno.EACCES:
    case Errno.EPERM:
    case Errno.EINVAL:
      return 'without CAP_SYS_RESOURCE triggers of pressure (PSI) need Linux 6.5';
    default:
      return `triggers of pressure (PSI) are refused with error ${errno}`;
  }
}
