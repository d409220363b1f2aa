import { mkdirSync, writeFileSync } from 'node:fs';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { type CommandName, Commands } from './commands.ts';
import { STATFS64 } from './mounted-volumes.ts';
import { PS_ARGUMENTS } from './ps.ts';
import { LazyLibrary } from './system-library.ts';

/**
 * On a Mac: writes what its programs print and what its kernel answers into a folder, to be kept as captures. What
 * fails leaves the reason in its file.
 */
const folder = process.argv[2] ?? 'captures';
const commands = new Commands();
const library = new LazyLibrary();
mkdirSync(folder, { recursive: true });

const RUNS: readonly (readonly [file: string, name: CommandName, args: readonly string[]])[] = [
  ['ps', 'ps', PS_ARGUMENTS],
  ['ps-args', 'ps', ['-axww', '-o', 'pid=', '-o', 'args=']],
  ['ps-users', 'ps', ['-axww', '-o', 'uid=', '-o', 'user=']],
  ['netstat-anblvW', 'netstat', ['-anblvW']],
  ['netstat-anbv', 'netstat', ['-anbv']],
  ['netstat-anb', 'netstat', ['-anb']],
  ['netstat-ibn', 'netstat', ['-ibn']],
  ['ifconfig-l', 'ifconfig', ['-l']],
  ['nettop', 'nettop', ['-n', '-x', '-L', '3', '-s', '1']],
  ['lsof', 'lsof', ['-nP', '-i', '-F', 'ptPn']],
  ['vm_stat', 'vm_stat', []],
  ['sysctl', 'sysctl', ['-n', 'hw.memsize', 'vm.swapusage']],
  ['mount', 'mount', []],
  ['df', 'df', ['-kn']],
];
for (const [file, name, args] of RUNS) {
  const text = await commands.run(name, args).catch((thrown: unknown) => toOpError(name, thrown).message);
  writeFileSync(`${folder}/${file}.txt`, text);
}

const ANSWERS: Readonly<Record<string, () => Uint8Array | undefined>> = {
  'tcp-pcblist_n': () => library.get()?.sysctlByName('net.inet.tcp.pcblist_n'),
  'udp-pcblist_n': () => library.get()?.sysctlByName('net.inet.udp.pcblist_n'),
  iflist2: () => library.get()?.sysctl('NET_RT_IFLIST2', [4, 17, 0, 0, 6, 0]),
  getfsstat: () => library.get()?.fileSystems(STATFS64.size),
  boottime: () => library.get()?.sysctlByName('kern.boottime'),
};
for (const [file, ask] of Object.entries(ANSWERS)) {
  try {
    writeFileSync(`${folder}/${file}.bin`, ask() ?? 'no library');
  } catch (thrown) {
    writeFileSync(`${folder}/${file}.txt`, toOpError(file, thrown).message);
  }
}
