import { dirname } from 'node:path';
import { type HwmonChip, type HwmonTemperature, readHwmonChips } from '../sys/hwmon.ts';

/** Drivers that measure drives. */
const DRIVE_CHIPS = new Set(['nvme', 'drivetemp', 'mmc']);

/** Temperatures of drives, found by the device that a hwmon chip belongs to. */
export class DriveTemperatures {
  readonly #sysRoot: string;
  #chips: readonly HwmonChip[] = [];

  constructor(sysRoot: string) {
    this.#sysRoot = sysRoot;
  }

  /** Drives or modules came or went. */
  scan(): void {
    this.close();
    this.#chips = readHwmonChips(this.#sysRoot).filter(({ name }) => DRIVE_CHIPS.has(name));
  }

  /** Degrees of the hottest of the drives with these device paths; undefined: none of them tells. */
  read(drivePaths: readonly string[]): number | undefined {
    let hottest: number | undefined;
    for (const path of drivePaths) {
      const celsius = this.#sensorOf(path)?.read();
      if (celsius !== undefined && (hottest === undefined || celsius > hottest)) hottest = celsius;
    }
    return hottest;
  }

  close(): void {
    for (const chip of this.#chips) chip.close();
    this.#chips = [];
  }

  /** The first input is the drive as a whole (`Composite` of NVMe); the others are places in it. */
  #sensorOf(drivePath: string): HwmonTemperature | undefined {
    const chip = this.#chips.find(
      ({ name, devicePath }) =>
        devicePath === drivePath ||
        // Until 5.15 the chip of an NVMe drive belonged to the controller's PCI device.
        (name === 'nvme' && devicePath === dirname(dirname(drivePath))),
    );
    return chip?.temperatures[0];
  }
}
