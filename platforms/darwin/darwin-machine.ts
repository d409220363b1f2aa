import { cpus, loadavg, totalmem, uptime } from 'node:os';
import type { MachineProcesses } from '../../src/data/sample/machine-processes.ts';
import type { MachineSection } from '../../src/data/sample/machine-section.ts';
import type { MachineCollector } from '../../src/data/sample/platform.ts';
import type { ProcessDetailSection } from '../../src/data/sample/process-detail-section.ts';
import type { Slice } from '../../src/data/sample/slice.ts';
import { type ProcessesWant, sectionError } from '../../src/data/sample/snapshot.ts';
import { CPU, CPU_TOTAL_ROW, type CpuSample, CpuTable } from '../../src/data/schema/cpu-sample.ts';
import type { DisksSection } from '../../src/data/schema/disks-section.ts';
import type { MemorySample } from '../../src/data/schema/memory-sample.ts';
import { unknownRecord } from '../../src/data/schema/record.ts';
import type { Part } from '../../src/data/schema/section-facts.ts';
import { sectionFacts } from '../../src/data/schema/section-facts.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import type { Commands } from './commands.ts';
import type { Host } from './darwin-host.ts';
import { InterfaceCollector } from './darwin-interfaces.ts';
import { ProcessSections } from './darwin-processes.ts';
import { fileSystemsOf, type MountFact, parseMounts, parseStatfs, STATFS64 } from './mounted-volumes.ts';
import type { ProcessList } from './process-list.ts';
import type { LazyLibrary } from './system-library.ts';
import {
  memorySampleOf,
  pageCountsOf,
  parseSwapUsage,
  parseVmStat,
  swapUsageOf,
  VM_STATISTICS64,
} from './vm-statistics.ts';

interface MachineParts {
  readonly commands: Commands;
  readonly library: LazyLibrary;
  readonly host: Host;
  readonly list: ProcessList;
}

/** The runtime tells CPU time in milliseconds (host_processor_info, PROCESSOR_CPU_LOAD_INFO). */
const CPU_TICKS_PER_SECOND = 1000;
/** mach/host_info.h. */
const HOST_VM_INFO64 = 4;

