import { describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import xterm from '@xterm/headless';
import { SOCKTOP, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

/**
 * What the kernel is asked until the first byte is on the terminal, in the words of strace(1), and that this is a whole
 * frame.
 */

const strace = Bun.which('strace');
const canTrace =
  strace !== null &&
  Bun.spawnSync([strace, '-o', '/dev/null', '--seccomp-bpf', '-f', 'true'], { stderr: 'ignore' }).success;
const COLUMNS = 120;
const ROWS = 40;

/** How a call is written down: who, what, and all it was given. */
const CALL = /^\d+\s+(\w+)\((.*)$/;
/** What the runtime itself reads while it starts: of this process, of the processors and of the memory. */
const OF_THE_RUNTIME =
  /"\/(?:proc\/self\/(?:maps|statm|cgroup|exe|fd\/\d+)|proc\/(?:meminfo|sys\/vm\/\w+)|sys\/(?:devices\/system|kernel\/mm|fs\/cgroup)\/[^"]*|etc\/(?:localtime|ld\.so\.\w+))"/;
const OF_THE_KERNEL = /"\/(?:proc|sys|etc)\b/;

interface Start {
  /** Calls before the first frame that open something of the machine. */
  readonly opened: readonly string[];
  /** The bytes of the first write to the terminal. */
  readonly frame: Buffer;
}

/** Starts a program under strace until its first sample is on the screen, or its end. */
async function traced(command: readonly string[], shown: RegExp): Promise<Start> {
  const folder = mkdtempSync(`${tmpdir()}/first-frame-`);
  const log = `${folder}/calls`;
  const options = ['-f', '--seccomp-bpf', '-xx', '-s', '200000', '-o', log];
  const calls = 'trace=open,openat,openat2,bpf,socket,perf_event_open,readlink,write,writev';
  const program = new PtyProgram([strace ?? '', ...options, '-e', calls, ...command], {
    ...{ columns: COLUMNS, rows: ROWS, environment: { HOME: folder, COLORTERM: 'truecolor' } },
  });
  try {
    await program.waitFor(shown);
    program.key('q');
    await program.exited();
    return startOf(readFileSync(log, 'latin1'));
  } finally {
    await program.close();
    rmSync(folder, { recursive: true });
  }
}

function startOf(log: string): Start {
  const opened: string[] = [];
  for (const line of log.split('\n')) {
    const [, call = '', given = ''] = CALL.exec(line) ?? [];
    const readable = decoded(given).toString('latin1');
    if (call.startsWith('write') && readable.includes('\x1b[?1049h')) {
      const hex = /"((?:\\x[0-9a-f]{2})*)"/.exec(given)?.[1] ?? '';
      return { opened, frame: decoded(hex) };
    }
    const isOfMachine = OF_THE_KERNEL.test(readable) && !OF_THE_RUNTIME.test(readable);
    const isOfKernel = call === 'bpf' || call === 'perf_event_open' || /^AF_(?!UNIX)/.test(readable);
    if (!call.startsWith('write') && (isOfMachine || isOfKernel)) opened.push(`${call}(${readable}`);
  }
  throw new Error('no frame was written');
}

/** strace's `\x41` as bytes. */
function decoded(text: string): Buffer {
  const plain = text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

async function screenOf(frame: Buffer): Promise<string[]> {
  const emulator = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  await new Promise<void>((resolve) => emulator.write(frame, resolve));
  const lines = Array.from({ length: ROWS }, (_, y) => {
    return emulator.buffer.active.getLine(y)?.translateToString(true) ?? '';
  });
  emulator.dispose();
  return lines;
}

describe.skipIf(!canTrace)('the first frame (needs strace)', () => {
  test.each(['auto', 'ebpf', 'netlink', 'packet', 'proc'])(
    'of sstop by %s is whole, and before anything of the kernel is opened',
    async (backend) => {
      // A tier that cannot run here ends the program, after its first frame.
      const { opened, frame } = await traced([SSTOP, '--backend', backend], /UPLOAD|sstop:/);
      expect(opened).toEqual([]);
      const lines = await screenOf(frame);
      expect(lines[0]).toContain('sstop');
      expect(lines[0]).toContain(hostname());
      expect(lines.join('\n')).toMatch(/PID .*PROCESS.*UPLOAD\/s.*DOWNLOAD\/s/);
      expect(lines.join('\n')).toContain('First sample under way');
      expect(lines.at(-1)).toContain('q quit');
    },
  );

  test('of socktop --local is whole, and before anything of the kernel is opened', async () => {
    const { opened, frame } = await traced([SOCKTOP, '--local'], /PID/);
    expect(opened).toEqual([]);
    const lines = await screenOf(frame);
    expect(lines[0]).toContain(hostname());
    expect(lines.join('\n')).toMatch(/CPU[\s\S]*Memory[\s\S]*PID .*CPU/);
    expect(lines.at(-1)).toContain('q quit');
  });
});
