import type { GpuEngineUse } from '../../../src/data/schema/gpu-sample.ts';
import { decodeText } from './text-scanner.ts';

/** A process's open connection to a GPU, as the driver describes it (Documentation/gpu/drm-usage-stats.rst). */
export type DrmClient = Readonly<NonNullable<ReturnType<typeof parseDrmClient>>>;

const FDINFO_LIMIT = 16 * 1024;
const ENGINES_LIMIT = 32;
const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/**
 * /proc/PID/fdinfo/FD of a DRM device; undefined where it is none. Keys are ended by a colon:
 *
 *   drm-driver:	i915              drm-engine-render:	9288864723 ns       drm-cycles-rcs:	28257900
 *   drm-pdev:	0000:00:02.0          drm-engine-capacity-video:	2           drm-total-cycles-rcs:	7655183225
 *   drm-client-id:	6                 drm-resident-system0:	120 MiB
 */
export function parseDrmClient(bytes: Uint8Array, length: number) {
  const end = Math.min(length, bytes.length, FDINFO_LIMIT);
  const fields = new Map<string, string>();
  for (const line of decodeText(bytes.subarray(0, end)).split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.startsWith('drm-')) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const driver = fields.get('drm-driver');
  const clientId = Number(fields.get('drm-client-id') ?? Number.NaN);
  if (driver === undefined || !Number.isSafeInteger(clientId)) return undefined;
  return {
    driver,
    /** PCI address; undefined: the GPU is on no PCI bus. */
    pciAddress: fields.get('drm-pdev')?.toLowerCase(),
    /** One number for all descriptors and processes that share the connection. */
    clientId,
    /** On the card where it has memory of its own, else in the machine's. */
    memoryBytes: memoryOf(fields),
    engines: enginesOf(fields),
  };
}

function enginesOf(fields: ReadonlyMap<string, string>): GpuEngineUse[] {
  const engines: GpuEngineUse[] = [];
  for (const [key, value] of fields) {
    if (engines.length >= ENGINES_LIMIT) break;
    const engine = /^drm-(?:engine|cycles)-(?!capacity-)(.+)$/.exec(key)?.[1];
    if (engine === undefined) continue;
    const isCycles = key.startsWith('drm-cycles-');
    const total = numberOf(fields.get(`drm-total-cycles-${engine}`), '');
    const busy = numberOf(value, isCycles ? '' : 'ns');
    // Cycles are useless without the total cycles; some drivers also print nanoseconds.
    if (busy === undefined || (isCycles && total === undefined)) continue;
    const capacity = numberOf(fields.get(`drm-engine-capacity-${engine}`), '') ?? 1;
    engines.push({ engine, busy, total: isCycles ? total : undefined, capacity });
  }
  return engines;
}

/** Resident memory if reported, else total memory; device memory before system memory. */
function memoryOf(fields: ReadonlyMap<string, string>): number | undefined {
  for (const kind of ['resident', 'memory', 'total']) {
    const regions = [...fields].filter(([key]) => key.startsWith(`drm-${kind}-`));
    const own = regions.filter(([key]) => /-(vram|local|memory)\d*$/.test(key));
    const bytes = (own.length > 0 ? own : regions).flatMap(([, value]) => bytesOf(value) ?? []);
    if (bytes.length > 0) return bytes.reduce((sum, each) => sum + each, 0);
  }
  return undefined;
}

function bytesOf(value: string): number | undefined {
  const match = /^(\d{1,15})(?: (\w+))?$/.exec(value);
  const unit = UNITS[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

function numberOf(value: string | undefined, unit: string): number | undefined {
  const match = /^(\d{1,20})(?: (\w+))?$/.exec(value ?? '');
  if (match === null || (match[2] ?? '') !== unit) return undefined;
  const number = Number(match[1]);
  return Number.isSafeInteger(number) ? number : undefined;
}
