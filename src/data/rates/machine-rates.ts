import type { MachineSection } from '../sample/machine-section.ts';
import type { DisksSection } from '../schema/disks-section.ts';
import { CpuRates } from './cpu-rates.ts';
import { DiskRates } from './disk-rates.ts';
import { GpuRates } from './gpu-rates.ts';
import { InterfaceRates } from './interface-rates.ts';
import { SampleHistory } from './sample-history.ts';

/** Everything about a machine that its counters tell only over time, with the past that charts show. */
export class MachineRates {
  readonly cpu = new CpuRates();
  readonly interfaces = new InterfaceRates();
  readonly disks = new DiskRates();
  readonly gpus = new GpuRates();
  /** Used memory, percent. */
  readonly memory = new SampleHistory();
  #sequence = Number.NaN;
  #disksSequence = Number.NaN;

  /** Takes a section of a machine; one that was seen before changes nothing. */
  update(section: MachineSection): void {
    if (section.sequence === this.#sequence) return;
    this.#sequence = section.sequence;
    const { cpu, networks, memory, gpus } = section;
    if (cpu.value !== undefined) this.cpu.update(cpu.value.times);
    if (networks.value !== undefined) this.interfaces.update(networks.value, networks.monotonicMicros);
    if (gpus.value !== undefined) this.gpus.update(gpus.value, gpus.monotonicMicros);
    const { usedBytes = Number.NaN, totalBytes = Number.NaN } = memory.value ?? {};
    this.memory.push((usedBytes / totalBytes) * 100);
  }

  updateDisks(section: DisksSection): void {
    if (section.sequence === this.#disksSequence) return;
    this.#disksSequence = section.sequence;
    this.disks.update(section.devices, section.monotonicMicros);
  }

  /** Counting begins anew (another boot, a pause, a connection that was lost): the next samples are the first again. */
  rebase(): void {
    this.cpu.rebase();
    this.interfaces.rebase();
    this.disks.rebase();
    this.gpus.rebase();
    this.#sequence = Number.NaN;
    this.#disksSequence = Number.NaN;
  }
}
