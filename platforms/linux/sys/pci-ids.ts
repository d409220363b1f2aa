import { readAttribute } from './sysfs-value.ts';

/** Where distributions keep the names of PCI devices. */
const PCI_IDS_PATHS: readonly string[] = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids'];

/**
 * The device's name in the text of pci.ids, vendor and device as four hexadecimal digits each; undefined: not there.
 *
 *   1002  Advanced Micro Devices, Inc. [AMD/ATI]
 *   	73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]
 */
export function findPciName(text: string, vendor: string, device: string): string | undefined {
  const start = text.startsWith(`${vendor}  `) ? 0 : text.indexOf(`\n${vendor}  `);
  if (start < 0) return undefined;
  const rest = text.slice(text.indexOf('\n', start + 1) + 1);
  // The vendor's devices are the lines behind its own that begin with a tab or are comments.
  const end = /^[^\t#\n]/m.exec(rest)?.index ?? rest.length;
  const name = new RegExp(`^\t${device} {2}(.+)$`, 'm').exec(rest.slice(0, end))?.[1];
  // People know a card by what stands in the brackets.
  return name === undefined ? undefined : (/\[(.+)\]\s*$/.exec(name)?.[1] ?? name);
}

/** The name of a device by its sysfs path; undefined: it is on no PCI bus, or nobody named it. */
export function readPciName(
  devicePath: string,
  paths: readonly string[] = PCI_IDS_PATHS,
): string | undefined {
  const digits = (file: string): string | undefined =>
    /^0x([0-9a-f]{4})$/.exec(readAttribute(`${devicePath}/${file}`) ?? '')?.[1];
  const [vendor, device] = [digits('vendor'), digits('device')];
  if (vendor === undefined || device === undefined) return undefined;
  for (const path of paths) {
    const text = readAttribute(path);
    const name = text === undefined ? undefined : findPciName(text, vendor, device);
    if (name !== undefined) return name;
  }
  return undefined;
}
