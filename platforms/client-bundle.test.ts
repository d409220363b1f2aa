import { describe, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** They parse bytes, whoever has read them, and open nothing. */
const READERS_OF_TEXTS =
  /^platforms\/linux\/(shell\/|proc\/|(integers|link)\.ts|machine\/(file-systems|disk-mounts|uplinks)\.ts|sockets\/(sockets|tcp-payload)\.ts)/;

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
  test('windows: holds no code of macOS; macos: its own', async () => {
    const ofMacos = (sources: readonly string[]) =>
      sources.filter((path) => path.startsWith('platforms/darwin/'));
    expect(ofMacos(await platformSources('win32'))).toEqual([]);
    const own = ofMacos(await platformSources('darwin'));
    for (const name of ['darwin-platform', 'system-library', 'darwin-doctor']) {
      expect(own).toContain(`platforms/darwin/${name}.ts`);
    }
  });

  test.each(['win32', 'darwin'])(
    '%s: holds no code of Linux but what reads the texts of another machine',
    async (platformName) => {
      const sources = await platformSources(platformName);
      expect(sources).toContain('platforms/system.ts');
      expect(sources).toContain('platforms/linux/shell/shell-platform.ts');
      const ofLinux = sources.filter((path) => path.startsWith('platforms/linux/'));
      expect(ofLinux.filter((path) => !READERS_OF_TEXTS.test(path))).toEqual([]);
      for (const path of ofLinux) {
        const opens = /libc\.ts'|from '(node:(?!path)|bun)/.test(await Bun.file(`${ROOT}${path}`).text());
        expect({ path, opens }).toEqual({ path, opens: false });
      }
    },
  );

  test('linux: holds it', async () => {
    const sources = await platformSources('linux');
    for (const name of ['libc', 'doctor/doctor', 'linux-platform', 'privilege-drop', 'program-text']) {
      expect(sources).toContain(`platforms/linux/${name}.ts`);
    }
    expect(sources.filter((path) => path.startsWith('platforms/darwin/'))).toEqual([]);
  });
});
