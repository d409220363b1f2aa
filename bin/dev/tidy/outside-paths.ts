import { isTestOrBench } from './import-table.ts';
import { readSource, type SourceText } from './source-text.ts';

/**
 * Who below platforms/ touches files, and which. A file system whose disk, server or daemon is gone holds up whoever
 * touches it, so the main thread does so in /proc and /sys alone: mount points are asked in a process beside
 * (platforms/linux/guarded/). What stands here with another path reads the system's own files, without which this
 * program could not have been started, and never a path that somebody else has named.
 */
const TOUCHING: Readonly<Record<string, string>> = {
  'platforms/linux/guarded/file-system-helper.ts': 'the process beside',
  'platforms/linux/guarded/container-files.ts': 'the same: files of those who run containers',
  'platforms/linux/libc.ts': '/proc/self/maps, and the C library that this process has mapped',
  'platforms/linux/child-program.ts': 'whether a program of the system is there',
  'platforms/linux/processes/users.ts': 'names of the program that is started',
  'platforms/linux/sys/drm.ts': 'the names of PCI devices, below /usr/share',
  'platforms/linux/nvml/library.ts': 'whether the library of the NVIDIA driver is there',
  'platforms/linux/machine/gpus.ts': '/dev/dxg',
  'platforms/linux/doctor/doctor.ts': 'the examination: this executable, and marks of containers below /run',
  'platforms/linux/privileges.ts': 'the examination: the capabilities of this executable',
  'platforms/linux/doctor/doctor-facts.ts':
    'the examination: /proc, /sys, and marks of containers below /run',
  'platforms/linux/program-text.ts':
    '/proc/self, and this executable, whose pages are read from there all the time',
  'platforms/linux/handed-programs.ts': '/proc/self',
  'platforms/linux/privilege-drop.ts': '/proc/sys',
  'platforms/linux/pressure-watch.ts': '/proc/pressure',
  'platforms/linux/proc/': '/proc',
  'platforms/linux/sys/': '/sys',
  'platforms/linux/bpf/': '/proc, /sys',
  'platforms/linux/sockets/sockets-proc.ts': '/proc/net',
  'platforms/linux/process/process-detail-reader.ts': '/proc',
  'platforms/linux/process/group-waits.ts': '/proc, /sys/fs/cgroup',
  'platforms/linux/machine/control-group-collector.ts': '/sys/fs/cgroup',
  'platforms/linux/process/journal.ts': 'names of the program that is started',
};

const TOUCHES =
  /\b(open|read|readFile|readdir|opendir|stat|lstat|statfs|exists|access|realpath|readlink)(Sync)?\b(?=[^{}]*\}\s*from\b)|\b(openAt|readExtendedAttribute|fileSystemStatistics|readFileSystemSpace)\s*\(|\bBun\s*\.\s*file\b/g;
/** A string that is a path of the system, but none below /proc or /sys, and not only the beginning of one. */
const OUTSIDE = /^(['"`])\/(?!proc\b|sys\b)[a-z][\w-]*\/[^'"`]*[^'"`/]\1/;

/** Places of a source that touch files without standing in the table, as indices with what is wrong. */
export function checkOutsidePaths(
  path: string,
  source: string,
  text: SourceText = readSource(source),
): { readonly index: number; readonly what: string }[] {
  if (!path.startsWith('platforms/linux/') || isTestOrBench(path) || ownerOf(path) !== undefined) return [];
  return touches(source, text).map((index) => ({
    index,
    what: 'a file outside /proc and /sys touched, or one that bin/dev/tidy/outside-paths.ts does not know of',
  }));
}

/** Lines of the table that nothing needs any more. */
export function unneededOwners(sources: ReadonlyMap<string, string>): string[] {
  const needed = new Set<string>();
  for (const [path, source] of sources) {
    const owner = ownerOf(path);
    if (owner !== undefined && touches(source, readSource(source)).length > 0) needed.add(owner);
  }
  return Object.keys(TOUCHING).filter((owner) => !needed.has(owner));
}

function ownerOf(path: string): string | undefined {
  if (TOUCHING[path] !== undefined) return path;
  return Object.keys(TOUCHING).find((owner) => owner.endsWith('/') && path.startsWith(owner));
}

function touches(source: string, text: SourceText): number[] {
  const calls = Array.from(text.code.matchAll(TOUCHES), ({ index }) => index);
  const strings = Array.from(text.code.matchAll(/['"`]/g), ({ index }) => index).filter((index) =>
    OUTSIDE.test(source.slice(index, index + 128)),
  );
  return [...calls, ...strings];
}
