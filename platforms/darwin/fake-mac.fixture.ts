import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TESTDATA = fileURLToPath(new URL('testdata/', import.meta.url));

/** A capture as text. */
export function capture(name: string): string {
  return readFileSync(`${TESTDATA}${name}`, 'utf8');
}

/** What the programs of a Mac print; those of processes by the columns that they are asked for. */
export interface FakeMac {
  readonly ps: string;
  readonly psArgs: string;
  readonly psUsers: string;
  readonly netstatSockets: string;
  readonly netstatInterfaces: string;
  readonly nettop: string;
  readonly lsof: string;
  readonly others: Readonly<Record<string, string>>;
}

export const MACOS_14: FakeMac = {
  ps: capture('macos-14-ps.txt'),
  psArgs: capture('macos-14-ps-args.txt'),
  psUsers: capture('macos-14-ps-users.txt'),
  netstatSockets: capture('macos-14-netstat-anbv.txt'),
  netstatInterfaces: capture('macos-15-netstat-ibn.txt'),
  nettop: capture('macos-14-nettop.csv'),
  lsof: capture('macos-14-lsof.txt'),
  others: {
    df: capture('macos-14-df.txt'),
    mount: capture('macos-14-mount.txt'),
    ifconfig: 'lo0 gif0 en0 utun4\n',
    sysctl: capture('macos-14-sysctl.txt'),
    vm_stat: capture('macos-14-vm_stat.txt'),
  },
};

/**
 * Writes programs that print what is given, by the names of those of macOS, into a folder. nettop goes on, with two
 * samples a second in which every figure of Microsoft Edge's first connection has grown by 100,000.
 */
export function writeFakeMac(folder: string, mac: FakeMac): void {
  const program = (name: string, script: string): void => {
    writeFileSync(`${folder}/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${folder}/${name}`, 0o755);
  };
  const text = (name: string, content: string): string => {
    writeFileSync(`${folder}/${name}.txt`, content);
    return `cat '${folder}/${name}.txt'`;
  };
  const listing = text('ps', mac.ps);
  const [args, users] = [text('ps-args', mac.psArgs), text('ps-users', mac.psUsers)];
  program('ps', `case "$*" in *args=*) ${args};; *user=*) ${users};; *) ${listing};; esac`);
  const [interfaces, sockets] = [text('ibn', mac.netstatInterfaces), text('anbv', mac.netstatSockets)];
  program('netstat', `case "$*" in -ibn) ${interfaces};; *) ${sockets};; esac`);
  text('nettop', mac.nettop);
  const grown = `s/Established,27201,31090/Established,$((27201 + n * 100000)),$((31090 + n * 100000))/`;
  program(
    'nettop',
    `n=0; while :; do sed "${grown}" '${folder}/nettop.txt' || exit; n=$((n + 1)); sleep 0.5; done`,
  );
  program('lsof', text('lsof', mac.lsof));
  for (const [name, content] of Object.entries(mac.others)) program(name, text(name, content));
}
