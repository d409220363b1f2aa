// Says what an ordinary user sees of a process of another user's, and of its own.
import { LinuxMachine } from '../machine/machine.ts';
import { WHOLE_SLICE } from './loopback.ts';

const others = Number(process.argv[2]);
const machine = new LinuxMachine({ gpus: false });
const { processes, usage } = await machine.collectProcesses(
  { visiblePids: [others, process.pid], columns: ['readBytes'] },
  WHOLE_SLICE,
);
const slot = processes.find(others);
const own = processes.find(process.pid);
const detail = await machine.collectProcess(others, WHOLE_SLICE);
const section = await machine.collectMachine();
process.stdout.write(
  `${JSON.stringify({
    isOthersIoUnknown: Number.isNaN(usage.readBytes[slot]),
    isOthersMemoryKnown: (detail.process.sharedBytes ?? 0) > 0,
    isOwnIoKnown: usage.readBytes[own]! >= 0,
    hasCpuTime: detail.process.cpuNanos > 0,
    threads: detail.threads.length,
    process: detail.process,
    errors: [...section.errors, ...(await machine.collectDisks()).errors],
  })}\n`,
);
process.exit(0);
