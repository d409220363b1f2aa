// Starts the pinned Bun from node_modules, whether or not the package manager ran Bun's install script
// (the script moves the executable from the platform's package to bun/bin/bun.exe).
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const PLACEHOLDER_MAX_BYTES = 1 << 20;
const cpu = process.arch === 'arm64' ? 'aarch64' : process.arch;
const isMusl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
const candidates = [
  `@oven/bun-${process.platform}-${cpu}${isMusl ? '-musl' : ''}/bin/bun`,
  'bun/bin/bun.exe',
].map((name) => fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url)));

const executable = candidates.find(
  (path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > PLACEHOLDER_MAX_BYTES,
);
if (executable === undefined) {
  process.stderr.write(
    'Bun is not installed: run "npm ci" first (supported: linux and darwin on x64 and arm64)\n',
  );
  process.exit(1);
}
const child = spawn(executable, process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
