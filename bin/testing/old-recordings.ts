/**
 * What recordings of version 0.1 play back to, as the executables of 0.1 printed it. To write it anew from a folder
 * that holds executables of 0.1 (never from the present ones, which are held to it):
 *
 *   npm run bun -- bin/testing/old-recordings.ts FOLDER
 */
import { readdirSync } from 'node:fs';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { FIXTURES } from './executables.ts';

export const OLD_RECORDINGS = `${FIXTURES}/testdata/recordings-0.1`;

/** One way to play one recording. */
export interface Playing {
  /** File of the expected output in OLD_RECORDINGS. */
  readonly expected: string;
  readonly program: 'sstop' | 'socktop';
  readonly args: readonly string[];
}

const OUTPUTS = [
  ['json', '--json'],
  ['csv', '--csv'],
  ['txt', '--once'],
] as const;
const NETWORK_ARGS = ['--no-dns', '--loopback', '--sort', 'pid'];

/** Every recording in every output of the programs that can show it. */
export function playings(): Playing[] {
  const recordings = readdirSync(OLD_RECORDINGS).filter((name) => name.endsWith('.gz'));
  return recordings
    .sort()
    .flatMap((file) => programsOf(file).flatMap((program) => playingsOf(file, program)));
}

function playingsOf(file: string, program: Playing['program']): Playing[] {
  const base = file.slice(0, -'.gz'.length);
  const network = program === 'sstop' ? NETWORK_ARGS : [];
  return OUTPUTS.map(([ending, option]) => ({
    expected: `${base}.${program}.${ending}`,
    program,
    args: ['--playback', `${OLD_RECORDINGS}/${file}`, option, ...network],
  }));
}

/** Whose recording it is; `both-` is a recording of socktop's screen from its first network on. */
function programsOf(file: string): readonly Playing['program'][] {
  const program = (['sstop', 'socktop'] as const).find((name) => file.startsWith(name));
  return program === undefined ? ['sstop', 'socktop'] : [program];
}

/** What the program prints; throws where it complains. */
export async function play(folder: string, { program, args }: Playing): Promise<string> {
  const child = Bun.spawn([`${folder}/${program}`, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/dev/null', LANG: 'C.UTF-8', TZ: 'UTC' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [output, complaint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0 && complaint === '') return output;
  throw new OpError({ op: 'play', code: `EXIT_${code}`, message: `${args.join(' ')}: ${complaint}` });
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new OpError({ op: 'write', code: 'EUSAGE', message: 'name a folder' });
  for (const playing of playings()) {
    await Bun.write(`${OLD_RECORDINGS}/${playing.expected}`, await play(folder, playing));
  }
}
