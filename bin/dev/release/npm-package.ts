import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import type { Role } from '../../executable.ts';
import { defines, ENTRY, EXEC_ARGUMENTS } from '../compile.ts';
import { ENTRY_POLICY } from '../entry-stub/entry-policy.ts';
import { textMember } from './debian-archive.ts';
import { deflated, gzipOf } from './gzip.ts';
import { licensesOfAll, ownLicense } from './licenses.ts';
import { type TarMember, tarOf } from './tar.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ROLES: readonly Role[] = ['sstop', 'socktop', 'socktop-agent'];
const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;
const FLAGS_MARK = '/* FLAGS */';
const SETTINGS_MARK = '/* SETTINGS */';

/** The package for npm, as `npm publish` takes it: the bundle, and Bun of this exact version as its dependency. */
export function npmPackage(version: string, seconds: number, work: string): Uint8Array {
  const read = (path: string): string => readFileSync(`${ROOT}packaging/npm/${path}`, 'utf8');
  const start = read('start.cjs')
    .replace(FLAGS_MARK, listed(EXEC_ARGUMENTS))
    .replace(SETTINGS_MARK, listed(ENTRY_POLICY.add));
  const text = (name: string, contents: string): TarMember =>
    textMember(`package/${name}`, contents, FILE_MODE);
  const members = [
    text('package.json', `${JSON.stringify(manifest(version), undefined, 2)}\n`),
    text('LICENSE', ownLicense()),
    text('LICENSES.txt', licensesOfAll()),
    text('README.md', read('README.md')),
    ...ROLES.map((role) => textMember(`package/bin/${role}.cjs`, start, EXECUTABLE_MODE)),
    ...bundle(work).map(({ name, contents }) => ({
      ...{ name: `package/dist/${name}`, kind: 'file' as const, mode: FILE_MODE, contents },
    })),
  ];
  const tar = new Uint8Array(tarOf(members, seconds));
  return gzipOf(new Uint8Array(), tar, deflated(tar));
}

function listed(texts: readonly string[]): string {
  return texts.map((text) => `'${text}'`).join(', ');
}

function manifest(version: string): object {
  const { name, description, license } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  return {
    ...{ name, version, description, license, type: 'module', engines: { node: '>=20' } },
    bin: Object.fromEntries(ROLES.map((role) => [role, `bin/${role}.cjs`])),
    dependencies: { bun: Bun.version },
    files: ['bin', 'dist', 'LICENSES.txt'],
  };
}

function bundle(work: string): { readonly name: string; readonly contents: Uint8Array }[] {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const command = [
    ...[process.execPath, 'build', '--minify', '--format=esm', '--splitting', '--target=bun'],
    ...defines('release').flatMap((define) => ['--define', define]),
    ...[ENTRY, '--outdir', work],
  ];
  const run = Bun.spawnSync(command, { cwd: ROOT, stdout: 'pipe', stderr: 'pipe' });
  if (!run.success) {
    const said = `${run.stdout}${run.stderr}`.trim();
    throw new OpError({ op: 'bundle for npm', code: 'COMPILE', message: said });
  }
  const names = readdirSync(work).sort();
  const files = names.map((name) => ({ name, contents: new Uint8Array(readFileSync(`${work}/${name}`)) }));
  rmSync(work, { recursive: true });
  return files;
}
