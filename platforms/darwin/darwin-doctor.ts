import { release } from 'node:os';
import { COUNTED_BY } from '../../src/data/sample/network-sample.ts';
import type { DoctorEntry, DoctorSection, TierReport } from '../../src/data/sample/platform.ts';
import { sanitizeLine } from '../../src/kit/text/sanitize.ts';
import { type CommandName, Commands } from './commands.ts';
import { DarwinPlatform } from './darwin-platform.ts';
import { LazyLibrary } from './system-library.ts';

/** What each program is asked for. */
const USES: Readonly<Record<CommandName, string>> = {
  ps: 'processes of all users, with their CPU time and memory',
  nettop: 'the tier nettop',
  netstat: 'the tier netstat, and interfaces where the C library cannot be opened',
  lsof: 'processes of sockets where netstat does not name them',
  ifconfig: 'names of interfaces that netstat truncates',
  vm_stat: 'memory where the C library cannot be opened',
  sysctl: 'swap where the C library cannot be opened',
  mount: 'file systems where the C library cannot be opened',
  df: 'their space',
};

/** What `--doctor` has found. */
interface DarwinExamination {
  readonly tiers: readonly TierReport[];
  /** Why the C library cannot be asked; undefined: it can. */
  readonly libraryRefusal: string | undefined;
  readonly isRoot: boolean;
  readonly kernelRelease: string;
  readonly commands: readonly { readonly name: CommandName; readonly isThere: boolean }[];
}

/** Starts nothing and changes nothing. */
export function examineDarwin(): DarwinExamination {
  const [commands, library] = [new Commands(), new LazyLibrary()];
  const platform = new DarwinPlatform({ commands, library });
  const names = Object.keys(USES) as CommandName[];
  return {
    tiers: platform.tierReports(),
    libraryRefusal: platform.libraryRefusal,
    isRoot: process.geteuid?.() === 0,
    kernelRelease: release(),
    commands: names.map((name) => ({ name, isThere: commands.has(name) })),
  };
}

/** The examination as text for people. */
export function darwinSections(found: DarwinExamination): readonly DoctorSection[] {
  return [tiersSection(found), rightsSection(found), sourcesSection(found)];
}

function tiersSection({ tiers }: DarwinExamination): DoctorSection {
  const taken = tiers.find(({ isAvailable }) => isAvailable)?.tier;
  const entries = tiers.map(({ tier, isAvailable, detail }): DoctorEntry => {
    const verdict = isAvailable ? `Available${tier === taken ? ', selected' : ''}` : 'Not available';
    return { label: tier, mark: isAvailable ? 'good' : 'lacking', text: `${verdict}: ${detail}.` };
  });
  const counted =
    'payload: bytes that programs send and receive, without headers and retransmissions, so that interfaces count more.';
  return {
    title: 'Tiers, best first',
    entries: [...entries, { label: 'counted', mark: 'note', text: taken === undefined ? 'none.' : counted }],
  };
}

function rightsSection({ isRoot }: DarwinExamination): DoctorSection {
  const root: DoctorEntry = isRoot
    ? {
        ...{ label: 'root', mark: 'good' },
        text: 'This program may ask the kernel about all processes and sockets.',
      }
    : {
        ...{ label: 'root', mark: 'lacking' },
        text:
          'Root would add the tier pcblist, which needs no program beside this one, and threads, context switches ' +
          "and storage rates of other users' processes. Signals go to your own processes only.",
        commands: ['sudo sstop'],
      };
  const unknown =
    'Not available on macOS: temperatures, GPUs, block devices, control groups, processes that start and exit between two ' +
    'samples.';
  return { title: 'Privileges', entries: [root, { label: 'never', mark: 'note', text: unknown }] };
}

function sourcesSection({ libraryRefusal, commands, kernelRelease }: DarwinExamination): DoctorSection {
  const library: DoctorEntry =
    libraryRefusal === undefined
      ? { label: 'C library', mark: 'good', text: 'The kernel is asked directly.' }
      : {
          ...{ label: 'C library', mark: 'lacking' },
          text: `${libraryRefusal}: programs are used instead: more CPU time, fewer figures.`,
        };
  const programs = commands.map(
    ({ name, isThere }): DoctorEntry => ({
      label: name,
      mark: isThere ? 'good' : 'lacking',
      text: isThere ? `For ${USES[name]}.` : `Not found. Needed for ${USES[name]}.`,
    }),
  );
  const text = `Darwin ${kernelRelease}, ${process.arch}.`;
  return { title: 'Sources', entries: [library, ...programs, { label: 'kernel', mark: 'note', text }] };
}

/** The examination for programs: names in snake_case, null for what is not known. */
export function darwinJson(version: string, found: DarwinExamination): string {
  const { tiers, libraryRefusal, isRoot, kernelRelease, commands } = found;
  const taken = tiers.find(({ isAvailable }) => isAvailable)?.tier ?? null;
  const facts = {
    ...{ schema: 1, version, tier: taken, counted: taken === null ? 'none' : COUNTED_BY[taken] },
    tiers: tiers.map(({ tier, isAvailable, detail }) => ({ tier, available: isAvailable, detail })),
    ...{ root: isRoot, library: libraryRefusal ?? 'ok' },
    programs: Object.fromEntries(commands.map(({ name, isThere }) => [name, isThere])),
    kernel: { release: kernelRelease },
  };
  const clean = (_key: string, value: unknown) => (typeof value === 'string' ? sanitizeLine(value) : value);
  return `${JSON.stringify(facts, clean, 2)}\n`;
}