/** This Mac, section by section. Sensors and GPUs are not read. */
export class DarwinMachine implements MachineCollector {
  readonly #parts: MachineParts;
  readonly #interfaces: InterfaceCollector;
  readonly #processes: ProcessSections;
  readonly #times = new CpuTable();
  readonly #memory = new Uint8Array(VM_STATISTICS64.size);
  #pageBytes = 0;
  #sequence = 0;
  #diskSequence = 0;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.#interfaces = new InterfaceCollector(parts.commands, parts.library);
    this.#processes = new ProcessSections(parts.list, parts.host);
  }

  async collectMachine(): Promise<MachineSection> {
    const { host } = this.#parts;
    const started = host.monotonicMicros();
    const [cpu, memory, networks] = await Promise.all([
      this.#part('collect CPU', async () => this.#readCpu()),
      this.#part('collect memory', () => this.#readMemory()),
      this.#part('collect networks', async () => {
        await this.#interfaces.collect();
        return this.#interfaces.table;
      }),
    ]);
    const [sensors, gpus] = [this.#nothing(), this.#nothing()];
    return {
      ...sectionFacts(++this.#sequence, started, host.monotonicMicros()),
      errors: [cpu, memory, networks].flatMap(({ error }) => error ?? []),
      ...{ cpu, memory, networks, sensors, gpus },
    };
  }

  async collectDisks(): Promise<DisksSection> {
    const { host } = this.#parts;
    const started = host.monotonicMicros();
    const fileSystems = fileSystemsOf(await this.#readMounts());
    const facts = sectionFacts(++this.#diskSequence, started, host.monotonicMicros());
    return { ...facts, fileSystems, devices: [] };
  }

  collectProcesses(want: ProcessesWant, slice: Slice): Promise<MachineProcesses> {
    return this.#processes.collect(want, slice);
  }

  collectProcess(pid: number, slice: Slice): Promise<ProcessDetailSection> {
    return this.#processes.collectOne(pid, slice);
  }

  collectJournal(): Promise<never> {
    const message = 'macOS has no journal; see Console, or log show --process';
    return Promise.reject(new OpError({ op: 'read journal', code: 'ENOTSUP', message }));
  }

  close(): void {}

  #readCpu(): CpuSample {
    const cores = cpus();
    if (cores.length === 0) throw new OpError({ op: 'collect CPU', code: 'EMPTY' });
    const times = this.#times;
    times.count = 1;
    const modes = ['user', 'nice', 'system', 'idle'] as const;
    for (const mode of modes) times[mode][CPU_TOTAL_ROW] = 0;
    for (const [core, { times: spent }] of cores.entries()) {
      const row = times.rowOf(core);
      if (row < 0) break;
      times.isOnline[row] = 1;
      for (const mode of modes) {
        const value = spent[mode === 'system' ? 'sys' : mode];
        times[mode][row] = value;
        times[mode][CPU_TOTAL_ROW]! += value;
      }
    }
    const [load1, load5, load15] = loadavg();
    return {
      ...unknownRecord(CPU),
      ...{ times, ticksPerSecond: CPU_TICKS_PER_SECOND, onlineCount: cores.length },
      ...{ modelName: cores[0]?.model || undefined, load1, load5, load15, uptimeSeconds: uptime() },
    };
  }

  async #readMemory(): Promise<MemorySample> {
    const { library, commands } = this.#parts;
    const opened = library.get();
    if (opened !== undefined) {
      if (this.#pageBytes === 0) this.#pageBytes = wordOf(opened.sysctlByName('hw.pagesize'));
      const words = opened.hostStatistics(HOST_VM_INFO64, this.#memory);
      const pages = pageCountsOf(new DataView(this.#memory.buffer), words, this.#pageBytes);
      if (pages === undefined) throw new OpError({ op: 'host_statistics64', code: 'TRUNCATED' });
      return memorySampleOf(totalmem(), pages, swapUsageOf(viewOf(opened.sysctlByName('vm.swapusage'))));
    }
    const [pagesText, swapText] = await Promise.all([
      commands.run('vm_stat', []),
      commands.run('sysctl', ['-n', 'hw.memsize', 'vm.swapusage']),
    ]);
    const pages = parseVmStat(pagesText);
    if (pages === undefined) {
      throw new OpError({ op: 'read vm_stat', code: 'BAD_VALUE', message: 'vm_stat printed no page size' });
    }
    const memorySize = Number(/^\d{6,18}$/m.exec(swapText)?.[0] ?? Number.NaN);
    return memorySampleOf(memorySize, pages, parseSwapUsage(swapText));
  }

  async #readMounts(): Promise<readonly MountFact[]> {
    const { library, commands } = this.#parts;
    const opened = library.get();
    if (opened !== undefined) return parseStatfs(opened.fileSystems(STATFS64.size));
    // Neither asks a file system: both say what the kernel knows (MNT_NOWAIT).
    const [mounts, spaces] = await Promise.all([commands.run('mount', []), commands.run('df', ['-kn'])]);
    return parseMounts(mounts, spaces);
  }

  /** Runs one collector, which fails alone. */
  async #part<T>(op: string, collect: () => Promise<T>): Promise<Part<T>> {
    const { host } = this.#parts;
    const monotonicMicros = host.monotonicMicros();
    const timed = () => ({ monotonicMicros, durationMicros: host.monotonicMicros() - monotonicMicros });
    try {
      return { value: await collect(), error: undefined, ...timed() };
    } catch (thrown) {
      return { value: undefined, error: sectionError(op, thrown), ...timed() };
    }
  }

  #nothing(): Part<never> {
    const monotonicMicros = this.#parts.host.monotonicMicros();
    return { value: undefined, error: undefined, monotonicMicros, durationMicros: 0 };
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number of 32 or 64 bits; NaN: neither. */
function wordOf(bytes: Uint8Array): number {
  if (bytes.length < 4) return Number.NaN;
  return viewOf(bytes).getUint32(0, true);
}
