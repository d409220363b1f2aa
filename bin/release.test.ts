import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { commonArchives } from './dev/release/packed-image.ts';
import { hostTarget } from './dev/target.ts';
import { VERSION } from './executable.ts';
import { SSTOP } from './testing/executables.ts';

const folder = mkdtempSync(`${tmpdir()}/archive-`);
afterAll(() => rmSync(folder, { recursive: true }));

test('from the archives of this system each program is unpacked and starts', () => {
  const target = hostTarget()!;
  const image = new Uint8Array(readFileSync(SSTOP));
  for (const { name, contents } of commonArchives({ target, image }, 0, 'fast')) {
    const program = name.replace(`-${target.name}.tar.gz`, '');
    writeFileSync(`${folder}/${name}`, contents);
    const unpacked = Bun.spawnSync(['sh', '-c', `tar xz < ${name} && ./${program} --version`], {
      cwd: folder,
    });
    expect([unpacked.exitCode, unpacked.stderr.toString()]).toEqual([0, '']);
    expect(unpacked.stdout.toString()).toStartWith(`${program} ${VERSION} (`);
  }
});
