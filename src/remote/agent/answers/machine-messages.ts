import { addressText } from '../../../data/sample/address-text.ts';
import type { CpuSample, CpuTable } from '../../../data/sample/cpu-sample.ts';
import type { InterfaceTable } from '../../../data/sample/interface-table.ts';
import type { Part } from '../../../data/sample/machine-section.ts';
import type { DisksMessage } from '../../wire/disks-message.ts';
import type {
  CpuMessage,
  CpuTimesMessage,
  InterfaceMessage,
  MachineMessage,
  MessagePart,
} from '../../wire/machine-message.ts';
import type { DisksSample, MachineSample } from '../samples/machine-samples.ts';

/** A sample of the machine as `socktop.v2` tells it. Borrowed like the sample: to be written at once. */
export function machineMessageOf({
  header,
  section,
}: Pick<MachineSample, 'header' | 'section'>): MachineMessage {
  return {
    header,
    section,
    cpu: partOf(section.cpu, cpuOf),
    memory: section.memory,
    networks: partOf(section.networks, interfacesOf),
    sensors: section.sensors,
    gpus: section.gpus,
  };
}

/** File systems and devices as `socktop.v2` tells them. */
export function disksMessageOf({ header, section }: Pick<DisksSample, 'header' | 'section'>): DisksMessage {
  return {
    header,
    section,
    fileSystems: section.fileSystems.map((fileSystem) => ({
      ...fileSystem,
      deviceName: fileSystem.device?.name,
    })),
    devices: section.devices,
  };
}

function partOf<T, M>(part: Part<T>, make: (value: T) => M): MessagePart<M> {
  return { ...part, value: part.value === undefined ? undefined : make(part.value) };
}

function cpuOf(cpu: CpuSample): CpuMessage {
  return { ...cpu, times: timesOf(cpu.times) };
}

/** The rows in use. */
function timesOf(times: CpuTable): CpuTimesMessage {
  const { count } = times;
  return {
    user: times.user.subarray(0, count),
    nice: times.nice.subarray(0, count),
    system: times.system.subarray(0, count),
    idle: times.idle.subarray(0, count),
    iowait: times.iowait.subarray(0, count),
    irq: times.irq.subarray(0, count),
    softirq: times.softirq.subarray(0, count),
    steal: times.steal.subarray(0, count),
    guest: times.guest.subarray(0, count),
    frequencyHz: times.frequencyHz.subarray(0, count),
    isOnline: times.isOnline.subarray(0, count),
  };
}

function interfacesOf(table: InterfaceTable): InterfaceMessage[] {
  const addresses = addressesByInterface(table);
  return Array.from(table.slots.rows.subarray(0, table.slots.count), (slot) => ({
    index: table.index[slot],
    name: table.names[slot] ?? '',
    rxBytes: table.rxBytes[slot],
    txBytes: table.txBytes[slot],
    rxPackets: table.rxPackets[slot],
    txPackets: table.txPackets[slot],
    rxErrors: table.rxErrors[slot],
    txErrors: table.txErrors[slot],
    rxDropped: table.rxDropped[slot],
    txDropped: table.txDropped[slot],
    isLoopback: table.isLoopback[slot] === 1,
    isUplink: table.isUplink[slot] === 1,
    isUp: table.isUp[slot] === 1,
    linkBitsPerSecond: table.linkBitsPerSecond[slot],
    mtuBytes: table.mtuBytes[slot] || undefined,
    operationalState: table.operationalStates[slot],
    hardwareAddress: table.hardwareAddresses[slot],
    addresses: addresses.get(table.index[slot]!) ?? [],
  }));
}

/** Addresses as text, by ifindex. */
function addressesByInterface({
  addresses: { slots: addresses, interfaceIndex },
}: InterfaceTable): Map<number, string[]> {
  const texts = new Map<number, string[]>();
  const words = new Uint32Array(4);
  for (let i = 0; i < addresses.count; i++) {
    const slot = addresses.rows[i]!;
    const index = interfaceIndex[slot]!;
    for (const word of [0, 1, 2, 3] as const) words[word] = addresses.keyWord(slot, word);
    const known = texts.get(index);
    if (known === undefined) texts.set(index, [addressText(words, 0)]);
    else known.push(addressText(words, 0));
  }
  return texts;
}
