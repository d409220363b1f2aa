import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SOCKTOP, SSTOP } from '../../bin/testing/executables.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';

const CACHE = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));

/** A program to be started on a terminal. */
export interface Monitor {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether it is one of this project. */
  readonly isOurs: boolean;
  /** Whether it ends by itself: only its first byte is measured. */
  readonly isShort: boolean;
  /** Why it is not measured here; undefined: it is. */
  readonly obstacle: string | undefined;
}

/** Every second, as far as the program can be told; `home` has what cannot be told by arguments. */
const PEERS: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['sstop (Go)', 'sstop'],
  ['nethogs', 'nethogs', '-a', '-d', '1'],
  ['bandwhich', 'bandwhich', '-i', 'lo'],
  ['rustnet', 'rustnet', '-i', 'lo'],
  ['btop', 'btop', '--utf-force'],
  ['htop', 'htop', '-d', '10'],
  ['bottom', 'btm', '--rate', '1s'],
  ['node_exporter', 'prometheus-node-exporter'],
];

/** Ours, and the peers that are found in PATH, the bare runtime first. */
export function monitorsHere(): readonly Monitor[] {
  const own = [
    // As root the first choice, whose programs are loaded behind the first names.
    ['sstop ebpf', SSTOP, '--loopback'],
    ['sstop netlink', SSTOP, '--loopback', '--backend', 'netlink'],
    ['socktop', SOCKTOP, '--local', '--metrics-interval-ms', '1000', '--processes-interval-ms', '1000'],
  ] as const;
  return [
    { name: 'bare runtime', command: [bareRuntime()], isOurs: false, isShort: true, obstacle: undefined },
    ...own.map(([name, ...command]) => ({
      ...{ name, command, isOurs: true, isShort: false, obstacle: ownObstacle(name) },
    })),
    ...PEERS.map(([name, program, ...args]) => {
      const path = peerPath(program);
      const obstacle = path === null ? 'not installed' : undefined;
      return { name, command: [path ?? program, ...args], isOurs: false, isShort: false, obstacle };
    }),
  ];
}

/** A start as root on a machine that does not let programs be loaded has no first name. */
function ownObstacle(name: string): string | undefined {
  return name === 'sstop ebpf' && process.getuid?.() !== 0 ? 'needs root' : undefined;
}

/** In PATH, but for what this project has of the same name. */
function peerPath(program: string): string | null {
  const path = Bun.which(program);
  return path === SSTOP || path === SOCKTOP ? null : path;
}

/** The runtime alone, printing one line, compiled as the programs are. Throws OpError with the compiler's words. */
function bareRuntime(): string {
  mkdirSync(CACHE, { recursive: true });
  const [source, output] = [`${CACHE}bare.ts`, `${CACHE}bare`];
  writeFileSync(source, "process.stdout.write('one line\\n');\nprocess.exit(0);\n");
  const flags = ['--compile', '--minify', '--bytecode', '--format=esm'];
  const run = Bun.spawnSync([process.execPath, 'build', ...flags, source, '--outfile', output]);
  if (run.success) return output;
  throw new OpError({ op: 'compile bare runtime', code: 'COMPILE', message: run.stderr.toString() });
}

/** Undefined: it has ended. */
function nameOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Shorter ones stand in other words too. */
const LEAST_NAME_LENGTH = 5;

/** Names of the processes that are there, but for the monitors themselves: one of them on a screen is the first name. */
export function namesOnScreen(): RegExp {
  const names = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const name = nameOf(pid);
    if (name !== undefined) names.add(name);
  }
  const usable = [...names].filter((name) => name.length >= LEAST_NAME_LENGTH && !/top|process/i.test(name));
  return new RegExp(['idle-proc', ...usable.map((name) => RegExp.escape(name))].join('|'));
}
