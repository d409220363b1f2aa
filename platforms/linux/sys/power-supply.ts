import { join } from 'node:path';
import { BATTERY_STATES, type Battery } from '../../../src/data/schema/sensors-sample.ts';
import { NativeBuffer } from '../libc.ts';
import { KeptFile } from '../proc/kept-file.ts';
import { listDirectory } from './sysfs-value.ts';

const SUPPLIES_LIMIT = 64;
/** sysfs gives no more than a page. */
const PAGE_BYTES = 4096;
const PREFIX = 'POWER_SUPPLY_';
/** Longer than any battery lasts, or takes to be charged. */
const LONGEST_SECONDS = 30 * 24 * 3600;

const page = new NativeBuffer(PAGE_BYTES);

/**
 * A battery of /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power): `uevent` has all its properties
 * in one read.
 */
export class PowerSupply {
  readonly #name: string;
  readonly #file: KeptFile;

  constructor(sysRoot: string, name: string) {
    this.#name = name;
    this.#file = new KeptFile(join(sysRoot, 'class/power_supply', name, 'uevent'));
  }

  /** Now; undefined: it is no battery of this machine, or gone. */
  read(): Battery | undefined {
    const length = this.#file.read(page);
    if (length <= 0) return undefined;
    return batteryOf(
      this.#name,
      parseProperties(Buffer.from(page.bytes.subarray(0, length)).toString('utf8')),
    );
  }

  close(): void {
    this.#file.close();
  }
}

/** Every power supply. The caller closes their files. */
export function readPowerSupplies(sysRoot: string): PowerSupply[] {
  return listDirectory(join(sysRoot, 'class/power_supply'))
    .slice(0, SUPPLIES_LIMIT)
    .map((name) => new PowerSupply(sysRoot, name));
}

/** Without `POWER_SUPPLY_`. */
function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (line.startsWith(PREFIX) && at > 0)
      properties.set(line.slice(PREFIX.length, at), line.slice(at + 1).trim());
  }
  return properties;
}

/** The batteries of mice and the like have the scope `Device`; a bay without a battery is not present. */
function batteryOf(name: string, of: ReadonlyMap<string, string>): Battery | undefined {
  if (of.get('TYPE') !== 'Battery' || of.get('SCOPE') === 'Device' || of.get('PRESENT') === '0')
    return undefined;
  const told = numberOf(of, 'CAPACITY');
  const percent = told !== undefined && told <= 100 ? told : undefined;
  const status = of.get('STATUS')?.toLowerCase();
  const state = BATTERY_STATES.find((known) => known === status);
  const milliwatts = powerOf(of);
  return {
    name,
    percent: percent ?? shareOf(of),
    state,
    milliwatts,
    secondsLeft: secondsLeft(of, state),
  };
}

/** What is left of what it holds when full, for drivers that do not tell the percentage; undefined unknown. */
function shareOf(of: ReadonlyMap<string, string>): number | undefined {
  for (const stock of ['ENERGY', 'CHARGE']) {
    const now = numberOf(of, `${stock}_NOW`) ?? Number.NaN;
    const percent = Math.round((now / (numberOf(of, `${stock}_FULL`) ?? Number.NaN)) * 100);
    if (percent <= 100) return percent;
  }
  return undefined;
}

/** Microwatts, or microamperes times microvolts. */
function powerOf(of: ReadonlyMap<string, string>): number | undefined {
  const power = flowOf(of, 'POWER_NOW');
  if (power !== undefined) return power / 1e3;
  const [current, voltage] = [flowOf(of, 'CURRENT_NOW'), numberOf(of, 'VOLTAGE_NOW')];
  return current === undefined || voltage === undefined ? undefined : (current * voltage) / 1e9;
}

/** Until it is empty, or full where it is charged: as the driver says, else by what flows now. */
function secondsLeft(of: ReadonlyMap<string, string>, state: Battery['state']): number | undefined {
  if (state !== 'charging' && state !== 'discharging') return undefined;
  const isCharging = state === 'charging';
  const told = numberOf(of, isCharging ? 'TIME_TO_FULL_NOW' : 'TIME_TO_EMPTY_NOW');
  if (told !== undefined && told > 0 && told <= LONGEST_SECONDS) return told;
  for (const [stock, flow] of [
    ['ENERGY', 'POWER'],
    ['CHARGE', 'CURRENT'],
  ] as const) {
    const now = numberOf(of, `${stock}_NOW`);
    const rate = flowOf(of, `${flow}_NOW`);
    const full = numberOf(of, `${stock}_FULL`);
    const left = isCharging ? (full ?? Number.NaN) - (now ?? Number.NaN) : (now ?? Number.NaN);
    const seconds = Math.round((left / (rate ?? Number.NaN)) * 3600);
    if (seconds >= 0 && seconds <= LONGEST_SECONDS) return seconds;
  }
  return undefined;
}

/** A whole number that is not below zero: a driver without an answer says -1. */
function numberOf(of: ReadonlyMap<string, string>, property: string): number | undefined {
  const text = of.get(property) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What flows, without the sign that some drivers give a discharge. */
function flowOf(of: ReadonlyMap<string, string>, property: string): number | undefined {
  const digits = /^-?(\d{1,15})$/.exec(of.get(property) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
