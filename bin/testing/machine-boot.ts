import { OpError } from '../../src/kit/errors/op-error.ts';
import type { MachineImage } from './machine-image.ts';
import { type MachineLine, parseMachineLine } from './machine-report.ts';
import { ARCHITECTURES, type Architecture } from './machine-tools.ts';
import { linesOf } from './traffic.ts';

const MEMORY_MEGABYTES = 1024;
const PROCESSORS = 2;
/** Enough of the console to see what went wrong. */
const TRANSCRIPT_LINES = 60;

/** Emulated whether or not the hardware could do it, so that it is the same everywhere. */
const COMMON = [
  ...['-accel', 'tcg,thread=multi', '-m', `${MEMORY_MEGABYTES}`, '-smp', `${PROCESSORS}`],
  ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
];
const BOARDS: Readonly<Record<Architecture, { readonly options: string[]; readonly console: string }>> = {
  amd64: { options: ['-machine', 'q35', '-cpu', 'max'], console: 'ttyS0' },
  arm64: { options: ['-machine', 'virt', '-cpu', 'cortex-a72'], console: 'ttyAMA0' },
};

/** What a machine said before it went off. */
export interface MachineRun {
  readonly lines: readonly MachineLine[];
  /** The end of its console, without the lines. */
  readonly console: readonly string[];
}

/**
 * Starts the machine and hands on what it says until it goes off. Rejects with `MACHINE` and the end of its console
 * where it does not finish in time.
 */
export async function bootMachine(image: MachineImage, limitMillis: number): Promise<MachineRun> {
  const board = BOARDS[image.architecture];
  // A kernel that panics restarts at once, which -no-reboot takes for the end.
  const append = `console=${board.console} loglevel=1 panic=-1 random.trust_cpu=on random.trust_bootloader=on`;
  const machine = Bun.spawn(
    [
      ...[ARCHITECTURES[image.architecture].emulator, ...COMMON, ...board.options],
      ...['-kernel', image.kernel, '-initrd', image.initramfs, '-append', append],
    ],
    { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
  );
  const timer = setTimeout(() => machine.kill('SIGKILL'), limitMillis);
  const lines: MachineLine[] = [];
  const transcript: string[] = [];
  try {
    for await (const text of linesOf(machine.stdout)) {
      const line = parseMachineLine(text.trimEnd());
      if (line === undefined) transcript.push(text.trimEnd());
      else lines.push(line);
      if (transcript.length > TRANSCRIPT_LINES) transcript.shift();
    }
    await machine.exited;
  } finally {
    clearTimeout(timer);
    machine.kill('SIGKILL');
  }
  if (lines.at(-1)?.kind === 'finished') return { lines, console: transcript };
  const message = [`the machine did not finish; the end of its console:`, ...transcript].join('\n');
  throw new OpError({ op: 'run a machine', code: 'MACHINE', message });
}
