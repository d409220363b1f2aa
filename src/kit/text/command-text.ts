const SLASH = 0x2f;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;

/** Where the program's own name begins in a command line: behind the directory that an absolute path begins with. */
function programStart(commandLine: string, end: number): number {
  return commandLine.charCodeAt(0) === SLASH ? commandLine.lastIndexOf('/', end - 1) + 1 : 0;
}

/** `name`, or as login shells (`-bash`) and those that write their own title (`sshd: ana`) have it. */
function isNamed(commandLine: string, start: number, end: number, name: string): boolean {
  const from = commandLine.charCodeAt(start) === HYPHEN ? start + 1 : start;
  const to = commandLine.charCodeAt(end - 1) === COLON ? end - 1 : end;
  return to - from === name.length && commandLine.startsWith(name, from);
}

/** What a command line says beside the process's name: no folders, and no program where the name says it. */
export function commandTail(commandLine: string, name: string): string {
  const space = commandLine.indexOf(' ');
  const end = space < 0 ? commandLine.length : space;
  const start = programStart(commandLine, end);
  if (!isNamed(commandLine, start, end, name)) return start === 0 ? commandLine : commandLine.slice(start);
  let rest = end;
  while (commandLine.charCodeAt(rest) === SPACE) rest++;
  return commandLine.slice(rest);
}
