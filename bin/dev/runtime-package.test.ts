import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requireIntegrity } from './runtime-package.ts';
import { bunTargetOf, hostTarget, runtimePackageOf, TARGETS, targetOf } from './target.ts';

const LOCK = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

test('an archive with one flipped bit is refused', () => {
  const archive = new TextEncoder().encode('an archive');
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  expect(() => requireIntegrity('it', archive, integrity)).not.toThrow();
  archive[3]! ^= 1;
  expect(() => requireIntegrity('it', archive, integrity)).toThrow('it is not what package-lock.json names');
});

test('every target has a runtime of one version in package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8'));
  const found = TARGETS.map((target) => packages[`node_modules/${runtimePackageOf(target)}`]);
  expect(found.map(({ version }) => version)).toEqual(TARGETS.map(() => Bun.version));
  expect(found.every(({ integrity }) => integrity.startsWith('sha512-'))).toBe(true);
});

test('targets are called as their files are', () => {
  expect(TARGETS.map(({ name }) => name).join(' ')).toBe(
    'linux-amd64 linux-arm64 linux-amd64-musl linux-arm64-musl darwin-amd64 darwin-arm64 windows-amd64',
  );
  const musl = targetOf('linux-arm64-musl')!;
  expect([runtimePackageOf(musl), bunTargetOf(musl)]).toEqual([
    '@oven/bun-linux-aarch64-musl',
    'bun-linux-arm64-musl',
  ]);
  expect(targetOf('linux-riscv64')).toBeUndefined();
});

test('this machine is one of the targets', () => {
  expect(hostTarget()?.cpu).toBe(process.arch === 'x64' ? 'amd64' : 'arm64');
});
