import { symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { COMPILE_FLAGS, defines, ENTRY } from '../dev/compile.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The programs as they are for another system, made to run on this one: the runtime alone is this system's. */
export interface OtherSystemPrograms {
  readonly sstop: string;
  readonly socktop: string;
  readonly agent: string;
}

/**
 * Makes them in a folder. `platformName` is the runtime's name of the system (`process.platform`), a constant of the
 * build as `--target` makes it one; `suffix` is what executables end in there; `commandFolder` has programs that stand
 * for the system's own.
 */
export function buildForSystem(
  platformName: string,
  folder: string,
  suffix: string,
  commandFolder = '',
): OtherSystemPrograms {
  const image = `${folder}/image`;
  const command = [
    ...[process.execPath, 'build', ...COMPILE_FLAGS],
    ...[...defines('release', commandFolder), `process.platform=${JSON.stringify(platformName)}`].flatMap(
      (define) => ['--define', define],
    ),
    ...[ENTRY, '--outfile', image],
  ];
  const { success, stdout, stderr } = Bun.spawnSync(command, { cwd: ROOT, stdout: 'pipe', stderr: 'pipe' });
  if (!success) throw new OpError({ op: 'compile', code: 'COMPILE', message: `${stdout}${stderr}`.trim() });
  const [sstop, socktop, agent] = ['sstop', 'socktop', 'socktop-agent'].map((name) => {
    const path = `${folder}/${name}${suffix}`;
    symlinkSync(image, path);
    return path;
  }) as [string, string, string];
  return { sstop, socktop, agent };
}
