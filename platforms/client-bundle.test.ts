import { describe, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The sources below platforms/ that leave code in a bundle of the program for a system. */
async function platformSources(platformName: string): Promise<string[]> {
  const { metafile } = await Bun.build({
    ...{ entrypoints: [`${ROOT}bin/main.ts`], target: 'bun', root: ROOT, splitting: true, minify: true },
    metafile: true,
    // As `bun build --compile --target` sets it by itself.
    define: { 'process.platform': JSON.stringify(platformName) },
  });
  const inputs = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) => Object.entries(inputs));
  const sources = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  expect(sources).toContain('bin/main.ts');
  return sources.filter((path) => path.startsWith('platforms/'));
}

describe('a bundle for another system', () => {
  test('windows: holds no code of Linux or macOS', async () => {
    const sources = await platformSources('win32');
    expect(sources).toContain('platforms/system.ts');
    expect(sources.filter((path) => /^platforms\/(linux|darwin)\//.test(path))).toEqual([]);
  });

  test('macos: holds no code of Linux', async () => {
    const sources = await platformSources('darwin');
    for (const name of ['darwin-platform', 'system-library', 'darwin-doctor']) {
      expect(sources).toContain(`platforms/darwin/${name}.ts`);
    }
    expect(sources.filter((path) => path.startsWith('platforms/linux/'))).toEqual([]);
  });

  test('linux: holds it', async () => {
    const sources = await platformSources('linux');
    for (const name of ['libc', 'doctor/doctor', 'linux-platform', 'privilege-drop', 'program-text']) {
      expect(sources).toContain(`platforms/linux/${name}.ts`);
    }
    expect(sources.filter((path) => path.startsWith('platforms/darwin/'))).toEqual([]);
  });
});
